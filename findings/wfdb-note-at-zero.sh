#!/usr/bin/env bash
# wfdb 4.3.1: a note (symbol ") at sample 0 vanishes when the annotation file is read back.
#
# Three notes at the samples 0, 1 and 3 are written; two come back, at 1 and 3. Nothing is raised
# or warned.
# What follows: never put a note on the first sample; keep the notes of a record in a file beside it.
#
# Output seen:
#     written: [(0, 'first dose'), (1, 'device 2'), (3, 'device 3')]
#     read:    [(1, 'device 2'), (3, 'device 3')]
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check wfdb==4.3.1 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import numpy as np
import wfdb

notes = ["first dose", "device 2", "device 3"]
wfdb.wrann("session", "atr", np.array([0, 1, 3]), symbol=['"'] * 3, aux_note=notes)
back = wfdb.rdann("session", "atr")
print("written:", list(zip([0, 1, 3], notes)))
print("read:   ", list(zip(back.sample.tolist(), back.aux_note)))
assert back.sample.tolist() == [1, 3], back.sample
assert back.aux_note == ["device 2", "device 3"], back.aux_note
PYTHON
