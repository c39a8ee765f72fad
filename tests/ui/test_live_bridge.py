"""Where threads meet Qt: order, bursts, results, errors, and pages that are gone."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from threading import Thread, get_ident

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from ketamonitor.view import Update
from tests.ui import made_up
from ui.bridge import Bridge


def test_a_burst_reaches_the_slot_as_one_update_in_order(qtbot: QtBot) -> None:
    bridge, seen = Bridge(), list[tuple[int, Update]]()
    bridge.updated.connect(lambda update: seen.append((get_ident(), update)))
    made = made_up.calm(step_s=12)
    view = made.view()

    def recorder() -> None:
        for number, entry in enumerate(made.entries[:200]):
            bridge.publish(Update(entry.session, (entry,), replace(view, unsaved=number)))

    thread = Thread(target=recorder)
    thread.start()
    thread.join()
    assert seen == [], "nothing runs on the recorder's thread"
    qtbot.waitUntil(lambda: bool(seen))
    QApplication.processEvents()
    assert len(seen) == 1
    caller, update = seen[0]
    assert caller == get_ident()
    assert [entry.seq for entry in update.entries] == list(range(1, 201))
    assert update.view.unsaved == 199


def test_updates_of_two_sessions_stay_apart(qtbot: QtBot) -> None:
    bridge, seen = Bridge(), list[Update]()
    bridge.updated.connect(seen.append)
    made = made_up.fresh()
    for session in ("one", "two", "one"):
        bridge.publish(Update(session, (made.entries[0],), made.view()))
    qtbot.waitUntil(lambda: len(seen) == 2)
    assert {update.session: len(update.entries) for update in seen} == {"one": 2, "two": 1}


def test_results_and_errors_arrive_on_the_gui_thread(qtbot: QtBot) -> None:
    bridge, told = Bridge(), list[tuple[str, object, int]]()

    def fails() -> int:
        raise ValueError("the disk is full")

    with ThreadPoolExecutor(1) as pool:
        for work in (lambda: 42, fails):
            bridge.deliver(
                pool.submit(work),
                lambda result: told.append(("done", result, get_ident())),
                lambda error: told.append(("failed", str(error), get_ident())),
            )
    qtbot.waitUntil(lambda: len(told) == 2)
    here = get_ident()
    assert told == [("done", 42, here), ("failed", "the disk is full", here)]


def test_a_cancelled_future_is_a_failure_and_a_deleted_owner_is_left_alone(qtbot: QtBot) -> None:
    bridge, told = Bridge(), list[str]()
    cancelled: Future[int] = Future()
    bridge.deliver(
        cancelled, lambda _: told.append("done"), lambda e: told.append(type(e).__name__)
    )
    cancelled.cancel()
    gone = QObject()
    orphan: Future[int] = Future()
    bridge.deliver(orphan, lambda _: told.append("gone"), lambda _: told.append("gone"), gone)
    gone.deleteLater()
    qtbot.waitUntil(lambda: told == ["CancelledError"])
    orphan.set_result(1)
    QApplication.processEvents()
    assert told == ["CancelledError"]
