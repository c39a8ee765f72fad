"""A desk for entry panels under test: a real bridge, futures the test completes, a set clock."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import msgspec

from ketamonitor.entries import Draft, Entry
from ketamonitor.library import SHIPPED
from ketamonitor.protocol import read_protocol
from ketamonitor.treatment.plan import CheckInPlan
from ketamonitor.view import LimitView, Patient, SessionInfo, SessionView
from ui.bridge import Bridge
from ui.pages.entry import Desk
from ui.pages.parts import Kit
from ui.theme import Theme

START = datetime(2026, 11, 23, 14, 0, 0, tzinfo=UTC)
PATIENT = Patient("LINDQVIST, Maren", "0048-2917", date(1984, 3, 14))


class Bench:
    """What a panel sees of the program: ``sent`` holds what it handed over, in order."""

    def __init__(self) -> None:
        self.theme = Theme()
        self.bridge = Bridge()
        self.now = START + timedelta(minutes=36, seconds=5)
        self.author: str | None = "r.okafor"
        self.sent: list[tuple[Draft, ...]] = []
        self.futures: list[Future[tuple[Entry, ...]]] = []
        self.desk = Desk(
            Kit(self.theme),
            lambda: self.now,
            lambda: self.author,
            self._submit,
            self.bridge.deliver,
        )

    def _submit(self, drafts: tuple[Draft, ...]) -> Future[tuple[Entry, ...]]:
        self.sent.append(drafts)
        self.futures.append(Future())
        return self.futures[-1]

    def saved(self) -> None:
        """The recorder says that the last submission is durable."""
        self.futures[-1].set_result(())

    def refused(self, why: str) -> None:
        self.futures[-1].set_exception(RuntimeError(why))


def view(protocol: str = "iv-ketamine-40", **changes: object) -> SessionView:
    """A picture of a session that has begun and in which nothing has happened. Its protocol needs
    no check-in: what that asks of a dose has tests of its own."""
    shipped = read_protocol(SHIPPED / f"{protocol}.toml")
    plan = msgspec.structs.replace(shipped, checkin=CheckInPlan())
    info = SessionInfo("KM-261123-000001", START, PATIENT, 68.4, plan, (), True, "3", "r.okafor")
    empty = SessionView(
        info=info,
        now=START,
        values={},
        alarms=(),
        covered=(),
        last_alarm="",
        due=(),
        limits=tuple(LimitView(limit, limit.bound(None)) for limit in plan.limit),
        links=(),
        baseline=None,
        infusion=None,
        total_mg=0.0,
        doses=0,
        first_dose_at=None,
        gate_at=None,
        observed={},
        saved_at=None,
        unsaved=0,
        record_fault="",
        ended_at=None,
    )
    return replace(empty, **changes)  # type: ignore[arg-type]
