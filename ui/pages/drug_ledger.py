"""The controlled drug ledger at the chair: one row at a time, with a witness where one is due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise

from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.treatment import ledger as book
from ketamonitor.treatment.ledger import Ledger
from ketamonitor.view import SessionView
from ui.pages.entry import Desk, EntryPanel
from ui.pages.second_person import SecondPerson
from ui.pages.typed import expiry_day

DRAWN, GIVEN, WASTED, RETURNED = "Drawn", "Given", "Wasted", "Returned"
COUNTED, OPENED, RECEIVED, STRUCK = "Counted", "Opened", "Received", "Strike a row"

#: What each act asks for, in reading order.
_ASKED = {
    DRAWN: ("vial", "mg", "reason"),
    GIVEN: ("drawing", "mg", "reason"),
    WASTED: ("drawing", "mg", "method", "reason", "vial"),
    RETURNED: ("vial", "mg", "to"),
    COUNTED: ("vial", "mg", "reason"),
    OPENED: ("vial", "reason"),
    RECEIVED: ("drug", "strength", "volume", "lot", "expiry"),
    STRUCK: ("row", "reason"),
}
_WITNESSED = (WASTED, RETURNED, COUNTED, STRUCK)
_FIELDS = {
    "vial": ("Vial number", "from the list"),
    "drawing": ("Drawing number", "from the list"),
    "mg": ("Amount, mg", ""),
    "drug": ("Drug", "as on the label"),
    "strength": ("Strength, mg/mL", ""),
    "volume": ("Volume, mL", ""),
    "lot": ("Lot", ""),
    "expiry": ("Expiry", "2027-08 or 2027-08-31"),
    "method": ("How it was wasted", ""),
    "to": ("Returned to", ""),
    "row": ("Row number", "from the list"),
    "reason": ("Reason", "where one is asked for"),
}
#: So many of the last rows are shown, newest first.
SHOWN = 8


class LedgerPanel(EntryPanel):
    """Vial and drawing are named by their numbers, which the nurse reads and types: none is
    chosen beforehand. The digits 1 to 8 choose what was done."""

    title = "Drug ledger"
    stays = True

    def __init__(
        self,
        desk: Desk,
        view: SessionView,
        record: Callable[[], Record],
        look: Callable[[Callable[[Ledger], None], Callable[[BaseException], None]], None],
        second: SecondPerson,
    ) -> None:
        super().__init__(desk, view)
        kit = desk.kit
        self._record, self._look, self.second = record, look, second
        self.ledger = Ledger.of(())
        self.act = kit.choice(
            list(_ASKED),
            shown={name: f"{name}\nkey {n}" for n, name in enumerate(_ASKED, 1)},
            columns=4,
        )
        self.act.changed.connect(self._turned)
        self.main.addWidget(self.act)
        fields = QWidget()
        self._grid = QGridLayout(fields)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self.fields, self._names = {}, {}
        for key, (name, hint) in _FIELDS.items():
            typed = kit.field(hint, name)
            typed.setMaxLength(200 if key == "reason" else 80)
            typed.textChanged.connect(self.changed)
            self._names[key] = kit.label(name, "muted")
            self.fields[key] = typed
            for part in (self._names[key], typed):
                part.setParent(fields)  # also while no act asks for it
        self.main.addWidget(fields)
        self.vials = kit.says("fact")
        self.drawings = kit.says("fact")
        self.rows = kit.says()
        for title, words in (
            ("Vials by the book", self.vials),
            ("Drawn for this session", self.drawings),
            ("Last rows", self.rows),
        ):
            self.main.addWidget(kit.label(title, "title"))
            self.main.addWidget(words)
        self.told = kit.says("fact")
        self.side.addWidget(self.told)
        self.side.addWidget(second)
        second.changed.connect(self.changed)
        self.finish()
        self._turned()

    def opened(self, now: datetime) -> None:
        self.read()
        self.setFocus()

    def read(self) -> None:
        """Read the ledger anew, in the background."""
        self._look(self._show, self._unread)

    def missing(self) -> str:
        if self.act.chosen is None:
            return "Choose what was done"
        try:
            self.drafts("check")
        except ValueError as error:
            return str(error)
        return ""

    def _about(self) -> str:
        """The row that a witness would sign, in the words that it is written with."""
        if self.act.chosen not in _WITNESSED:
            return ""
        try:
            draft = self._draft(
                self.act.chosen, self.desk.now(), self.desk.author() or "", "witness"
            )
        except ValueError:
            return ""
        body = draft.body
        rest = [body[key] for key in ("method", "reason") if body.get(key)]
        return "; ".join([body["text"].partition(", witness ")[0], *rest])

    def _failed(self, error: BaseException) -> None:
        """Whatever was the reason, the book is read again before Save can be pressed again."""
        before = {row.seq for row in self.ledger.rows}
        super()._failed(error)
        self._look(lambda ledger: self._show_changed(ledger, before), self._unread)

    def _show_changed(self, ledger: Ledger, before: set[int]) -> None:
        self._show(ledger)
        new = [f"{row.seq}  {row.body['text']}" for row in ledger.rows if row.seq not in before]
        if new:
            self.outcome.setText(
                "Not saved: the ledger has changed since. What you typed is kept. New rows:\n"
                + "\n".join(new)
            )

    def _unread(self, error: BaseException) -> None:
        self.outcome.setText(f"It cannot be read: {error}")

    def drafts(self, author: str) -> tuple[Draft, ...]:
        witness = self.second.person.name if self.second.person else ""
        return (self._draft(self.act.chosen or "", self.desk.now(), author, witness),)

    def _draft(self, act: str, at: datetime, author: str, witness: str) -> Draft:
        known, typed, said = self.ledger, self._text, self._text("reason")
        if act == DRAWN:
            session = self.view.info.id
            number, mg = self._number("vial"), typed("mg")
            return book.drawn(known, number, mg, session=session, reason=said, at=at, author=author)
        if act == GIVEN:
            number = self._number("drawing")
            return book.given(known, number, typed("mg"), reason=said, at=at, author=author)
        if act == WASTED:
            return book.wasted(
                known,
                typed("mg"),
                drawing=self._number("drawing") if typed("drawing") else None,
                vial=self._number("vial") if typed("vial") else None,
                method=typed("method"),
                witness=witness,
                reason=said,
                at=at,
                author=author,
            )
        if act == RETURNED:
            vial, to = self._number("vial"), typed("to")
            return book.returned(
                known, vial, typed("mg"), to, witness=witness, at=at, author=author
            )
        if act == COUNTED:
            vial = self._number("vial")
            return book.counted(
                known, vial, typed("mg"), reason=said, witness=witness, at=at, author=author
            )
        if act == OPENED:
            return book.opened(known, self._number("vial"), reason=said, at=at, author=author)
        if act == STRUCK:
            return book.struck(
                known, self._number("row"), said, witness=witness, at=at, author=author
            )
        return book.received(
            typed("drug"),
            typed("strength"),
            typed("volume"),
            typed("lot"),
            self._expiry(at.date()),
            at=at,
            author=author,
        )

    def clear(self) -> None:
        for typed in self.fields.values():
            typed.clear()
        self.second.clear()
        self.act.clear()
        self.read()
        self.setFocus()

    def refresh(self) -> None:
        now = self.desk.now()
        given = self._record().total_mg(now)
        pump = [i.pump_mg for i in self._record().infusions if i.pump_mg]
        shown = f"; the pump showed {', '.join(pump)} mg" if pump else ""
        self.told.setText(f"The record says {given:.1f} mg given{shown}")
        self.second.about(self._about(), now)
        super().refresh()

    def single_key(self, event: QKeyEvent) -> bool:
        acts = list(_ASKED)
        place = int(event.text()) - 1 if event.text().isdecimal() else -1
        if not 0 <= place < len(acts):
            return False
        self.act.choose(acts[place])
        return True

    def _text(self, key: str) -> str:
        return self.fields[key].text().strip().replace(",", "." if key in _AMOUNTS else ",")

    def _number(self, key: str) -> int:
        typed = self._text(key)
        if not typed.isdecimal():
            raise ValueError(f"Type the {_FIELDS[key][0].lower()} from the list")
        return int(typed)

    def _expiry(self, today: date) -> date:
        return expiry_day(self._text("expiry"), today)

    def _show(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.vials.setText(
            "\n".join(
                f"{v.number}  {v.drug} {v.strength_mg_ml} mg/mL, lot {v.lot}, expiry {v.expiry},"
                f" {_plain(v.left_mg)} mg{', open' if v.opened else ''}"
                for v in ledger.vials.values()
                if v.left_mg > 0
            )
            or "None: enter the vials you have received"
        )
        self.drawings.setText(
            "\n".join(
                f"{d.number}  {_plain(d.drawn_mg)} mg drawn = {_plain(d.given_mg)} given +"
                f" {_plain(d.wasted_mg)} wasted, rest {_plain(d.rest_mg)} mg: {d.standing.value}"
                for d in ledger.of_session(self.view.info.id)
            )
            or "Nothing yet"
        )
        last = list(ledger.rows)[-SHOWN:][::-1]
        self.rows.setText(
            "\n".join(
                f"{r.seq}  {r.body['text']}{' (struck)' if r.seq in ledger.struck else ''}"
                for r in last
            )
            or "None"
        )
        self.changed.emit()

    def _turned(self) -> None:
        asked = _ASKED.get(self.act.chosen or "", ())
        for key, typed in self.fields.items():
            self._grid.removeWidget(self._names[key])
            self._grid.removeWidget(typed)
            self._names[key].setVisible(False)
            typed.setVisible(False)
        for place, key in enumerate(asked):
            row, column = divmod(place, 3)
            self._grid.addWidget(self._names[key], 2 * row, column)
            self._grid.addWidget(self.fields[key], 2 * row + 1, column)
            self._names[key].setVisible(True)
            self.fields[key].setVisible(True)
        order = [*self.act.buttons.values(), *(self.fields[key] for key in asked)]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)
        self.second.setVisible(self.act.chosen in _WITNESSED)
        if asked:
            self.fields[asked[0]].setFocus()
        self.changed.emit()


_AMOUNTS = ("mg", "strength", "volume")


def _plain(mg: Decimal) -> str:
    return f"{mg.normalize():f}"
