"""The ledger of controlled drugs: rows as drafts, and what they add up to, in exact decimals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from ketamonitor import checks
from ketamonitor.entries import Draft, Entry
from ketamonitor.typed import number as typed_number

#: The chain's name, in the place where an entry has its session.
LEDGER = "ledger"

#: A drawing balances where drawn and given + wasted differ by no more (clinical file 06, 6.1).
TOLERANCE = Decimal("0.05")

#: No vial of this field holds more: it catches slips of the point.
MOST_MG = Decimal(100_000)

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class RowDraft(Draft):
    """A row to be written. ``after``: number and hash of the last row of the ledger that it was
    made from; it is refused where another one stands there by then. ``None``: of no ledger."""

    after: tuple[int, str] | None = None


class What(StrEnum):
    """What a row of the ledger tells."""

    RECEIVED = "received"
    OPENED = "opened"
    DRAWN = "drawn"
    GIVEN = "given"
    WASTED = "wasted"
    RETURNED = "returned"
    COUNTED = "counted"
    STRUCK = "struck"


class Standing(StrEnum):
    """Whether what was drawn is accounted for."""

    OPEN = "not accounted for"
    BALANCED = "balanced"
    OVER = "more given and wasted than drawn"


@dataclass(frozen=True, slots=True)
class Vial:
    """One vial by the number of the row that received it; ``left_mg`` by the book."""

    number: int
    drug: str
    strength_mg_ml: Decimal
    volume_ml: Decimal
    lot: str
    expiry: date
    left_mg: Decimal
    opened: bool = False

    @property
    def name(self) -> str:
        return f"vial {self.number} ({self.drug}, lot {self.lot})"


@dataclass(frozen=True, slots=True)
class Drawing:
    """What was drawn from a vial by one row, and where it went. ``session`` "" = no session."""

    number: int
    vial: int
    session: str
    drawn_mg: Decimal
    given_mg: Decimal = _ZERO
    wasted_mg: Decimal = _ZERO

    @property
    def rest_mg(self) -> Decimal:
        """Drawn and not accounted for; below 0 where more was given and wasted than drawn."""
        return self.drawn_mg - self.given_mg - self.wasted_mg

    @property
    def standing(self) -> Standing:
        if self.rest_mg > TOLERANCE:
            return Standing.OPEN
        return Standing.BALANCED if self.rest_mg >= -TOLERANCE else Standing.OVER


@dataclass(frozen=True, slots=True)
class Turnover:
    """What moved in one drug in a stretch of time, mg: ``before`` and the others give ``after``."""

    drug: str
    before: Decimal = _ZERO
    received: Decimal = _ZERO
    drawn: Decimal = _ZERO
    given: Decimal = _ZERO
    wasted: Decimal = _ZERO
    wasted_in_vial: Decimal = _ZERO
    returned: Decimal = _ZERO
    discrepancy: Decimal = _ZERO

    @property
    def after(self) -> Decimal:
        """In vials at the end, by the book."""
        gone = self.drawn + self.wasted_in_vial + self.returned
        return self.before + self.received - gone + self.discrepancy


@dataclass(frozen=True, slots=True)
class Ledger:
    """What all rows add up to. ``faults``: rows that cannot be as they stand, in words."""

    vials: dict[int, Vial]
    drawings: dict[int, Drawing]
    rows: tuple[Entry, ...]
    struck: frozenset[int]
    faults: tuple[str, ...]

    @staticmethod
    def of(rows: Iterable[Entry]) -> Ledger:
        """The ledger of these rows, in their order. A row that is struck counts nowhere."""
        return _Fold(tuple(rows)).ledger()

    @property
    def tail(self) -> tuple[int, str]:
        """Number and hash of the last row."""
        return (self.rows[-1].seq, self.rows[-1].hash) if self.rows else (0, "")

    @property
    def unaccounted_mg(self) -> Decimal:
        """The rests of all drawings, those within the tolerance as well."""
        return sum((abs(d.rest_mg) for d in self.drawings.values()), _ZERO)

    @property
    def balanced(self) -> bool:
        """Every drawing accounted for, no vial below zero, no row at fault."""
        return not self.faults and all(
            d.standing is Standing.BALANCED for d in self.drawings.values()
        )

    def of_session(self, session: str) -> tuple[Drawing, ...]:
        """What was drawn for one session."""
        return tuple(d for d in self.drawings.values() if d.session == session)

    def vial(self, number: int) -> Vial:
        try:
            return self.vials[number]
        except KeyError:
            raise ValueError(f"there is no vial {number} in the ledger") from None

    def drawing(self, number: int) -> Drawing:
        try:
            return self.drawings[number]
        except KeyError:
            raise ValueError(f"there is no drawing {number} in the ledger") from None

    def turnover(self, since: datetime, until: datetime) -> tuple[Turnover, ...]:
        """What moved from ``since`` up to before ``until`` (a shift), a line for each drug.

        A row that was struck counts in its own shift, and is taken back in the shift that struck
        it: what an earlier shift has signed for does not change behind its back.
        """
        known = {row.seq: row for row in self.rows}
        sums: dict[str, Turnover] = {}
        for row in self.rows:
            moved, sign = row, 1
            if row.body["what"] == What.STRUCK:
                moved, sign = known[row.body["row"]], -1
            what, drug = moved.body["what"], _drug_of(moved, known)
            if row.at >= until or what in _NO_AMOUNT or not drug:
                continue
            line = sums.get(drug, Turnover(drug))
            name = "wasted_in_vial" if what == What.WASTED and "vial" in moved.body else what
            key = "discrepancy" if what == What.COUNTED else str(name)
            mg = sign * _moved(moved)
            if row.at >= since:
                line = replace(line, **{key: getattr(line, key) + mg})
            elif key not in ("given", "wasted"):
                gains = key in ("received", "discrepancy")
                line = replace(line, before=line.before + (mg if gains else -mg))
            sums[drug] = line
        return tuple(sums[drug] for drug in sorted(sums))


def _drug_of(row: Entry, known: Mapping[int, Entry]) -> str:
    """The drug of a row, by the vial that it goes back to; empty where that is not there."""
    for key in ("drawing", "vial"):
        of = known.get(row.body.get(key) or 0)
        if of is not None:
            return _drug_of(of, known)
    return str(row.body.get("drug", ""))


_NO_AMOUNT = (What.OPENED, What.STRUCK)


def amount(typed: str, what: str) -> Decimal:
    """A typed amount above 0, at most three places. Raises ``ValueError`` with one line."""
    number = _number(typed, what)
    if number <= 0:
        raise ValueError(f"{what} must be above 0, not {typed.strip()}")
    return number


def _number(typed: str, what: str) -> Decimal:
    number = typed_number(typed, f"{what} must be a number, such as 34.2")
    if number is None:
        raise ValueError(f"{what}: type the number")
    if abs(number) > MOST_MG:
        raise ValueError(f"{what} must be at most {MOST_MG}")
    if number != number.quantize(Decimal("0.001")):
        raise ValueError(f"{what} has more than three places after the point")
    return number


def received(
    drug: str,
    strength_mg_ml: str,
    volume_ml: str,
    lot: str,
    expiry: date,
    *,
    at: datetime,
    author: str,
) -> Draft:
    """A sealed vial comes into the clinic's keeping; its row's number names it from here on."""
    strength, volume = amount(strength_mg_ml, "Strength"), amount(volume_ml, "Volume")
    mg = strength * volume
    if mg > MOST_MG:
        raise ValueError(f"A vial of {mg.normalize():f} mg cannot be: check strength and volume")
    drug, lot = checks.text(drug, "Drug", 80), checks.text(lot, "Lot", 40)
    body = {"drug": drug, "strength_mg_ml": str(strength), "volume_ml": str(volume)}
    body |= {"lot": lot, "expiry": expiry.isoformat(), "mg": str(mg)}
    return _row(What.RECEIVED, body, f"{drug} received, {mg} mg, lot {lot}", at, author)


def opened(ledger: Ledger, vial: int, *, reason: str = "", at: datetime, author: str) -> Draft:
    """A vial is opened; one past its expiry only with a reason."""
    known = ledger.vial(vial)
    if known.opened:
        raise ValueError(f"{known.name} is open already")
    if known.expiry < at.date() and not reason.strip():
        raise ValueError(f"{known.name} expired {known.expiry}: use another, or say why")
    body = {"vial": vial, "reason": reason.strip()}
    return _row(What.OPENED, body, f"{known.name} opened", at, author, ledger)


def drawn(
    ledger: Ledger,
    vial: int,
    mg: str,
    *,
    session: str = "",
    reason: str = "",
    at: datetime,
    author: str,
) -> Draft:
    """So much is drawn from an open vial that holds it by the book; from one that is past its
    expiry by now only with a reason."""
    known, taken = ledger.vial(vial), amount(mg, "Drawn")
    if not known.opened:
        raise ValueError(f"{known.name} is not opened: enter that first")
    if taken > known.left_mg:
        raise ValueError(f"{known.name} holds {known.left_mg} mg by the book: count it first")
    if known.expiry < at.date() and not reason.strip():
        raise ValueError(f"{known.name} expired {known.expiry}: use another, or say why")
    body = {"vial": vial, "mg": str(taken), "session": session, "reason": reason.strip()}
    return _row(
        What.DRAWN, body, f"{taken} mg {known.drug} drawn, lot {known.lot}", at, author, ledger
    )


def given(
    ledger: Ledger, drawing: int, mg: str, *, reason: str = "", at: datetime, author: str
) -> Draft:
    """So much of a drawing was given. More than is left of it is kept with a reason, and told."""
    known, taken = ledger.drawing(drawing), amount(mg, "Given")
    _explained(known, taken, reason)
    body = {"drawing": drawing, "mg": str(taken), "reason": reason.strip()}
    return _row(What.GIVEN, body, f"{taken} mg given of drawing {drawing}", at, author, ledger)


def wasted(
    ledger: Ledger,
    mg: str,
    *,
    drawing: int | None = None,
    vial: int | None = None,
    method: str,
    witness: str,
    reason: str = "",
    at: datetime,
    author: str,
) -> Draft:
    """So much of a drawing, or what was left in a vial, is discarded before a witness."""
    taken, second = amount(mg, "Wasted"), witnessed(witness, author)
    body: dict[str, Any] = {"mg": str(taken), "witness": second, "reason": reason.strip()}
    body["method"] = checks.text(method, "How it was wasted", 100)
    if drawing is not None and vial is None:
        _explained(ledger.drawing(drawing), taken, reason)
        body["drawing"], of = drawing, f"drawing {drawing}"
    elif vial is not None and drawing is None:
        _held(ledger.vial(vial), taken)
        body["vial"], of = vial, f"vial {vial}"
    else:
        raise ValueError("Say what was wasted: a drawing or what was left in a vial")
    return _row(
        What.WASTED, body, f"{taken} mg wasted of {of}, witness {second}", at, author, ledger
    )


def returned(
    ledger: Ledger, vial: int, mg: str, to: str, *, witness: str, at: datetime, author: str
) -> Draft:
    """What a vial held leaves the clinic's keeping, before a witness."""
    taken, second = amount(mg, "Returned"), witnessed(witness, author)
    _held(ledger.vial(vial), taken)
    to = checks.text(to, "Returned to", 100)
    body = {"vial": vial, "mg": str(taken), "to": to, "witness": second}
    return _row(
        What.RETURNED, body, f"{taken} mg of vial {vial} returned to {to}", at, author, ledger
    )


def counted(
    ledger: Ledger,
    vial: int,
    mg: str,
    *,
    reason: str = "",
    witness: str = "",
    at: datetime,
    author: str,
) -> Draft:
    """A count of one vial: the book follows it; a difference has a reason and a witness."""
    known, found = ledger.vial(vial), _number(mg, "Counted")
    if found < 0:
        raise ValueError("Counted must not be below 0")
    off = found - known.left_mg
    body: dict[str, Any] = {"vial": vial, "mg": str(found), "discrepancy": str(off)}
    body |= {"reason": reason.strip(), "witness": witness.strip().lower() or None}
    if off:
        if not reason.strip():
            raise ValueError(f"{known.name} holds {known.left_mg} mg by the book: say why not")
        body["witness"] = witnessed(witness, author)
    text = f"{found} mg counted in vial {vial}, {off:+} mg against the book"
    return _row(What.COUNTED, body, text, at, author, ledger)


def struck(
    ledger: Ledger, number: int, reason: str, *, witness: str, at: datetime, author: str
) -> Draft:
    """A row entered in error counts no more; it stays readable. Later rows on it go first."""
    row = next((r for r in ledger.rows if r.seq == number), None)
    if row is None or number in ledger.struck or row.body["what"] == What.STRUCK:
        raise ValueError(f"there is no row {number} that could be struck")
    body = {"row": number, "reason": checks.text(reason, "Reason", 200)}
    body["witness"] = witnessed(witness, author)
    draft = _row(What.STRUCK, body, f"row {number} struck: {body['reason']}", at, author, ledger)
    trial = Ledger.of((*ledger.rows, _as_entry(draft, len(ledger.rows) + 1)))
    new = [fault for fault in trial.faults if fault not in ledger.faults]
    if new:
        raise ValueError(f"row {number} cannot be struck: then {new[0]}")
    return draft


def witnessed(witness: str, author: str) -> str:
    """The witness's short name. Raises ``ValueError`` without one, or where it is the author."""
    witness = witness.strip().lower()
    if not witness:
        raise ValueError("A witness must sign in for this")
    if witness == author.strip().lower():
        raise ValueError("The witness must be another person than the one who enters it")
    return witness


def _explained(drawing: Drawing, taken: Decimal, reason: str) -> None:
    if taken > drawing.rest_mg + TOLERANCE and not reason.strip():
        raise ValueError(
            f"Drawing {drawing.number} has {drawing.rest_mg} mg left to account for:"
            " check the amount, or say why it is more"
        )


def _held(vial: Vial, taken: Decimal) -> None:
    if taken > vial.left_mg:
        raise ValueError(f"{vial.name} holds {vial.left_mg} mg by the book: count it first")


def _row(
    what: What,
    body: dict[str, Any],
    text: str,
    at: datetime,
    author: str,
    ledger: Ledger | None = None,
) -> RowDraft:
    told = {"event": "ledger", "what": what.value, **body, "text": text}
    return RowDraft("audit", at, author, told, None if ledger is None else ledger.tail)


def _as_entry(draft: Draft, seq: int) -> Entry:
    """A row on trial: it is folded and never kept, so it has no hash."""
    return Entry(seq, LEDGER, draft.kind, draft.at, draft.at, draft.author, draft.body, "", "")


def _moved(row: Entry) -> Decimal:
    key = "discrepancy" if row.body["what"] == What.COUNTED else "mg"
    return Decimal(row.body[key])


class _Fold:
    """Adds up rows; one that points at nothing, or leaves a vial below zero, is a fault."""

    def __init__(self, rows: tuple[Entry, ...]) -> None:
        self._rows = rows
        self._struck = frozenset(r.body["row"] for r in rows if r.body["what"] == What.STRUCK)
        self._vials: dict[int, Vial] = {}
        self._drawings: dict[int, Drawing] = {}
        self._faults: list[str] = []

    def ledger(self) -> Ledger:
        for row in self._rows:
            if row.seq not in self._struck and row.body["what"] != What.STRUCK:
                self._add(row)
        faults = tuple(self._faults)
        return Ledger(self._vials, self._drawings, self._rows, self._struck, faults)

    def _add(self, row: Entry) -> None:
        what, body = What(row.body["what"]), row.body
        if what is What.RECEIVED:
            self._vials[row.seq] = Vial(
                row.seq,
                body["drug"],
                Decimal(body["strength_mg_ml"]),
                Decimal(body["volume_ml"]),
                body["lot"],
                date.fromisoformat(body["expiry"]),
                Decimal(body["mg"]),
            )
        elif "drawing" in body:
            self._add_to_drawing(row)
        else:
            self._add_to_vial(row, what)

    def _add_to_drawing(self, row: Entry) -> None:
        known = self._drawings.get(row.body["drawing"])
        if known is None:
            self._faults.append(f"row {row.seq} is of a drawing that is not there")
            return
        key = "given_mg" if row.body["what"] == What.GIVEN else "wasted_mg"
        self._drawings[known.number] = replace(known, **{key: getattr(known, key) + _moved(row)})

    def _add_to_vial(self, row: Entry, what: What) -> None:
        vial = self._vials.get(row.body["vial"])
        if vial is None:
            self._faults.append(f"row {row.seq} is of a vial that is not there")
            return
        if what is What.OPENED:
            self._vials[vial.number] = replace(vial, opened=True)
            return
        if what is What.DRAWN:
            if not vial.opened:
                self._faults.append(f"row {row.seq} draws from vial {vial.number}, never opened")
            drawing = Drawing(row.seq, vial.number, row.body["session"], _moved(row))
            self._drawings[row.seq] = drawing
        left = vial.left_mg + (_moved(row) if what is What.COUNTED else -_moved(row))
        if left < 0:
            self._faults.append(f"row {row.seq} leaves vial {vial.number} with {left} mg")
        if what is What.COUNTED and left != Decimal(row.body["mg"]):
            self._faults.append(f"row {row.seq} counts another amount than it leads to")
        self._vials[vial.number] = replace(vial, left_mg=left)
