#!/usr/bin/env bash
# fhir.resources 8.3.0 (R4B): a decimal loses its trailing zeros, although FHIR says they count.
#
# FHIR R4 (datatypes, decimal): "the precision of the decimal value has significance", 0.010 is
# not 0.01. A weight of 36.60 read from JSON and written again is 36.6, while 100.0 stays 100.0.
# What follows: check the digits after writing, or write the decimals of a record by hand.
#
# Output seen:
#     {'1.50': '1.5', '36.60': '36.6', '100.0': '100.0', '120': '120'}
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check fhir.resources==8.3.0
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
from fhir.resources.R4B.quantity import Quantity

seen = {}
for digits in ("1.50", "36.60", "100.0", "120"):
    quantity = Quantity.model_validate_json('{"value": %s, "unit": "kg"}' % digits)
    seen[digits] = quantity.model_dump_json().split(":")[1].split(",")[0]
print(seen)
assert seen == {"1.50": "1.5", "36.60": "36.6", "100.0": "100.0", "120": "120"}, seen
PYTHON
