"""Keys that act whatever is open and whatever is typed in: each has a modifier."""

from __future__ import annotations

ACKNOWLEDGE = "Alt+A"
AUDIO = "Alt+S"
AUDIO_ALL = "Alt+Shift+S"
LOCK = "Alt+L"
