#!/usr/bin/env bash
# vitaldb 1.7.2: to_numpy keeps the last entry of a time step, also where that is "no value".
#
# Two entries in one second, 97 and then NaN (the monitor says that it has no value), come out as
# NaN; two numbers come out as the second one. A value that was measured is gone without a word.
# What follows: read the records of a track themselves and decide what a step is.
#
# Output seen:
#     97, none | 96, 91 | 95 | 95  -> [nan, 91.0, 95.0]
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check vitaldb==1.7.2 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import numpy as np
import vitaldb

START = 1700000000.0
file = vitaldb.VitalFile()
file.add_track("A/SPO2", [
    {"dt": START, "val": 97.0},
    {"dt": START + 0.5, "val": float("nan")},
    {"dt": START + 1.0, "val": 96.0},
    {"dt": START + 1.5, "val": 91.0},
    {"dt": START + 2.0, "val": 95.0},
    {"dt": START + 3.0, "val": 95.0},
])
file.save_vital("spo2.vital")
seconds = vitaldb.VitalFile("spo2.vital").to_numpy(["A/SPO2"], 1).ravel().tolist()
print("97, none | 96, 91 | 95 | 95  ->", seconds)
assert np.isnan(seconds[0]) and seconds[1] == 91.0, seconds
PYTHON
