#!/usr/bin/env bash
# pyEDFlib 0.1.42: a note in an EDF+ file is cut after 40 bytes without a word.
#
# EDF+ sets no such bound on an annotation. A note of 60 letters comes back with 40, one of 30
# umlauts (two bytes each) with 20. Nothing is raised or warned when it is written.
# What follows: count the notes' letters after writing, or keep long notes in a file beside it.
#
# Output seen:
#     63 letters, 63 bytes -> 40 letters: np.str_('Blood pressure taken again on the other ')
#     30 letters, 60 bytes -> 20 letters: np.str_('öööööööööööööööööööö')
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

SIGNAL = dict(label="SpO2", dimension="%", sample_frequency=1, physical_min=0, physical_max=100,
              digital_min=-32768, digital_max=32767, prefilter="", transducer="")
NOTES = ["Blood pressure taken again on the other arm, cuff was too small", "ö" * 30]

with warnings.catch_warnings():
    warnings.simplefilter("error")
    writer = pyedflib.EdfWriter("notes.edf", 1, file_type=pyedflib.FILETYPE_EDFPLUS)
    writer.setSignalHeaders([SIGNAL])
    writer.writeSamples([np.full(10, 97.0)])
    for second, note in enumerate(NOTES, 1):
        writer.writeAnnotation(second, -1, note)
    writer.close()
reader = pyedflib.EdfReader("notes.edf")
back = list(reader.readAnnotations()[2])
reader.close()
for note, got in zip(NOTES, back, strict=True):
    print(f"{len(note)} letters, {len(note.encode())} bytes -> {len(got)} letters: {got!r}")
assert [len(note) for note in back] == [40, 20], back
PYTHON
