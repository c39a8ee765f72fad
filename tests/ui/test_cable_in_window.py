"""The cable on the bad day: pulled and put back while the window is open, with no click at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from devices.port import PortFinder, PortInfo
from devices.simulated.dinamap import DinamapMonitor
from devices.simulated.patient import Determination, Vitals
from ketamonitor.clock import SteadyClock
from ketamonitor.entries import verify_chain
from ketamonitor.people import Person, Role
from ketamonitor.station import SessionPlan, Station
from ketamonitor.view import DeviceChoice, Patient
from tests.devices.wire import FarEnd
from tests.fakes import START
from tests.waits import PATIENCE_MS as WAIT
from ui.bridge import Bridge
from ui.live_page import LivePage
from ui.main_window import MainWindow
from ui.theme import Theme

SPEED = 10.0


@dataclass
class Bedside:
    """A patient with a probe and no cuff reading; SpO2 can be changed by the test."""

    spo2: float = 97
    automatic = False

    def at(self, t: float) -> Vitals:
        return Vitals(pulse=72, spo2=self.spo2)

    def measuring(self, t: float) -> bool:
        return False

    def ended(self, t: float) -> tuple[Determination, ...]:
        return ()

    def start(self, t: float) -> bool:
        return False

    def cancel(self, t: float) -> bool:
        return False


@dataclass
class Adapters:
    """The list of serial adapters as the operating system would give it."""

    at: Path
    plugged: bool = True
    serial_number: str = "KM-1"

    def __call__(self) -> list[PortInfo]:
        ours = PortInfo(str(self.at), "USB serial", 0x0403, 0x6001, self.serial_number)
        return [ours] if self.plugged else []


class Chairside:
    def __init__(self, folder: Path) -> None:
        self.clock = SteadyClock(SPEED)
        self.patient = Bedside()
        monitor = DinamapMonitor(self.patient, START)

        def answer(data: bytes) -> bytes:
            return b"".join(monitor.feed(data, (self.clock.now() - begun).total_seconds()))

        begun = self.clock.now()
        self.port = folder / "ttyUSB0"
        self.adapters = Adapters(self.port)
        self.far = FarEnd(self.port, answer)
        self.far.__enter__()
        self.bridge = Bridge()
        self.station = Station(
            str(folder / "store.db"),
            self.clock,
            self.bridge.publish,
            finder=lambda url: PortFinder(url, self.adapters),
        )
        nurse = Person("okafor", "R. Okafor RN", Role.NURSE)
        self.window = MainWindow(Theme(), self.station, self.bridge, person=nurse)
        self.window.resize(1366, 768)
        self.window.show()
        plan = SessionPlan(
            Patient("SIMULATED, Patient", "SIM-0000", date(1980, 1, 1)),
            70,
            self.station.protocol("iv-ketamine-40"),
            (DeviceChoice("dinamap", str(self.port), "dinamap"),),
            simulated=True,
            chair="1",
        )
        self.session, done = self.station.start(plan, "okafor")
        done.result(60)

    @property
    def page(self) -> LivePage:
        return self.window.live.pages[self.session]

    def pull(self) -> None:
        self.far.pull()
        self.adapters.plugged = False

    def plug(self, name: Path) -> None:
        self.far.plug(name)
        self.adapters.at, self.adapters.plugged = name, True

    def close(self) -> None:
        self.window.close()
        self.window.close()
        self.station.close()
        self.far.__exit__(None, None, None)
        self.window.deleteLater()


@pytest.fixture
def chairside(tmp_path: Path, qapp: object) -> Iterator[Chairside]:
    made = Chairside(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("name", ["ttyUSB0", "ttyUSB7"])
def test_pulled_and_back_under_the_same_and_another_name(
    chairside: Chairside, qtbot: QtBot, name: str
) -> None:
    c = chairside
    qtbot.waitUntil(lambda: c.session in c.window.live.pages, timeout=WAIT)
    qtbot.waitUntil(lambda: "97" in c.page.spo2.words, timeout=WAIT)
    assert "No active alarms" in c.page.alarm_bar.words

    c.pull()
    qtbot.waitUntil(lambda: "dinamap: link lost" in c.page.alarm_bar.words, timeout=WAIT)
    qtbot.waitUntil(lambda: "– –" in c.page.spo2.words, timeout=WAIT)
    assert "– –" in c.page.pulse.words
    assert "97" not in c.page.spo2.words

    c.patient.spo2 = 95
    c.plug(c.port.with_name(name))
    qtbot.waitUntil(lambda: "95" in c.page.spo2.words, timeout=WAIT)
    qtbot.waitUntil(lambda: "No active alarms" in c.page.alarm_bar.words, timeout=WAIT)

    entries = c.station.entries(c.session)
    assert verify_chain(c.session, entries) == []
    alarms = [(e.body["event"], e.body["id"]) for e in entries if e.kind == "alarm"]
    lost = [alarm for alarm in alarms if alarm[1] == "link_lost:dinamap"]
    assert lost == [("raised", "link_lost:dinamap"), ("cleared", "link_lost:dinamap")]
    # At this speed the wait for the first reading can be long enough for an alarm of its own.
    others = [alarm for alarm in alarms if alarm not in lost]
    assert {key.partition(":")[0] for _, key in others} <= {"no_reading"}
    raised, cleared = (
        sorted(key for event, key in others if event == what) for what in ("raised", "cleared")
    )
    assert raised == cleared
    # Nothing was invented while the cable was out: each stored value is one that was sent.
    stored = {
        e.body["values"]["spo2"]
        for e in entries
        if e.kind == "reading" and "spo2" in e.body["values"]
    }
    assert stored == {97, 95}


def test_another_monitor_on_the_old_name_is_not_taken_for_ours(
    chairside: Chairside, qtbot: QtBot
) -> None:
    c = chairside
    qtbot.waitUntil(lambda: c.session in c.window.live.pages, timeout=WAIT)
    qtbot.waitUntil(lambda: "97" in c.page.spo2.words, timeout=WAIT)
    c.pull()
    qtbot.waitUntil(lambda: "– –" in c.page.spo2.words, timeout=WAIT)
    c.adapters.serial_number = "OTHER"
    c.patient.spo2 = 95
    c.plug(c.port)
    qtbot.wait(1500)
    assert "95" not in c.page.spo2.words
    assert "dinamap: link lost" in c.page.alarm_bar.words
