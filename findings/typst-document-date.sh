#!/usr/bin/env bash
# typst 0.15.2: a document date given as datetime(...) is stored as UTC, whatever zone was meant.
#
# A chart made at 14:35 in Berlin with date: datetime(... hour: 14 ...) carries CreationDate
# 14:35Z, which a viewer in Berlin shows as 15:35. The timestamp argument of the compiler (with
# date: auto) is the way to give a true moment.
# What follows: pass the timestamp, or give UTC figures.
#
# Output seen:
#     datetime(hour: 14, minute: 35): D:20261123143500Z
#     timestamp of 14:35+01:00:       D:20261123133500Z
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check typst==0.15.2 pikepdf==10.18.0
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import datetime

import pikepdf
import typst

PAGE = "#set document(date: %s, title: [Chart])\nChart"
FIGURES = "datetime(year: 2026, month: 11, day: 23, hour: 14, minute: 35, second: 0)"
moment = datetime.datetime(2026, 11, 23, 14, 35, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))


def created(source, **more):
    with open("page.typ", "w") as file:
        file.write(source)
    typst.compile("page.typ", output="page.pdf", **more)
    with pikepdf.open("page.pdf") as pdf:
        return str(pdf.docinfo["/CreationDate"])


figures = created(PAGE % FIGURES)
stamp = created(PAGE % "auto", timestamp=int(moment.timestamp()))
print("datetime(hour: 14, minute: 35):", figures)
print("timestamp of 14:35+01:00:      ", stamp)
assert figures.startswith("D:20261123143500Z"), figures
assert stamp.startswith("D:20261123133500Z"), stamp
PYTHON
