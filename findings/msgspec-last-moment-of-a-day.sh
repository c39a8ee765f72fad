#!/usr/bin/env bash
# msgspec 0.23.0: a time with seven digits of a second may be rounded into the next day.
#
# 23:59:59.9999999Z (100 ns are what .NET devices and gateways write) is decoded as 00:00:00 of the
# day after; most parsers cut after six digits and stay on the day.
# What follows: cut to six digits before decoding a time from elsewhere.
#
# Output seen:
#     2026-11-30T23:59:59.9999999Z -> 2026-12-01T00:00:00+00:00
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check msgspec==0.23.0
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import datetime

import msgspec

text = "2026-11-30T23:59:59.9999999Z"
got = msgspec.json.decode(f'"{text}"', type=datetime.datetime)
print(text, "->", got.isoformat())
assert got == datetime.datetime(2026, 12, 1, tzinfo=datetime.timezone.utc), got
PYTHON
