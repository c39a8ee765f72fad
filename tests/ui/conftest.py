"""What every screen test needs: no real display, and a theme as the program dresses itself."""

from __future__ import annotations

import os

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture
def theme(qapp):  # type: ignore[no-untyped-def]
    """The night theme with the shipped fonts."""
    from ui.theme import Theme

    made = Theme()
    assert made.install(qapp) == []
    return made
