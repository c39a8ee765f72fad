"""The entries of a session as lines of text, to compare with what was written down beforehand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ketamonitor.entries import Entry
from tests.fakes import START
from tests.whole.flows.chairside import MONITOR

#: Of this workstation, this run or this version, and no part of the treatment.
_LEFT_OUT = ("protocol", "devices", "software", "raw", "text", "of_seq")


def lines(entries: Iterable[Entry]) -> list[str]:
    """One line for each entry of the treatment.

    ``minutes:seconds since the program began, author, kind, body``. What the program enters has
    no time here: the second at which a thread comes to it is not the nurse's doing. Left out are
    the monitor's continuous values, and what is said of its link: the clock of these sessions goes
    on faster than a monitor can answer.
    """
    told = []
    for entry in entries:
        if entry.kind == "device" or _continuous(entry) or entry.body.get("type") == "technical":
            continue
        gone = round((entry.at - START).total_seconds())
        at = "" if entry.author == "program" else f"{gone // 60}:{gone % 60:02d}"
        body = json.dumps(_plain(entry.body), ensure_ascii=False, separators=(", ", ": "))
        told.append(f"{at:>7} {entry.author:<8} {entry.kind:<11} {body}")
    return told


def _continuous(entry: Entry) -> bool:
    if entry.kind != "reading" or entry.body["source"] != MONITOR:
        return False
    return entry.body["values"].get("nibp_sys") is None


def _plain(body: Any) -> dict[str, Any]:
    kept = {key: value for key, value in body.items() if key not in _LEFT_OUT}
    for key in [key for key in kept if key.endswith("_at")]:
        kept.pop(key)  # the moments are those of other entries, which stand in their own lines
    return kept
