"""One port on the devices page: state, settings, test and capture, values, bytes and notes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from devices.capture import CaptureError
from devices.registry import DRIVERS
from ketamonitor.trial import TrialView
from ketamonitor.view import DeviceChoice, SessionView
from ui.device_words import breakable, session_values, title, tried_values, unmapped_words
from ui.pages.device_facts import DeviceFacts, Facts
from ui.pages.device_list import Place
from ui.pages.device_rows import named_by
from ui.pages.driver_box import DriverBox, line_field, usual_line
from ui.pages.parts import Kit, rule
from ui.pages.support import SupportNotes
from ui.port_watch import PortWatch, real_name
from ui.trial_desk import TrialDesk
from ui.widgets.sign import Sign

#: The last bytes of a monitor of a session: session and source give them.
Recent = Callable[[str, str], tuple[bytes, datetime | None]]


@dataclass(frozen=True, slots=True)
class Settings:
    """What was set for a port on this page, kept while another one is looked at."""

    driver: str | None = None
    line: str = ""
    listen_only: bool = False
    touched: bool = False


class DeviceDetail(QWidget):
    """Shows a :class:`Place`. A session's monitor is only shown; a free port can be tested."""

    def __init__(self, kit: Kit, watch: PortWatch, desk: TrialDesk, recent: Recent) -> None:
        super().__init__()
        self._watch, self._desk, self._recent = watch, desk, recent
        self._place: Place | None = None
        self._settings: dict[str, Settings] = {}
        self._filling = False
        self.title = kit.label("", "page")
        self.sign = Sign(kit.theme)
        self.state = kit.label("", "fact", wrap=True)
        self.about = kit.label("")
        self.driver = DriverBox()
        self.line = line_field(kit)
        self.line.setFixedWidth(128)
        self.listen_only = kit.tick_box("Listen only")
        self.listen_only.setToolTip("Nothing is sent: another program asks the monitor")
        self.test = kit.button("Test", icon="monitor")
        self.capture = kit.button("Capture", icon="save")
        self.again = kit.button("Look again", icon="search")
        self.exclude = kit.button("Exclude this port", icon="excluded")
        self.said = kit.says()
        self.facts = DeviceFacts(kit)
        self.notes = SupportNotes(kit)
        self.notes_title = kit.label("Support notes", "title")
        state = QHBoxLayout()
        state.setSpacing(8)
        state.addWidget(self.sign)
        state.addWidget(self.state, 1)
        self._set = QWidget()
        self._acts = QWidget()
        for box in (QGridLayout(self._set), QGridLayout(self._acts)):
            box.setContentsMargins(0, 0, 0, 0)
            box.setSpacing(8)
        self._narrow: bool | None = None
        self.set_narrow(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 6, 0)
        layout.setSpacing(8)
        layout.addWidget(self.title)
        layout.addLayout(state)
        for widget in (self.about, self._set, self._acts, self.said, rule(), self.facts, rule()):
            layout.addWidget(widget)
        layout.addWidget(self.notes_title)
        layout.addWidget(self.notes)
        layout.addStretch()
        self.driver.currentIndexChanged.connect(self._changed)
        self.line.textChanged.connect(self._changed)
        self.listen_only.toggled.connect(self._changed)
        self.test.clicked.connect(self._test)
        self.capture.clicked.connect(self._capture)
        self.again.clicked.connect(self._look_again)
        self.exclude.clicked.connect(self._exclude)

    def set_narrow(self, narrow: bool) -> None:
        """Where there is little room, settings and buttons stand in two rows each."""
        if narrow is self._narrow:
            return
        self._narrow = narrow
        settings, acts = self._set.layout(), self._acts.layout()
        assert isinstance(settings, QGridLayout)
        assert isinstance(acts, QGridLayout)
        row = 1 if narrow else 0
        settings.addWidget(self.driver, 0, 0, 1, 2 if narrow else 1)
        settings.addWidget(self.line, row, 0 if narrow else 1)
        settings.addWidget(self.listen_only, row, 1 if narrow else 2)
        settings.setColumnStretch(0, 0 if narrow else 1)
        settings.setColumnStretch(1, 1 if narrow else 0)
        buttons = (self.test, self.capture, self.again, self.exclude)
        for at, button in enumerate(buttons):
            acts.addWidget(button, at // 2 if narrow else 0, at % 2 if narrow else at)
        acts.setColumnStretch(4, 0 if narrow else 1)

    def show_place(self, place: Place | None) -> None:
        """Turn to a port; its settings are as they were left."""
        self._place = place
        self.said.setText("")
        self.setVisible(place is not None)
        if place is None:
            return
        kept = self._settings.get(place.port, Settings())
        self._fill(kept)
        for widget in (self._set, self._acts, self.said):
            widget.setVisible(not place.session)

    def refresh(self, place: Place, views: Sequence[SessionView], now: datetime) -> None:
        """Say anew what there is to be said of the port that is shown."""
        self._place = place
        self.title.setText(place.title)
        self.sign.show_icon(place.shown.icon)
        self.state.setText(place.shown.line)
        view = next((view for view in views if view.info.id == place.session), None)
        if view is not None:
            self._show_session(place, view, now)
        else:
            self._show_free(place, now)

    def _show_session(self, place: Place, view: SessionView, now: datetime) -> None:
        link = next(link for link in view.links if link.source == place.source)
        device = next((d for d in view.info.devices if d.source == place.source), None)
        told = [title(link.driver)]
        if device is not None:
            told.append(str(device.settings()) if link.driver in DRIVERS else device.line)
            if device.listen_only:
                told.append("listened to only")
        if link.battery_low:
            told.append("battery low")
        if link.cuff:
            told.append(f"cuff {link.cuff}")
        if link.cuff_minutes is not None:
            told.append(f"cuff every {link.cuff_minutes:g} min")
        self.about.setText(
            f"{' · '.join(told)}\nThe session on chair {view.info.chair} has this port open: it is"
            " shown here and not opened a second time. All its bytes are kept with the session."
        )
        self.about.show()
        data, at = self._recent(place.session, place.source)
        self.facts.show_facts(
            Facts(
                session_values(view, place.source, now),
                "No value yet",
                unmapped_words(link.unmapped),
                "",
                data,
                at,
            ),
            now,
        )
        self._show_notes(link.driver)

    def _show_free(self, place: Place, now: datetime) -> None:
        trial = self._desk.look()
        choice = self._desk.choice
        mine = choice is not None and real_name(choice.port) == real_name(place.port)
        view = trial if mine else None
        self._prefill(place.port)
        excluded = place.port in self._watch.excluded
        searching = place.port in self._watch.searching
        self.about.hide()
        self.test.setText("Stop test" if view else "Test")
        capturing = view is not None and view.capture is not None
        self.capture.setText("Stop capture" if capturing else "Capture")
        for button in (self.test, self.capture):
            button.setEnabled(view is not None or self.driver.chosen is not None)
        self.again.setEnabled(view is None and not searching and not excluded)
        self.exclude.setText("Include again" if excluded else "Exclude this port")
        self.exclude.setEnabled(view is None)
        for widget in (self.driver, self.line, self.listen_only):
            widget.setEnabled(view is None)
        if view is not None:
            self._say_trial(view)
        nothing = "No value yet"
        if view is None and self.driver.chosen is None:
            nothing = "Choose the monitor, then Test. No cuff is started by it"
        elif view is None:
            nothing = "Test shows what the monitor sends. No cuff is started by it"
        self.facts.show_facts(
            Facts(
                tried_values(view, now) if view else [],
                nothing,
                unmapped_words(view.unmapped) if view else "",
                "\n".join(told.text for told in view.messages) if view else "",
                view.recent if view else b"",
                view.recent_at if view else None,
            ),
            now,
        )
        self._show_notes(self.driver.chosen)

    def _show_notes(self, driver: str | None) -> None:
        self.notes.show_driver(driver)
        self.notes_title.setVisible(bool(self.notes.words))

    def _say_trial(self, view: TrialView) -> None:
        if view.capture_fault:
            self.said.setText(view.capture_fault)
        elif view.capture is not None:
            self.said.setText(
                f"Capturing to {breakable(view.capture)}. It may hold a patient’s name: keep it as"
                " a record"
            )

    # Acts ------------------------------------------------------------------------------------

    def _test(self) -> None:
        if self._running():
            self._desk.stop()
            self.said.setText("")
        else:
            self._begin(capture=False)

    def _capture(self) -> None:
        view = self._desk.look() if self._running() else None
        if view is not None and view.capture is not None:
            self._desk.stop()
            self.said.setText(f"Captured in {breakable(view.capture)}")
        else:
            self._begin(capture=True)

    def _running(self) -> bool:
        choice, place = self._desk.choice, self._place
        return choice is not None and place is not None and choice.port == place.port

    def _begin(self, *, capture: bool) -> None:
        place, driver = self._place, self.driver.chosen
        if place is None or place.session or driver is None:
            return
        if (holder := self._watch.holder(place.port)) and not self._running():
            self.said.setText(f"Not tested: the port is in use by {holder}")
            return
        choice = DeviceChoice(
            driver, place.port, driver, self.line.text().strip(), self.listen_only.isChecked()
        )
        self._watch.release(place.port)
        try:
            self._desk.start(choice, capture=capture)
        except (ValueError, CaptureError) as error:
            self.said.setText(f"Not tested: {error}")
            return
        self.said.setText("")

    def _look_again(self) -> None:
        if self._place is not None and not self._place.session:
            self._watch.look_at(self._place.port)

    def _exclude(self) -> None:
        if self._place is not None and not self._place.session:
            port = self._place.port
            self._watch.exclude(port, port not in self._watch.excluded)

    # Settings --------------------------------------------------------------------------------

    def _prefill(self, port: str) -> None:
        """What a look has named stands in the settings until somebody chooses otherwise."""
        kept = self._settings.get(port, Settings())
        if kept.touched or kept.driver is not None:
            return
        driver, line = named_by(self._watch.found.get(port))
        if driver is not None:
            self._settings[port] = Settings(driver, line)
            self._fill(self._settings[port])

    def _fill(self, kept: Settings) -> None:
        self._filling = True
        self.driver.choose(kept.driver)
        self.line.setText(kept.line)
        self.line.setPlaceholderText(usual_line(kept.driver))
        self.listen_only.setChecked(kept.listen_only)
        self._filling = False

    def _changed(self) -> None:
        self.line.setPlaceholderText(usual_line(self.driver.chosen))
        if self._filling or self._place is None or self._place.session:
            return
        self._settings[self._place.port] = Settings(
            self.driver.chosen, self.line.text(), self.listen_only.isChecked(), True
        )
