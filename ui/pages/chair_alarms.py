"""What a nurse does about the alarms of one live session: acknowledge, pause, panels, the card."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from ketamonitor import alarm_drafts, drafts
from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.station import Station
from ketamonitor.view import ActiveAlarm, SessionView
from ui.bridge import Bridge
from ui.live_page import LivePage
from ui.pages.acting import AlarmPanel
from ui.pages.all_alarms import AllAlarmsPanel
from ui.pages.card_desk import CardDesk
from ui.pages.entry import Desk, Written
from ui.pages.interruption import InterruptionPanel
from ui.pages.limits import LimitsPanel
from ui.pages.sound_test import SoundDesk, SoundTestPanel
from ui.widgets.alarm_words import pause_now

INTERRUPTION, LIMITS, ALARMS, SOUND = "interruption", "limits", "alarms", "sound"


class ChairAlarms(QObject):
    """Makes the panels of the alarm system and stores what is asked for by touch or key.

    ``panel_wanted(kind)`` asks the chair to show :meth:`panel`; ``left`` to close it;
    ``sign_in_wanted`` for a name; ``typed_wanted`` for the typed blood pressure; ``fault`` carries
    a line; ``audio_all_wanted`` is for whoever knows the other chairs. ``sessions`` are all that
    run in this window.
    """

    panel_wanted = Signal(str)
    left = Signal()
    sign_in_wanted = Signal()
    typed_wanted = Signal()
    audio_all_wanted = Signal()
    fault = Signal(str)

    def __init__(
        self,
        desk: Desk,
        page: LivePage,
        station: Station,
        bridge: Bridge,
        view: SessionView,
        record: Callable[[], Record],
        start_cuff: Callable[[str], None],
        sessions: Callable[[], Iterable[str]],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._desk, self._page, self._station, self._bridge = desk, page, station, bridge
        self._record, self._sessions = record, sessions
        self.view = view
        self._panels: dict[str, AlarmPanel] = {}
        self._kept: dict[str, dict[str, AlarmPanel]] = {}
        self.cards = CardDesk(desk, page, view, start_cuff, self)
        self.cards.typed_wanted.connect(self.typed_wanted)
        self.cards.sign_in_wanted.connect(self.sign_in_wanted)
        for kind, wanted in (
            (INTERRUPTION, page.interruption_wanted),
            (LIMITS, page.limits_wanted),
            (ALARMS, page.alarms_wanted),
            (SOUND, page.sound_test_wanted),
        ):
            wanted.connect(lambda k=kind: self.panel_wanted.emit(k))
        page.acknowledge_wanted.connect(self.acknowledge)
        page.audio_wanted.connect(self.turn_audio)
        page.audio_all_wanted.connect(self.audio_all_wanted)

    def show_view(self, view: SessionView) -> None:
        self.view = view
        self.cards.show_view(view)

    def turn_to(self, before: str, whose: str) -> None:
        """Another person's panels: what is half typed in these is put away with theirs."""
        self._kept[before] = self._panels
        self._panels = self._kept.pop(whose, {})

    def panel(self, kind: str) -> AlarmPanel | None:
        """The panel of that name as it was left, with the present picture; ``None``: no such."""
        if kind not in (INTERRUPTION, LIMITS, ALARMS, SOUND):
            return None
        if kind not in self._panels:
            panel = self._made(kind)
            panel.left.connect(self.left)
            panel.sign_in_wanted.connect(self.sign_in_wanted)
            self._panels[kind] = panel
        return self._panels[kind]

    # Acknowledge and audio --------------------------------------------------------------------

    def acknowledge(self, alarm: ActiveAlarm) -> None:
        """Acknowledge one alarm, at once and with a name."""
        author = self._author()
        if author is not None:
            self._deliver(self._station.acknowledge(self.view, alarm, author), "Not acknowledged")

    def say_of_clock(self, right: bool) -> None:
        """Answer whether the computer's clock, which was set, is right; with a name."""
        author = self._author()
        if author is not None:
            made = drafts.clock_checked(right, at=self._desk.now(), author=author)
            self._deliver(self._station.submit(self.view.info.id, made), "Not recorded")

    @property
    def audio_is_paused(self) -> bool:
        return pause_now(self.view, self._desk.now()) is not None

    @property
    def may_pause_audio(self) -> bool:
        """Audio cannot be paused in advance: something must ask for attention."""
        return any(alarm.signals for alarm in self.view.every_alarm)

    def turn_audio(self) -> None:
        """Pause this session's audio, or end the pause; at once and with a name."""
        if self.audio_is_paused:
            self.end_audio_pause()
        else:
            self.pause_audio()

    def pause_audio(self) -> None:
        author = self._author()
        if author is None or not self.may_pause_audio:
            return
        plan, now = self.view.info.protocol.pause, self._desk.now()
        self._send(alarm_drafts.audio_paused(plan, at=now, author=author), "Audio not paused")

    def end_audio_pause(self) -> None:
        author = self._author()
        if author is not None and self.audio_is_paused:
            ended = alarm_drafts.resumed(
                "audio", "ended by user", at=self._desk.now(), author=author
            )
            self._send(ended, "Audio pause not ended")

    def _author(self) -> str | None:
        author = self._desk.author()
        if author is None:
            self.sign_in_wanted.emit()
        return author

    def _send(self, draft: Draft, failed: str) -> None:
        self._deliver(self._desk.submit((draft,)), failed)

    def _deliver(self, written: Written, failed: str) -> None:
        self._bridge.deliver(
            written,
            lambda _entries: None,
            lambda error: self.fault.emit(f"{failed}: {error}"),
            self,
        )

    # Panels -----------------------------------------------------------------------------------

    def _made(self, kind: str) -> AlarmPanel:
        if kind == INTERRUPTION:
            return InterruptionPanel(self._desk, self.view)
        if kind == LIMITS:
            return LimitsPanel(self._desk, self.view)
        if kind == SOUND:
            everywhere = replace(self._desk, submit=self._everywhere)
            return SoundTestPanel(everywhere, self.view, self._sounds())
        made = AllAlarmsPanel(
            self._desk,
            self.view,
            lambda: self._page.alarms,
            self._record,
            self.cards.has_card,
            lambda: len(list(self._sessions())) > 1,
        )
        made.acknowledge_wanted.connect(self.acknowledge)
        made.clock_said.connect(self.say_of_clock)
        made.audio_wanted.connect(self._page.ask_audio)
        made.audio_all_wanted.connect(self.audio_all_wanted)
        made.card_wanted.connect(self._card)
        return made

    def _card(self, alarm: ActiveAlarm) -> None:
        self.left.emit()
        self.cards.open_for(alarm)

    def _everywhere(self, made: tuple[Draft, ...]) -> Written:
        """One pair of ears heard the loudspeaker of all sessions of this window."""
        own = self._desk.submit(made)
        for session in self._sessions():
            if session != self.view.info.id:
                self._deliver(self._station.submit(session, *made), "Sound test not recorded")
        return own

    def _sounds(self) -> SoundDesk | None:
        signals = self._station.signals
        if signals is None:
            return None
        return SoundDesk(
            signals.sound_test,
            lambda: signals.output,
            lambda played, through, failed: self._bridge.deliver(played, through, failed, self),
        )
