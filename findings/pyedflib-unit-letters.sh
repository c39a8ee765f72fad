#!/usr/bin/env bash
# pyEDFlib 0.1.42: a unit with a letter beyond ASCII becomes another unit.
#
# The dimension "°C" is written as "A C" (with a blank), "µV" as "AuV"; nothing is raised or warned.
# What follows: write "degC" and "uV", which is what EDF+ wants.
#
# Output seen:
#     {'degC': 'degC', '°C': 'A C', 'µV': 'AuV'}
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check pyEDFlib==0.1.42 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import numpy as np
import pyedflib


def unit_in_file(unit):
    head = dict(label="Temp", dimension=unit, sample_frequency=1, physical_min=0, physical_max=50,
                digital_min=-32768, digital_max=32767, prefilter="", transducer="")
    writer = pyedflib.EdfWriter("unit.edf", 1, file_type=pyedflib.FILETYPE_EDFPLUS)
    writer.setSignalHeaders([head])
    writer.writeSamples([np.array([37.0, 37.1])])
    writer.close()
    with pyedflib.EdfReader("unit.edf") as reader:
        return reader.getPhysicalDimension(0)


seen = {unit: unit_in_file(unit) for unit in ("degC", "°C", "µV")}
print(seen)
assert seen == {"degC": "degC", "°C": "A C", "µV": "AuV"}, seen
PYTHON
