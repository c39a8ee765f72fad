"""Pictures of every dialog of the treatment, on the real window with long names, to be looked at.

``python -m tests.ui.panel_pictures FOLDER [--size 1366x768] [--only PART]``; QT_QPA_PLATFORM and
QT_SCALE_FACTOR are Qt's own. Each is drawn by night and by day. With an on-screen keyboard a window
of 1366 x 768 has about 1366 x 460 left: draw it with ``--size 1366x460``.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import cast

from PySide6.QtCore import QElapsedTimer
from PySide6.QtWidgets import QApplication

from ketamonitor import drafts
from ketamonitor.clock import SteadyClock
from ketamonitor.entries import Draft
from ketamonitor.people import Person, Role
from ketamonitor.station import SessionPlan, Station
from ketamonitor.treatment import ledger as book
from ketamonitor.treatment import nasal, order
from ketamonitor.treatment.checkin import asked, checkin
from ketamonitor.view import Patient
from tests.fakes import ManualClock
from ui.bridge import Bridge
from ui.main_window import MainWindow
from ui.pages.chair import Chair
from ui.pages.checkin import CheckInPanel
from ui.pages.course import CoursePanel
from ui.pages.discharge import OVERRIDE, DischargePanel
from ui.pages.dose import DosePanel
from ui.pages.drug_ledger import LedgerPanel
from ui.theme import Theme

NURSE = Person("okafor", "Chukwuemeka Okafor-Balasubramanian RN", Role.NURSE)
LONG = Patient(
    "VON HOHENLOHE-LANGENBURG, Maximiliane Theresia Alexandra",
    "MRN-2026-0048-2917",
    date(1984, 3, 14),
)
FROM_THE_ORDER = "An order as it was written on the prescriber’s sheet"


class Studio:
    """One session on the window, entries put straight into the recorder, and pictures of it."""

    def __init__(self, app: QApplication, theme: Theme, folder: Path, size: str) -> None:
        self.app, self.theme, self.folder, self.size = app, theme, folder, size
        self.home = tempfile.TemporaryDirectory()
        self.clock, self.bridge = ManualClock(), Bridge()
        clock = cast(SteadyClock, self.clock)
        store = str(Path(self.home.name) / "store.db")
        self.station = Station(store, clock, self.bridge.publish)
        self.window = MainWindow(theme, self.station, self.bridge, person=NURSE, ports=lambda: [])
        width, height = (int(part) for part in size.split("x"))
        self.window.resize(width, height)
        self.window.show()
        self.session = ""

    @property
    def chair(self) -> Chair:
        return self.window.chairs[self.session]

    def begin(self, protocol: str) -> None:
        plan = SessionPlan(
            LONG, 68.4, self.station.protocols[protocol], (), True, "Room 3, left", 7
        )
        self.session, started = self.station.start(plan, NURSE.name)
        started.result(60)
        self.until(lambda: self.session in self.window.chairs)

    def add(self, *new: Draft) -> None:
        self.station.submit(self.session, *new).result(60)
        last = self.station.entries(self.session)[-1].seq
        self.until(lambda: self.chair.record.entries >= last)

    def book(self, row: Draft) -> None:
        self.station.enter_drug(row).result(60)

    def after(self, minutes: float) -> None:
        now = self.clock.advance(60 * minutes)
        self.until(lambda: self.chair.view.now >= now)
        self.chair.tick()

    def until(self, wanted: Callable[[], object], seconds: float = 10) -> None:
        timer = QElapsedTimer()
        timer.start()
        while not wanted():
            self.app.processEvents()
            if timer.elapsed() > seconds * 1000:
                raise TimeoutError("not seen in time")

    def take(self, name: str) -> None:
        for night in (True, False):
            self.theme.set_night(night)
            for _ in range(3):
                self.app.processEvents()
            path = self.folder / f"{name}-{'night' if night else 'day'}-{self.size}.png"
            if not self.window.grab().save(str(path)):
                raise OSError(f"{path} could not be written")
            print(path.name)

    def close(self) -> None:
        self.window.close()
        self.window.close()
        self.station.close()
        self.home.cleanup()


def _now(at: Studio) -> dict[str, object]:
    return {"at": at.clock.now(), "author": NURSE.name}


def before_the_dose(at: Studio) -> Iterator[str]:
    """Check-in item by item, a pressure that must be weighed, the first screens of the dose."""
    at.begin("iv-ketamine-40")
    at.after(0.05)
    yield "live-before"
    at.chair.open("checkin")
    panel = at.chair.page.panel
    assert isinstance(panel, CheckInPanel)
    for key in asked(at.chair.view.info.protocol.checkin):
        panel.items.show_item(key)
        yield f"checkin-{key}"
    now = at.clock.now()
    at.add(drafts.manual_bp(152, 94, at=now, author=NURSE.name))
    at.chair.open("baseline")
    yield "baseline"
    first = next(iter(at.chair.page.panel.choice.options))  # type: ignore[union-attr]
    at.chair.page.panel.choice.choose(first)  # type: ignore[union-attr]
    yield "baseline-weighed"
    at.chair.open("dose")
    yield "dose-start"
    dose = at.chair.page.panel
    assert isinstance(dose, DosePanel)
    dose.choice.choose("Order")
    yield "dose-order"
    dose.choice.choose("Other drug")
    yield "dose-other"
    at.chair.show_more()
    yield "more"
    at.chair.open("end")
    yield "end-no-dose"


def an_infusion(at: Studio) -> Iterator[str]:
    """An infusion that runs, with everything a nurse opens beside it, to the way home."""
    at.begin("iv-ketamine-40")
    now, by = at.clock.now(), NURSE.name
    at.add(drafts.manual_bp(122, 78, at=now, author=by))
    seq = at.chair.record.cuff[0].seq
    at.add(drafts.baseline(122, 78, seq, now, at=now, author=by))
    allergic = {"known": "known", "list": "penicillin (anaphylaxis 2011), latex, adhesive plaster"}
    at.add(checkin("allergies", "answered", allergic, at=now, author=by))
    plan = at.chair.view.info.protocol.dose
    typed = {"mg": "34.2", "mg_per_kg": "0.5", "weight_kg": "68.4", "minutes": "40"}
    made = order.read(
        plan, typed, weight_basis="actual", prescriber="Dr Anne-Marie Hale-Featherstonehaugh"
    )
    at.add(order.draft(made, plan, reason="", at=now, author=by))
    at.chair.open("dose")
    yield "dose-ordered"
    ordered = at.chair.page.panel
    assert isinstance(ordered, DosePanel)
    ordered.part.key("Y")
    yield "dose-as-ordered"
    start = drafts.infusion_start(
        plan.drug, "iv", 34.2, 40, weight_kg=68.4, why=FROM_THE_ORDER, at=now, author=by
    )
    at.add(start)
    at.after(12)
    yield "dose-running"
    panel = at.chair.page.panel
    assert isinstance(panel, DosePanel)
    panel.part.key("R")
    yield "dose-new-rate"
    panel.part.key("P")
    yield "dose-pause"
    at.chair.open("observation")
    yield "observation"
    at.chair.open("pressure")
    yield "pressure"
    at.chair.open("note")
    yield "note"
    at.chair.open("mark")
    yield "event"
    for minutes, level in ((0, 3), (6, 4), (30, 5), (8, 5)):
        at.after(minutes)
        moment = at.clock.now()
        at.add(
            drafts.observation("moaas", "answered", level, at=moment, author=by),
            drafts.observation("dissociation", "answered", 5 - level, at=moment, author=by),
            drafts.observation("breaths", "answered", 14, at=moment, author=by),
            drafts.manual_bp(160 - 6 * level, 96 - 3 * level, at=moment, author=by),
        )
    at.add(drafts.infusion_change("stop", "Order complete", at=at.clock.now(), author=by))
    yield "live-after"
    at.chair.open("schedule")
    yield "schedule"
    at.chair.open("course")
    yield "course"
    course = at.chair.page.panel
    assert isinstance(course, CoursePanel)
    for place, name in enumerate(course.choice.options[1:], 2):
        course.choice.choose(name)
        yield f"course-{place}"
    at.chair.open("correction")
    yield "correction"
    at.chair.open("ledger")
    at.until(lambda: isinstance(at.chair.page.panel, LedgerPanel))
    received = book.received("ketamine", "10", "5", "LOT-24KX118-B", date(2027, 8, 31), **_now(at))  # type: ignore[arg-type]
    at.book(received)
    at.book(book.opened(at.station.drugs.ledger(), 1, **_now(at)))  # type: ignore[arg-type]
    drawn = book.drawn(at.station.drugs.ledger(), 1, "40", session=at.session, **_now(at))  # type: ignore[arg-type]
    at.book(drawn)
    panel_ledger = at.chair.page.panel
    assert isinstance(panel_ledger, LedgerPanel)
    panel_ledger.read()
    at.until(lambda: len(panel_ledger.ledger.rows) == 3)
    panel_ledger.act.choose("Wasted")
    yield "ledger-waste"
    panel_ledger.act.choose("Received")
    yield "ledger-received"
    at.chair.open("home")
    yield "home"
    home = at.chair.page.panel
    assert isinstance(home, DischargePanel)
    home.act.choose(OVERRIDE)
    yield "home-override"
    home.act.choose("Patient left")
    yield "home-left"
    at.chair.open("end")
    yield "end-open"


def nasal_devices(at: Studio) -> Iterator[str]:
    """The guide of the nasal devices: nothing yet, the first one under way, the rest."""
    at.begin("spravato-84")
    at.chair.open("dose")
    yield "nasal-start"
    plan = at.chair.view.info.protocol.dose
    for step in ("lot", "dots", "head", "first", "second", "empty"):
        at.after(0.2)
        guide = at.chair.view.nasal
        assert guide is not None
        if step == "empty":
            at.add(*nasal.confirm(guide, plan, 68.4, **_now(at)))  # type: ignore[arg-type]
        else:
            more = {"lot": "LOT-24KX118-B", "expiry": "2027-08"} if step == "lot" else {}
            made = nasal.device_step(guide, step, rest_min=plan.rest_min, **more, **_now(at))  # type: ignore[arg-type]
            at.add(made)
        if step == "first":
            at.chair.tick()
            yield "nasal-spray"
    at.after(1.5)
    yield "nasal-rest"


def in_the_mouth(at: Studio) -> Iterator[str]:
    at.begin("oral-ketamine")
    at.chair.open("dose")
    yield "oral-start"
    now = at.clock.now()
    at.add(drafts.dose("ketamine (racemic)", "sublingual", 100, at=now, author=NURSE.name))
    at.after(4)
    yield "oral-held"


def one_dose(at: Studio) -> Iterator[str]:
    at.begin("im-ketamine")
    at.chair.open("dose")
    yield "im-start"
    at.add(
        drafts.dose(
            "ketamine (racemic)",
            "im",
            34.2,
            site="left deltoid",
            at=at.clock.now() - timedelta(seconds=20),
            author=NURSE.name,
        )
    )
    panel = at.chair.page.panel
    assert isinstance(panel, DosePanel)
    panel.part.digit("3")
    yield "im-doubt"


def protocols(at: Studio) -> Iterator[str]:
    page = at.window.protocols
    at.window.show_protocols()
    page.choice.choose("spravato-84")
    at.until(lambda: "spravato-84" in page._standing)
    yield "protocols"
    page.tabs.setCurrentIndex(1)
    yield "protocols-changes"
    page.tabs.setCurrentIndex(2)
    yield "protocols-text"


PARTS: dict[str, Callable[[Studio], Iterator[str]]] = {
    "before": before_the_dose,
    "infusion": an_infusion,
    "nasal": nasal_devices,
    "mouth": in_the_mouth,
    "one": one_dose,
    "protocols": protocols,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", default="1366x768")
    parser.add_argument("--only", choices=PARTS)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication(sys.argv[:1])
    theme = Theme()
    theme.install(app)
    for name in [args.only] if args.only else PARTS:
        at = Studio(app, theme, args.folder, args.size)
        for picture in PARTS[name](at):
            at.take(picture)
        at.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
