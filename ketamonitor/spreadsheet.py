"""CSV as a spreadsheet opens it by a double click: its letters right, and no cell a formula."""

from __future__ import annotations

import codecs

#: What a spreadsheet would take for the beginning of a formula; some take the wide forms, too.
_FORMULA = (*"=+-@", *"＝＋－＠", "\t", "\r", "\n")


def cell(value: object) -> object:
    """A value for a cell: nothing for ``None``; text that a spreadsheet would run has an
    apostrophe before it. Numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.lstrip(" \u00a0").startswith(_FORMULA) else value
    return value


def encoded(text: str) -> bytes:
    """UTF-8 with a byte order mark: without one a spreadsheet on Windows mangles letters."""
    return codecs.BOM_UTF8 + text.encode()
