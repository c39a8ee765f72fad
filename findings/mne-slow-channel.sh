#!/usr/bin/env bash
# MNE 1.13.2: a slow channel of an EDF file that also has a faster one comes back with values that
# nobody measured.
#
# Pressures each 5 s (120, one of 180, the last 90) beside a pulse each second: read_raw_edf brings
# both to 1 Hz with a resampling in the frequency domain, so that between two readings of 120 there
# stand 104 and 133 mmHg. Nothing is raised; no warning is given.
# What follows: one rate for all channels of a file, and a value that means "none" between readings.
#
# Output seen:
#     measured each 5 s: [120, 120, 120, 180]
#     read each second:  [120.0, 128.4, 133.0, 132.8, 127.9, 120.0, 111.5, 105.3, 103.9, 108.9, 120.0, 135.6, 152.6, 167.6, 177.4, 180.0]
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check mne==1.13.2 edfio==0.4.18 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import datetime
import warnings

import edfio
import mne
import numpy as np

mne.set_log_level("WARNING")
measured = np.array([120.0] * 3 + [180.0] + [120.0] * 15 + [90.0])
pulse = 72.0 + np.arange(100) % 3
scale = dict(physical_range=(0, 300), digital_range=(0, 300))
edfio.Edf([
    edfio.EdfSignal(pulse, 1, label="pulse", **scale),
    edfio.EdfSignal(measured, 0.2, label="NIBP sys", **scale),
], starttime=datetime.time(14, 2)).write("two.edf")
with warnings.catch_warnings():
    warnings.simplefilter("error")
    read = mne.io.read_raw_edf("two.edf", preload=True).get_data()[1]
print("measured each 5 s:", measured[:4].astype(int).tolist())
print("read each second: ", read[:16].round(1).tolist())
assert read[0] == 120 and read[5] == 120 and read[15] == 180
assert 103 < read[8] < 105 and 132 < read[2] < 134, read[:16]
PYTHON
