#!/usr/bin/env bash
# python-hl7 0.4.5: unescape(escape(text)) is another text for letters beyond U+00FF.
#
# "≥ 140" comes back as a quotation mark and "e 140", a Greek "μg" as ";", a control character and
# "g"; "Müller" comes back whole. escape writes such a letter as four hexadecimal digits and
# unescape reads them two by two.
# What follows: escape and unescape HL7 text with code of one's own, and test the pair together.
#
# Output seen:
#     'Müller' -> 'M\\Xfc\\ller' -> 'Müller'
#     '≥ 140' -> '\\X2265\\ 140' -> '"e 140'
#     'μg' -> '\\X3bc\\g' -> ';\x0cg'
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check hl7==0.4.5
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import hl7

message = hl7.parse("MSH|^~\\&|MONITOR|WARD|||20261123||ORU^R01|1|P|2.6\r")
seen = {text: message.unescape(message.escape(text)) for text in ("Müller", "≥ 140", "μg")}
for text, back in seen.items():
    print(f"{text!r} -> {message.escape(text)!r} -> {back!r}")
assert seen == {"Müller": "Müller", "≥ 140": '"e 140', "μg": ";\x0cg"}, seen
PYTHON
