#!/usr/bin/env bash
# vitaldb 1.7.2: numbers in a .vital file have single precision: 38.3 degrees come back as
# 38.29999923706055.
#
# A value written to a numeric track and read again differs from the seventh digit on, so
# "at or above 38.3" is false for a patient with 38.3.
# What follows: round to the metric's decimals on reading, and say so.
#
# Output seen:
#     written: 38.3, 38.5; read: [38.29999923706055, 38.5]
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check vitaldb==1.7.2 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import vitaldb

file = vitaldb.VitalFile()
file.add_track("A/TEMP", [{"dt": 1700000000.0, "val": 38.3}, {"dt": 1700000001.0, "val": 38.5}])
file.save_vital("temp.vital")
back = [rec["val"] for rec in vitaldb.VitalFile("temp.vital").trks["A/TEMP"].recs]
print("written: 38.3, 38.5; read:", back)
assert back == [38.29999923706055, 38.5], back
PYTHON
