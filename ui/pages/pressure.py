"""Blood pressure typed by hand, and the start of a cuff reading where a monitor allows it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout

from ketamonitor import drafts, intake
from ketamonitor.entries import Draft
from ketamonitor.view import SessionView
from ui.pages.cuffs import CuffRow, Cuffs, cuff_places
from ui.pages.entry import Desk, EntryPanel
from ui.pages.parts import rule
from ui.pages.when import When

FIELDS = (
    ("systolic", "mmHg", True),
    ("diastolic", "mmHg", True),
    ("mean", "mmHg", False),
    ("pulse", "/min", False),
)


class PressurePanel(EntryPanel):
    """Numbers read from a monitor or taken with a cuff and stethoscope, as typed.

    A slash goes on to the next number, so that a pressure is typed as it is said: ``128/80``.
    """

    title = "Blood pressure, typed by hand"

    def __init__(
        self,
        desk: Desk,
        view: SessionView,
        cuffs: Cuffs | None = None,
    ) -> None:
        super().__init__(desk, view)
        kit = desk.kit
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        self.fields = {}
        for column, (what, unit, needed) in enumerate(FIELDS):
            typed = kit.field("", f"{what.capitalize()} in {unit}", big=True)
            typed.setMaxLength(3)
            typed.textChanged.connect(self.changed)
            typed.installEventFilter(self)
            word = "needed" if needed else "if known"
            grid.addWidget(kit.label(f"{what.capitalize()} {unit} · {word}", "muted"), 0, column)
            grid.addWidget(typed, 1, column)
            self.fields[what] = typed
        self.main.addLayout(grid)
        self.main.addWidget(
            kit.label(
                "Type what the cuff showed. A mean is never worked out from the two.", "muted"
            )
        )
        self.cuffs: list[CuffRow] = []
        places = cuff_places(view)
        if places and cuffs is not None:
            self.main.addWidget(rule())
            self.main.addWidget(kit.label("Or let the monitor measure", "title"))
            for place in places:
                row = CuffRow(desk, place, cuffs)
                row.told.connect(self.outcome_told)
                self.main.addWidget(row)
                self.cuffs.append(row)
        self.when = When(kit, "Taken at", desk.now())
        self.when.changed.connect(self.changed)
        self.side.addWidget(self.when)
        self.finish()

    def opened(self, now: object) -> None:
        self.fields["systolic"].setFocus()

    def missing(self) -> str:
        if all(not typed.text().strip() for typed in self.fields.values()):
            return "Type systolic and diastolic"
        try:
            # The author does not matter for the check; the real one is set on saving.
            self.drafts("check")
        except ValueError as error:
            return str(error)
        return ""

    def drafts(self, author: str) -> tuple[Draft, ...]:
        values: dict[str, int | None] = {}
        for what, unit, needed in FIELDS:
            text = self.fields[what].text()
            given = needed or text.strip()
            values[what] = intake.whole(text, what, unit) if given else None
        sys, dia = values["systolic"], values["diastolic"]
        assert sys is not None
        assert dia is not None
        return (
            drafts.manual_bp(
                sys, dia, values["mean"], values["pulse"], at=self.when.at(), author=author
            ),
        )

    def clear(self) -> None:
        for typed in self.fields.values():
            typed.clear()
        self.when.restart(self.desk.now())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        pressed = isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress
        if not pressed or event.text() != "/":  # type: ignore[attr-defined]
            return super().eventFilter(watched, event)
        order = list(self.fields.values())
        place = next((n for n, typed in enumerate(order) if typed is watched), len(order))
        if place + 1 < len(order):
            order[place + 1].setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def refresh(self) -> None:
        begun = any(typed.text() for typed in self.fields.values())
        self.when.tick(self.desk.now(), begun=begun)
        super().refresh()

    def show_view(self, view: SessionView) -> None:
        super().show_view(view)
        places = {place.source: place for place in cuff_places(view)}
        for row in self.cuffs:
            row.show_place(places.get(row.source))

    def outcome_told(self, words: str) -> None:
        self.outcome.setText(words)
