"""The sound test: the program plays the tone of HIGH and is told whether anybody heard it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

import shiboken6
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from ketamonitor import alarm_drafts
from ketamonitor.view import SessionView
from ketamonitor.words import clock
from ui.pages.acting import AlarmPanel
from ui.pages.entry import Desk
from ui.widgets.alarm_words import sound_words

#: Buttons as wide as a hand needs, not as the page.
WIDE = 260
PLAYED = "Ten pulses were played. Did you hear them where you work?"
NOT_NOW = "Not played: an alert's own tone sounds now, or there is no sound"


@dataclass(frozen=True, slots=True)
class SoundDesk:
    """``play`` one HIGH burst on every output (``False``: not now); ``output`` in words.

    ``then`` calls one of its two functions on the GUI thread when the future is done.
    """

    play: Callable[[], Future[bool]]
    output: Callable[[], str]
    then: Callable[
        [Future[bool], Callable[[bool], object], Callable[[BaseException], object]], None
    ]


class SoundTestPanel(AlarmPanel):
    """Nothing is asked before something was played, and no answer is taken for granted.

    ``sounds`` is ``None`` where this window has no outputs at all.
    """

    def __init__(self, desk: Desk, view: SessionView, sounds: SoundDesk | None) -> None:
        super().__init__(desk, view)
        kit = desk.kit
        self._sounds = sounds
        self._played_on: str | None = None
        frame, main = kit.card()
        main.addWidget(kit.label("Sound test", "page"))
        self.state = kit.label("", "fact", wrap=True)
        self.where = kit.label("", "muted")
        self.play = kit.button("Play the tone", key="P", main=True)
        self.play.clicked.connect(self._play)
        self.question = kit.label("", "title", wrap=True)
        self.heard = kit.button("Heard", key="H")
        self.not_heard = kit.button("Not heard", key="X")
        self.heard.clicked.connect(lambda: self._answer(heard=True))
        self.not_heard.clicked.connect(lambda: self._answer(heard=False))
        answers = QHBoxLayout()
        answers.setSpacing(8)
        answers.addWidget(self.heard)
        answers.addWidget(self.not_heard)
        for button in (self.play, self.heard, self.not_heard, self.leave):
            button.setFixedWidth(WIDE)
        answers.addStretch()
        for widget in (self.state, self.where, self.play, self.question):
            main.addWidget(widget)
        main.addLayout(answers)
        main.addWidget(self.outcome)
        main.addStretch()
        main.addWidget(
            kit.label(
                "The program knows whether its output takes the sound. It cannot know whether the"
                " loudspeaker is switched on, how loud it is, and who is near.",
                "muted",
            )
        )
        main.addWidget(self.leave)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(frame)
        self.refresh()

    def opened(self) -> None:
        """The panel comes on the screen: an earlier tone is not asked about any more."""
        self._played_on = None
        self.outcome.clear()
        self.refresh()
        self.play.setFocus()

    def refresh(self) -> None:
        sound, output = self.view.sound, self._sounds.output() if self._sounds else ""
        self.state.setText(sound_words(self.view))
        self.where.setText(
            f"Tones go to {output}" if self._sounds else "This window has no sound output"
        )
        if sound.tested_at is not None:
            said = "heard" if sound.heard else "NOT heard"
            self.where.setText(
                f"{self.where.text()}. Last test {clock(sound.tested_at)}: {said},"
                f" {sound.tested_by}"
            )
        asked = self._played_on is not None
        self.question.setText(PLAYED if asked else "")
        self.play.setEnabled(self._sounds is not None)
        for button in (self.heard, self.not_heard):
            button.setVisible(asked)

    def _play(self) -> None:
        if self._sounds is None or not self.play.isEnabled():
            return
        output = self._sounds.output()
        self._played_on = None
        self.outcome.setText("Playing…")
        self.refresh()

        def through(played: bool) -> None:
            if not shiboken6.isValid(self):
                return
            self._played_on = output if played else None
            self.outcome.setText("" if played else NOT_NOW)
            self.refresh()
            if played:
                self.setFocus()

        def failed(error: BaseException) -> None:
            if shiboken6.isValid(self):
                self.outcome.setText(f"Not played: {error}")

        self._sounds.then(self._sounds.play(), through, failed)

    def _answer(self, *, heard: bool) -> None:
        output = self._played_on
        if output is None:
            return

        def stored() -> None:
            self._played_on = None
            self.refresh()
            if heard:
                self.left.emit()

        self.acting.do(
            lambda author: (
                alarm_drafts.sound_test(output, heard, at=self.desk.now(), author=author),
            ),
            "Heard, noted" if heard else "NOT heard, noted. Check loudspeaker, cable and volume:",
            then=stored,
        )

    def single_key(self, event: QKeyEvent) -> bool:
        key = event.text().upper()
        if key == "P":
            self._play()
        elif key == "H" and self._played_on is not None:
            self._answer(heard=True)
        elif key == "X" and self._played_on is not None:
            self._answer(heard=False)
        else:
            return False
        return True
