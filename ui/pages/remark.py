"""Notes and event marks: a few stock words, or the nurse's or the patient's own."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtGui import QKeyEvent

from ketamonitor import checks, drafts
from ketamonitor.entries import Draft
from ketamonitor.phrases import Phrases
from ketamonitor.treatment.on_site import GONE, HERE, LONGEST_NAME, on_site
from ketamonitor.view import SessionView
from ui.pages.entry import Desk, EntryPanel
from ui.pages.own_words import OwnWords
from ui.pages.when import When

STOCK_EVENTS = (
    "Patient in chair",
    "Toilet",
    "Cuff moved",
    "Probe moved",
    "Position changed",
    "Nausea, bag given",
    "Prescriber called",
    "Prescriber at chair",
)
NURSE, PATIENT, ROOM, MUSIC = "Nurse", "Patient’s words", "Room", "Music"


class NotePanel(EntryPanel):
    """A note; quick phrases are added to the text, not stored by themselves.

    While no field has the focus a digit adds the phrase of that number, and a letter begins the
    text. Whose words they are is chosen with the group.
    """

    title = "Note"

    def __init__(self, desk: Desk, view: SessionView, phrases: Phrases, fault: str = "") -> None:
        super().__init__(desk, view)
        kit = desk.kit
        self._phrases = {
            NURSE: phrases.nurse,
            PATIENT: phrases.patient,
            ROOM: phrases.room,
            MUSIC: phrases.music,
        }
        self.text = kit.field("What was seen or said", "Note")
        self.text.setMaxLength(checks.LONGEST_NOTE)
        self.text.textChanged.connect(self.changed)
        self.said_by = kit.choice(list(self._phrases))
        self.said_by.choose(NURSE)
        self.said_by.changed.connect(self._turned)
        self.stocks = {
            group: kit.choice(
                list(words),
                shown={word: f"{n}  {word}" for n, word in enumerate(words, 1)},
                momentary=True,
                columns=2,
            )
            for group, words in self._phrases.items()
        }
        self.main.addWidget(self.said_by)
        self.main.addWidget(self.text)
        for stock in self.stocks.values():
            stock.pressed.connect(self._add)
            self.main.addWidget(stock)
        self.when = When(kit, "Seen at", desk.now())
        self.when.changed.connect(self.changed)
        self.side.addWidget(self.when)
        if fault:
            self.side.addWidget(kit.label(fault, "muted", wrap=True))
        self.finish()
        self._turned()

    def opened(self, now: datetime) -> None:
        if not self.text.text():
            self.when.restart(now)
        self.setFocus()

    def missing(self) -> str:
        return self.when.fault() if self.text.text().strip() else "Type the note"

    def drafts(self, author: str) -> tuple[Draft, ...]:
        group = self.said_by.chosen
        said_by = "patient" if group == PATIENT else "nurse"
        text = self.text.text().strip()
        if group in (ROOM, MUSIC):
            text = f"{group}: {text}"
        return (drafts.note(text, said_by=said_by, at=self.when.at(), author=author),)

    def clear(self) -> None:
        self.text.clear()
        self.said_by.choose(NURSE)
        self.when.restart(self.desk.now())

    def refresh(self) -> None:
        self.when.tick(self.desk.now(), begun=bool(self.text.text()))
        super().refresh()

    def single_key(self, event: QKeyEvent) -> bool:
        typed, words = event.text(), self._phrases[self.said_by.chosen or NURSE]
        if typed.isdecimal():
            if 1 <= int(typed) <= len(words):
                self._add(words[int(typed) - 1])
            return True
        if typed.isalpha():
            self.text.setFocus()
            self.text.insert(typed)
            return True
        return False

    def _add(self, word: str) -> None:
        typed = self.text.text().strip()
        self.text.setText(f"{typed}, {word}" if typed else word)

    def _turned(self) -> None:
        for group, stock in self.stocks.items():
            stock.setVisible(group == self.said_by.chosen)
        self.changed.emit()


class MarkPanel(EntryPanel):
    """An event on the chart with its number: from the list, by its number key, or typed."""

    title = "Event"

    def __init__(self, desk: Desk, view: SessionView) -> None:
        super().__init__(desk, view)
        kit = desk.kit
        shown = {text: f"{number}  {text}" for number, text in enumerate(STOCK_EVENTS, 1)}
        self.choice = kit.choice(list(STOCK_EVENTS), shown=shown, columns=2)
        self.text = kit.field("Or another event, in your own words", "Event")
        self.said = OwnWords(self.choice, self.text, 200)
        self.said.changed.connect(self.changed)
        self.main.addWidget(self.choice)
        self.main.addWidget(self.text)
        self.site = kit.choice([HERE, GONE], shown={HERE: "Physician is here", GONE: "is gone"})
        self.physician = kit.field("The physician’s name", "Physician’s name")
        self.physician.setMaxLength(LONGEST_NAME)
        self.site.changed.connect(self.changed)
        self.physician.textChanged.connect(self.changed)
        self.main.addWidget(
            kit.label("Or a physician on site, from or until the time beside", "muted")
        )
        self.main.addWidget(self.site)
        self.main.addWidget(self.physician)
        self.when = When(kit, "Happened at", desk.now())
        self.when.changed.connect(self.changed)
        self.side.addWidget(self.when)
        self.finish()

    def opened(self, now: datetime) -> None:
        if self.missing():
            self.when.restart(now)
        self.setFocus()

    def missing(self) -> str:
        if self.site.chosen is not None and not self.physician.text().strip():
            return "Type the physician’s name"
        if not self.said.words and self.site.chosen is None:
            return "Choose an event or type one"
        return self.when.fault()

    def drafts(self, author: str) -> tuple[Draft, ...]:
        at, made = self.when.at(), []
        if self.said.words:
            made.append(drafts.mark(self.said.words, at=at, author=author))
        if self.site.chosen is not None:
            name = self.physician.text()
            made.append(on_site(name, self.site.chosen, at=at, author=author))
        return tuple(made)

    def clear(self) -> None:
        self.said.clear()
        self.site.clear()
        self.physician.clear()
        self.when.restart(self.desk.now())

    def refresh(self) -> None:
        self.when.tick(self.desk.now(), begun=bool(self.said.words or self.site.chosen))
        super().refresh()

    def single_key(self, event: QKeyEvent) -> bool:
        return self.said.digit(event.text())
