#!/usr/bin/env bash
# pyEDFlib 0.1.42: the fraction of a second of a start time is written ten times too large below
# 100 ms, and lost from 100 ms on.
#
# A start at 14:02:00.040 stands in the file as an offset of +0.4 s, one at 14:02:00.250 as +0 s.
# pyEDFlib reads its own file back with 40 ms, so a round trip through it does not show the first
# fault; any other EDF+ reader shifts the whole recording by 360 ms.
# What follows: start an EDF file on a whole second, and put the rest into the first samples.
#
# Output seen:
#     start at 0.000 s -> first data record at +0 s
#     start at 0.040 s -> first data record at +0.4000000 s
#     start at 0.099 s -> first data record at +0.9900000 s
#     start at 0.100 s -> first data record at +0 s
#     start at 0.250 s -> first data record at +0 s
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check pyEDFlib==0.1.42 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import datetime
import re

import numpy as np
import pyedflib

SIGNAL = dict(label="SpO2", dimension="%", sample_frequency=1, physical_min=0, physical_max=100,
              digital_min=-32768, digital_max=32767, prefilter="", transducer="")


def first_record(microsecond):
    writer = pyedflib.EdfWriter("start.edf", 1, file_type=pyedflib.FILETYPE_EDFPLUS)
    writer.setSignalHeaders([SIGNAL])
    writer.setStartdatetime(datetime.datetime(2026, 11, 23, 14, 2, 0, microsecond))
    writer.writeSamples([np.array([97.0, 98.0, 97.0])])
    writer.close()
    with open("start.edf", "rb") as file:
        return re.search(rb"\+([0-9.]+)\x14\x14", file.read())[1].decode()


seen = {us: first_record(us) for us in (0, 40_000, 99_000, 100_000, 250_000)}
for us, told in seen.items():
    print(f"start at {us / 1e6:.3f} s -> first data record at +{told} s")
assert [float(told) for told in seen.values()] == [0.0, 0.4, 0.99, 0.0, 0.0], seen
PYTHON
