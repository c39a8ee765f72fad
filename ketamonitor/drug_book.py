"""The ledger of controlled drugs in the store: read, written, and held against the sessions."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from io import StringIO

from ketamonitor.entries import Draft, Entry, stamp, verify_chain
from ketamonitor.own_chain import append_after
from ketamonitor.spreadsheet import cell
from ketamonitor.store import Store, StoreError
from ketamonitor.treatment.drug_use import drug_event
from ketamonitor.treatment.ledger import LEDGER, Ledger, RowDraft, What

CHANGED = "the ledger has just been changed by someone else; look again"

HEADERS = (
    *("row", "at", "entered_at", "author", "what", "mg", "vial", "drawing", "session", "lot"),
    *("expiry", "witness", "reason", "struck", "text", "hash"),
)


class DrugBook:
    """The ledger: a chain of its own beside those of the sessions, append-only as they are.

    ``now`` tells the time of writing. Every method raises
    :class:`~ketamonitor.store.StoreError` if the store fails.
    """

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store, self._now = store, now

    def rows(self) -> list[Entry]:
        return self._store.entries(LEDGER)

    def ledger(self) -> Ledger:
        """What all rows add up to now."""
        return Ledger.of(self.rows())

    def write(self, draft: Draft) -> Entry:
        """The row as it stands on the disk. Not retryable where somebody else wrote since the
        ledger was read that the draft was made from: it is no longer so. That is looked at here
        and held by the chain itself, in the transaction that writes."""
        last = self._store.last(LEDGER)
        made_from = draft.after if isinstance(draft, RowDraft) else None
        if made_from is not None and made_from != ((last.seq, last.hash) if last else (0, "")):
            raise StoreError(CHANGED)
        return append_after(self._store, LEDGER, last, draft, self._now(), "the ledger has")

    def event_of(self, row: Entry) -> tuple[str, Draft] | None:
        """The session that a row belongs to and the session's own entry of it, if it has one."""
        ledger = self.ledger()
        session = session_of(row, ledger)
        return (session, drug_event(row, ledger)) if session else None

    def check(self) -> Iterator[str]:
        """What is wrong, in words: a broken chain, rows that cannot be, drawings that are not
        accounted for, and rows that did not reach their session (the program ended in between)."""
        rows = self.rows()
        if not rows:
            return  # a ledger that nobody has begun balances
        yield from verify_chain(LEDGER, rows)
        ledger = Ledger.of(rows)
        yield from ledger.faults
        for drawing in ledger.drawings.values():
            if drawing.standing != "balanced":
                yield (
                    f"drawing {drawing.number}: {drawing.drawn_mg} mg drawn, {drawing.given_mg}"
                    f" mg given, {drawing.wasted_mg} mg wasted: {drawing.standing.value}"
                )
        told: dict[str, set[int]] = {}
        for row in rows:
            session = session_of(row, ledger)
            if not session:
                continue
            if session not in told:
                told[session] = set(_told(self._store.of_kind(session, "event")))
            if row.seq not in told[session]:
                yield f"row {row.seq} ({row.body['what']}) is missing in session {session}"


def session_of(row: Entry, ledger: Ledger) -> str:
    """The session that a row was written for; empty where it was for none."""
    known = {one.seq: one for one in ledger.rows}
    while row.body["what"] == What.STRUCK:
        row = known[row.body["row"]]
    while "drawing" in row.body and row.body["drawing"] in known:
        row = known[row.body["drawing"]]
    return str(row.body.get("session") or "") if row.body["what"] == What.DRAWN else ""


def _told(events: Iterable[Entry]) -> Iterator[int]:
    for event in events:
        if event.body["event"] == "drug":
            yield event.body["ledger_seq"]


def as_csv(ledger: Ledger) -> str:
    """The rows for an inspection, oldest first, struck ones among them."""
    out = StringIO()
    written = csv.writer(out, lineterminator="\r\n")
    written.writerow(HEADERS)
    for row in ledger.rows:
        body = row.body
        vial = ledger.vials.get(_vial(row, ledger))
        written.writerow(
            cell(value)
            for value in (
                *(row.seq, stamp(row.at), stamp(row.recorded_at), row.author, body["what"]),
                *(body.get("mg", ""), body.get("vial", ""), body.get("drawing", "")),
                *(session_of(row, ledger), vial.lot if vial else body.get("lot", "")),
                vial.expiry.isoformat() if vial else body.get("expiry", ""),
                *(body.get("witness") or "", body.get("reason", "")),
                *("struck" if row.seq in ledger.struck else "", body["text"], row.hash),
            )
        )
    return out.getvalue()


def _vial(row: Entry, ledger: Ledger) -> int:
    if row.body["what"] == What.RECEIVED:
        return row.seq
    drawing = ledger.drawings.get(row.body.get("drawing") or 0)
    return int(row.body.get("vial") or (drawing.vial if drawing else 0))
