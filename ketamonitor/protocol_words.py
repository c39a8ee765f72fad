"""A protocol's sources in words: which rows rest on what, and what is this program's proposal."""

from __future__ import annotations

from ketamonitor.protocol import TreatmentProtocol, sourced
from ketamonitor.sources import PROPOSAL, PROPOSAL_WORDS

#: Tables and lists of the file as page and paper call them.
_CALLED = {
    "dose": "dose",
    "checkin": "check-in",
    "baseline": "baseline",
    "gate": "earliest end",
    "observe": "observations",
    "technical": "values that stop",
    "escalation": "escalation",
    "pause": "pauses",
    "sound": "tones",
    "due": "schedule",
    "criterion": "going home",
    "limit": "limit",
    "card": "card",
}


def source_lines(protocol: TreatmentProtocol) -> list[tuple[str, str]]:
    """Each source, and the proposals, with the rows that rest on it: two texts a line. Empty for
    a protocol of before rows named their sources."""
    rows: dict[str, list[str]] = {}
    for row in sourced(protocol):
        for name in row.source:
            rows.setdefault(name, []).append(_called(protocol, row.place))
    if not protocol.reference and not any(name != PROPOSAL for name in rows):
        return []
    told = [
        (f"Source of {_joined(rows[one.id])}", one.words)
        for one in protocol.reference
        if one.id in rows
    ]
    if PROPOSAL in rows:
        told.append((f"In part or whole a {PROPOSAL_WORDS}", _joined(rows[PROPOSAL])))
    return told


def _called(protocol: TreatmentProtocol, place: str) -> str:
    """``limit[3]`` as ``limit spo2<92``, ``criterion[0]`` as ``going home: gate``."""
    name, bracket, rest = place.partition("[")
    if not bracket:
        return _CALLED[name]
    number = int(rest.rstrip("]"))
    if name == "limit":
        return f"limit {protocol.limit[number].id}"
    if name == "criterion":
        return f"going home: {protocol.criterion[number].id}"
    if name == "card":
        return f"card {protocol.card[number].id}"
    due = protocol.due[number]
    return f"schedule: {due.name or due.what}"


def _joined(rows: list[str]) -> str:
    """In order, each once; limits and cards, of which there are many, by their number where they
    are more than three."""
    once = list(dict.fromkeys(rows))
    for kind in ("limit", "card"):
        many = [row for row in once if row.startswith(f"{kind} ")]
        if len(many) > 3:
            place = once.index(many[0])
            once = [row for row in once if row not in many]
            once.insert(place, f"{len(many)} {kind}s")
    return ", ".join(once)
