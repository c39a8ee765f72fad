"""What differs between two versions of a protocol: place, before, after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

#: The file's own words on its approval are no part of what is approved.
_LEFT_OUT = ("approved_by", "approved_on")


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """``(place, before, after)`` of two protocols as plain JSON, in reading order; an empty text is
    a place that is not there."""
    old, new = dict(_flat(before, "")), dict(_flat(after, ""))
    places = [*new, *(place for place in old if place not in new)]
    return [
        (place, old.get(place, ""), new.get(place, ""))
        for place in places
        if old.get(place) != new.get(place)
    ]


def _flat(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if place or key not in _LEFT_OUT:
                yield from _flat(inner, f"{place}.{key}" if place else key)
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        seen: Counter[str] = Counter()
        for number, item in enumerate(value):
            name = _named(item, number)
            seen[name] += 1
            # Two limits on one metric may differ in their value alone: each keeps its own place.
            again = f" #{seen[name]}" if seen[name] > 1 else ""
            yield from _flat(item, f"{place}[{name}{again}]")
    else:
        yield place, _told(value)


def _named(item: Any, number: int) -> str:
    """A row by its own name where it has one, so that a row put in between changes only itself."""
    if isinstance(item, Mapping):
        if "id" in item:
            return str(item["id"])
        if "metric" in item:
            parts = (item["metric"], item["op"], item.get("relative") or "", item["priority"])
            return " ".join(str(part) for part in parts if part)
    return str(number + 1)


def _told(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, list):
        return ", ".join(_told(item) for item in value) or "nothing"
    if isinstance(value, float):
        return f"{value:g}"
    return "empty" if value == "" else str(value)
