"""A window that stood still says so in the record, once, and only where it was long."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from ketamonitor.station import Station
from ketamonitor.words import headline
from tests.domain.builders import SESSION, started
from tests.fakes import RealSeconds
from ui.stillness import Stillness


def test_a_window_that_stood_still_says_for_how_long(tmp_path: Path, qtbot: QtBot) -> None:
    clock = RealSeconds()
    station = Station(str(tmp_path / "store.db"), clock, lambda update: None)  # type: ignore[arg-type]
    try:
        station._recorder.open(SESSION, started()).result(60)
        still = Stillness(station, lambda: [SESSION])

        def told() -> list[float]:
            entries = station.entries(SESSION)
            return [e.body["for_s"] for e in entries if e.body.get("event") == "window_late"]

        clock.advance(2.9)
        qtbot.waitUntil(lambda: still._looked_at == clock.now())
        clock.advance(10.0)
        qtbot.waitUntil(lambda: told() == [10.0])
        qtbot.wait(1100)
        assert told() == [10.0]
        last = next(e for e in station.entries(SESSION) if e.body.get("event") == "window_late")
        assert headline(last) == (
            "The window stood still for 10 s",
            "recording and alerts went on",
        )
        still.end()
    finally:
        station.close()
