"""Which characters the PDF's own font can show, and a readable stand-in for the others."""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Collection
from pathlib import Path

from ketamonitor.report.files import ReportError

#: A word longer than this gets places where a line may break; no name or drug is as long.
LONG_WORD = 24

_LONG = re.compile(rf"\S{{{LONG_WORD}}}(?=\S)")
#: Never shown as such: control and format characters, surrogate, private use, not assigned.
_UNSHOWABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def covered(font: Path) -> frozenset[int]:
    """The code points that an OpenType font has a glyph for (its Unicode ``cmap``).

    Raises :class:`ReportError` when the file is missing or is not such a font.
    """
    try:
        data = font.read_bytes()
        return _cmap(data)
    except (OSError, struct.error) as error:
        raise ReportError(f"{font}: the report's font cannot be read: install again") from error


def _cmap(data: bytes) -> frozenset[int]:
    (tables,) = struct.unpack_from(">H", data, 4)
    start = None
    for number in range(tables):
        tag, _, offset, _ = struct.unpack_from(">4sIII", data, 12 + 16 * number)
        if tag == b"cmap":
            start = offset
    if start is None:
        raise struct.error("no cmap table")
    (subtables,) = struct.unpack_from(">H", data, start + 2)
    points: set[int] = set()
    for number in range(subtables):
        (offset,) = struct.unpack_from(">I", data, start + 8 + 8 * number)
        points |= _subtable(data, start + offset)
    return frozenset(points)


def _subtable(data: bytes, at: int) -> set[int]:
    """Formats 4 (to U+FFFF) and 12 (all) of the OpenType specification; others add nothing."""
    (form,) = struct.unpack_from(">H", data, at)
    points: set[int] = set()
    if form == 12:
        (groups,) = struct.unpack_from(">I", data, at + 12)
        for number in range(groups):
            first, last, _ = struct.unpack_from(">III", data, at + 16 + 12 * number)
            points.update(range(first, last + 1))
    elif form == 4:
        (double,) = struct.unpack_from(">H", data, at + 6)
        lasts = struct.unpack_from(f">{double // 2}H", data, at + 14)
        firsts = struct.unpack_from(f">{double // 2}H", data, at + 16 + double)
        for first, last in zip(firsts, lasts, strict=True):
            points.update(range(first, last + 1))
        points.discard(0xFFFF)
    return points


def showable(text: str, points: frozenset[int] | None = None, *, letters: bool = False) -> str:
    """The text with ``[U+4E2D]`` for what cannot be shown: nothing is dropped in silence.

    Control, private and unassigned characters are always spelt out, others only when ``points``
    (from :func:`covered`) is given and lacks them; with ``letters`` those of any script stay all
    the same. Line ends stay.
    """
    parts = [
        letter if _shown(letter, points, letters) else f"[U+{ord(letter):04X}]"
        for letter in text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    ]
    return "".join(parts)


def spelt_out(text: str, lacking: Collection[str]) -> str:
    """The text with ``[U+4E2D]`` for each of these letters, and all others as they are."""
    return "".join(f"[U+{ord(letter):04X}]" if letter in lacking else letter for letter in text)


def _shown(letter: str, points: frozenset[int] | None, letters: bool) -> bool:
    if letter == "\n":
        return True
    category = unicodedata.category(letter)
    if category in _UNSHOWABLE:
        return False
    if points is None or ord(letter) in points or letter in "\u200b\u00a0 ":
        return True
    return letters and category[0] in "LM"


def breakable(text: str) -> str:
    """The text with zero-width spaces in words too long for a line."""
    return _LONG.sub(lambda match: match.group() + "\u200b", text)
