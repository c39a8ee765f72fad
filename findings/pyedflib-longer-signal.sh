#!/usr/bin/env bash
# pyEDFlib 0.1.42: of two signals of unequal length the longer one loses its tail without a word.
#
# Ten values of one signal beside six of another, both at 1 Hz, come back as six and six. Nothing
# is raised or warned by writeSamples.
# What follows: bring all signals to one length first, with the gap as a value that means a gap.
#
# Output seen:
#     written: 10 and 6 values; in the file: [6, 6]
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check pyEDFlib==0.1.42 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import warnings

import numpy as np
import pyedflib


def signal(label):
    return dict(label=label, dimension="", sample_frequency=1, physical_min=0, physical_max=300,
                digital_min=-32768, digital_max=32767, prefilter="", transducer="")


with warnings.catch_warnings():
    warnings.simplefilter("error")
    writer = pyedflib.EdfWriter("two.edf", 2, file_type=pyedflib.FILETYPE_EDFPLUS)
    writer.setSignalHeaders([signal("pulse"), signal("SpO2")])
    writer.writeSamples([70.0 + np.arange(10.0), np.full(6, 97.0)])
    writer.close()
reader = pyedflib.EdfReader("two.edf")
kept = [int(n) for n in reader.getNSamples()]
reader.close()
print(f"written: 10 and 6 values; in the file: {kept}")
assert kept == [6, 6], kept
PYTHON
