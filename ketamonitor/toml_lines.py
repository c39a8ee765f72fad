"""On which line of a TOML text a fault stands, so that whoever edits it need not search."""

from __future__ import annotations

import re

_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.-]+)\s*\]\]?")
_KEY = re.compile(r"\s*([\w-]+)\s*=")
_ITEM = re.compile(r"\s*\{")
_PLACE = r"\w+(?:\[\d+\]|\.\w+)*"
#: How a fault names its place: at its end (types), or at its beginning (what types cannot say).
_AT_END = re.compile(rf" - at ({_PLACE})$")
_AT_START = re.compile(rf"({_PLACE})(?::| is missing)")
_FIELD = re.compile(r"(?:unknown|required) field (\w+)")


def places(text: str) -> dict[str, int]:
    """Each table, key and item of an array by its place (``card[0].step[2]``), with its line.

    It reads the usual way to write TOML: a key or an item of a long array begins its line.
    """
    found: dict[str, int] = {}
    counts: dict[str, int] = {}
    table = array = ""
    items = 0
    for number, line in enumerate(text.splitlines(), 1):
        if array:
            if _ITEM.match(line):
                found[f"{array}[{items}]"] = number
                items += 1
            elif line.strip().startswith("]"):
                array = ""
            continue
        if header := _HEADER.match(line):
            table = _resolved(header[2], counts, many=header[1] == "[[")
            found[table] = number
        elif key := _KEY.match(line):
            place = f"{table}.{key[1]}" if table else key[1]
            found[place] = number
            if line.split("#")[0].rstrip().endswith("["):
                array, items = place, 0
    return found


def _resolved(name: str, counts: dict[str, int], *, many: bool) -> str:
    """``limit`` as ``limit[3]``, where it is the fourth; a part of one belongs to the last."""
    parts: list[str] = []
    *above, last = name.split(".")
    for part in above:
        place = ".".join([*parts, part])
        parts.append(f"{part}[{counts[place] - 1}]" if place in counts else part)
    place = ".".join([*parts, last])
    if not many:
        return place
    counts[place] = counts.get(place, 0) + 1
    return f"{place}[{counts[place] - 1}]"


def of_fault(text: str, fault: str) -> int:
    """The line of a fault that names its place, or of what it stands in; 1 for what is missing in
    the whole file."""
    known = places(text)
    found = _AT_END.search(fault) or _AT_START.match(fault)
    place = found[1] if found else ""
    if field := _FIELD.search(fault):
        place = f"{place}.{field[1]}" if place else field[1]
    while place:
        if place in known:
            return known[place]
        # a step outwards: from an item to its array, from a key to its table
        place = re.sub(r"(\[\d+\]|\.?\w+)$", "", place)
    return 1
