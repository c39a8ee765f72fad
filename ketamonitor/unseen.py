"""Characters that cannot be seen and change what is: refused where they are typed, spelt elsewhere.

Control and format characters of Unicode (categories Cc and Cf: ESC, U+202E, zero width ones), lone
surrogates and line and paragraph separators. A name that holds one reads as another name.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
_RTL = frozenset(("R", "AL"))
#: First strong isolate, and the end of an isolate (Unicode Standard Annex 9).
FSI, PDI = "\u2068", "\u2069"


def unseen(letter: str) -> bool:
    return unicodedata.category(letter) in _UNSEEN


def spelt(letter: str) -> str:
    """``U+202E``."""
    return f"U+{ord(letter):04X}"


def refuse(text: str, what: str, *, lines: bool = False) -> None:
    """Raises ``ValueError`` with one clear line where a name, number or title holds one.

    ``lines``: a note, which has lines and in which people may write as their script does: only
    control characters and what cannot be stored are refused.
    """
    for letter in text:
        category = unicodedata.category(letter)
        if lines and (letter in "\n\t" or category not in ("Cc", "Cs")):
            continue
        if category in _UNSEEN:
            raise ValueError(
                f"{what} holds a character that cannot be seen ({spelt(letter)}): type it again"
            )


def on_terminal(text: str) -> str:
    """The text as a terminal may have it: ``<U+001B>`` for what would act on it or hide in it."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(f"<{spelt(c)}>" if unseen(c) and c not in "\n\t" else c for c in text)


def json_line(data: object) -> str:
    """One JSON object on one line, with ``\\u202e`` for what would act on a terminal."""
    text = json.dumps(data, ensure_ascii=False)
    if text.isascii() and text.isprintable():
        return text
    return "".join(json.dumps(c)[1:-1] if unseen(c) else c for c in text)


def all_texts(data: Any) -> Iterator[str]:
    """Every text in JSON-like data, keys included."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from all_texts(key)
            yield from all_texts(value)
    elif isinstance(data, (list, tuple)):
        for value in data:
            yield from all_texts(value)


def isolated(text: str) -> str:
    """The text with each run that is written from right to left set apart, so that it reorders
    no number or word beside it."""
    if text.isascii() or not any(unicodedata.bidirectional(c) in _RTL for c in text):
        return text
    kinds = "".join("r" if unicodedata.bidirectional(c) in _RTL else _kind(c) for c in text)
    made, last = [], 0
    for run in re.finditer(r"r(?:[rnm]*r)?m*", kinds):
        made += [text[last : run.start()], FSI, text[run.start() : run.end()], PDI]
        last = run.end()
    return "".join([*made, text[last:]])


def _kind(letter: str) -> str:
    """``m`` a mark on a letter, ``n`` a space or sign within a name, ``l`` anything else."""
    if unicodedata.category(letter)[0] == "M":
        return "m"
    return "n" if letter in " -'.,\u05be" else "l"
