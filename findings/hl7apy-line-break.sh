#!/usr/bin/env bash
# hl7apy 1.3.5: reading a message and writing it again turns a line break (\.br\) into the letters.
#
# The escape \.br\ of a free text (HL7 v2, chapter 2.7) is written back as \E\.br\E\, which
# means a backslash, ".br" and a backslash. So text changes although nobody touched it.
# What follows: no message is passed on through parse and to_er7; text fields are unescaped by us.
#
# Output seen:
#     read:    line one\.br\line two
#     written: line one\E\.br\E\line two
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check hl7apy==1.3.5
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
from hl7apy.parser import parse_message

MESSAGE = "\r".join([
    "MSH|^~\\&|MONITOR|WARD|||20261123143500||ORU^R01^ORU_R01|1|P|2.6",
    "PID|||A1||A",
    "OBR|1|||182777000|||20261123143500",
    "OBX|1|ST|1^NOTE||line one\\.br\\line two||||||F",
]) + "\r"
back = parse_message(MESSAGE).to_er7()
field = next(s for s in back.split("\r") if s.startswith("OBX")).split("|")[5]
print("read:   ", r"line one\.br\line two")
print("written:", field)
assert field == r"line one\E\.br\E\line two", field
PYTHON
