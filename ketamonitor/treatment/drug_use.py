"""The drug drawn for one session: the ledger's rows as the session's own entries keep them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from ketamonitor.entries import Draft, Entry
from ketamonitor.treatment.ledger import TOLERANCE, Ledger, What

_ZERO = Decimal(0)


def drug_event(row: Entry, ledger: Ledger) -> Draft:
    """The session's own entry of a ``drawn``, ``given`` or ``wasted`` row that is written, or of
    the row that strikes one of those."""
    what = row.body["what"]
    if what == What.STRUCK:
        text = row.body["text"]
        body = {"event": "drug", "what": what, "of_row": row.body["row"], "ledger_seq": row.seq}
        return Draft("event", row.at, row.author, {**body, "text": text})
    if what not in (What.DRAWN, What.GIVEN, What.WASTED):
        raise ValueError(f"a session keeps no row of this kind: {what}")
    number = row.body.get("vial") or ledger.drawing(row.body["drawing"]).vial
    body = {
        "event": "drug",
        "what": what,
        "mg": row.body["mg"],
        "ledger_seq": row.seq,
        "drug": ledger.vial(number).drug,
        "lot": ledger.vial(number).lot,
        "witness": row.body.get("witness"),
        "text": row.body["text"],
    }
    drawing = ledger.drawings.get(row.body.get("drawing") or 0)
    if drawing is not None and len(ledger.of_session(drawing.session)) > 1:
        body["drawing"] = drawing.number  # otherwise it can be only one
    return Draft("event", row.at, row.author, body)


@dataclass(frozen=True, slots=True)
class DrugRow:
    """A row as the session keeps it: mg, the drawing it belongs to (0 where an earlier version did
    not say), the drug by the vial's label ("" where it did not say)."""

    what: str
    mg: Decimal
    drawing: int
    drug: str


@dataclass(slots=True)
class DrugUse:
    """What a session's own entries say of the drug drawn for it: the fold of ``drug`` events."""

    #: By the ledger's number of the row. Where a drawing is not named it is the only one there was.
    rows: dict[int, DrugRow] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Take in the next entry, of whatever kind."""
        body = entry.body
        if entry.kind != "event" or body.get("event") != "drug":
            return
        if body["what"] == What.STRUCK:
            self.rows.pop(body["of_row"], None)
            return
        number = body["ledger_seq"]
        of = number if body["what"] == What.DRAWN else body.get("drawing") or self._only()
        drug = body.get("drug") or ""
        self.rows[number] = DrugRow(body["what"], Decimal(body["mg"]), of, drug)

    def _only(self) -> int:
        drawings = [number for number, row in self.rows.items() if row.what == What.DRAWN]
        return drawings[0] if len(drawings) == 1 else 0

    def mg(self, what: What, treats: Callable[[str], bool] = bool) -> Decimal:
        """All of a kind; with ``treats`` of those drugs that it holds true of. A row that names no
        drug is always counted."""
        return sum(
            (r.mg for r in self.rows.values() if r.what == what and (not r.drug or treats(r.drug))),
            _ZERO,
        )

    @property
    def open_mg(self) -> dict[int, Decimal]:
        """By drawing what is drawn, and neither given nor wasted by the ledger; below 0 where more
        was given and wasted. Those within the tolerance are left out, and none makes up for
        another: 10 mg too little and 10 mg too much are two that do not balance."""
        whole = any(not row.drawing for row in self.rows.values())
        rests: dict[int, Decimal] = {}
        for row in self.rows.values():
            number = 0 if whole else row.drawing
            signed = row.mg if row.what == What.DRAWN else -row.mg
            rests[number] = rests.get(number, _ZERO) + signed
        return {number: rest for number, rest in rests.items() if abs(rest) > TOLERANCE}
