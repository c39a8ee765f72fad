"""What every screen test needs: no real display, and a theme as the program dresses itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.waits import PATIENCE_MS

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(autouse=True, scope="session")
def shipped_fonts(qapp: object) -> None:
    """Room for words is measured in the program's own fonts, whichever test comes first."""
    from ui.typeface import load_fonts

    assert load_fonts() == []


@pytest.fixture(autouse=True)
def own_ports_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is remembered of ports goes into a file of the test's own."""
    path = tmp_path / "ports.json"
    monkeypatch.setenv("KETAMONITOR_PORTS", str(path))
    return path


class PatientBot(QtBot):
    """Its waits end when what they wait for is there, or when no busy computer is that slow."""

    def waitUntil(self, callback, *, timeout: int = PATIENCE_MS) -> None:  # type: ignore[no-untyped-def]
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal, *, timeout: int = PATIENCE_MS, **more):  # type: ignore[no-untyped-def]
        return super().waitSignal(signal, timeout=timeout, **more)


@pytest.fixture
def qtbot(qapp: object, request: pytest.FixtureRequest) -> QtBot:
    """pytest-qt's own, with our bound in place of its five seconds."""
    return PatientBot(request)


@pytest.fixture
def theme(qapp):  # type: ignore[no-untyped-def]
    """The night theme with the shipped fonts."""
    from ui.theme import Theme

    made = Theme()
    assert made.install(qapp) == []
    return made
