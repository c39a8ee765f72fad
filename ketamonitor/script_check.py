"""What a line of a script may say: each verb with its fields and their kinds, checked in words.

It is all checked before a session begins: a slip in the last line must not be found when the
patient's first dose is in the record.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from ketamonitor.instruments import INSTRUMENTS
from ketamonitor.treatment import order
from ketamonitor.treatment.checkin_items import ITEMS

#: No number of a script comes near it.
_MOST = 1e9
#: Objects within objects: a check-in's answers are the third.
_DEEPEST = 6


def loaded(line: str) -> Any:
    """The JSON of a line. Raises ``ValueError`` in words: no JSON, not a number (NaN), more digits
    than a number has, lists within lists without end, half a letter."""
    try:
        data = json.loads(line, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg} at column {error.colno}") from error
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
    except _NoNumberError:
        raise
    except ValueError as error:  # the interpreter's own bound on the digits of a whole number
        raise ValueError("has a number with too many digits") from error
    _plain(data, 0)
    return data


class _NoNumberError(ValueError):
    pass


def _no_number(word: str) -> NoReturn:
    raise _NoNumberError(f"{word} is no number")


def _plain(value: Any, depth: int) -> None:
    if depth > _DEEPEST:
        raise ValueError("is nested too deeply")
    if isinstance(value, str):
        if any("\ud800" <= letter <= "\udfff" for letter in value):
            raise ValueError("has half a letter (a surrogate without its other half)")
    elif isinstance(value, int | float):
        if not math.isfinite(value) or abs(value) > _MOST:
            raise ValueError("has a number that is too large")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _plain(key, depth + 1)
            _plain(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _plain(inner, depth + 1)


# Kinds of values -------------------------------------------------------------------------------

_Kind = Callable[[str, Any], None]


def shown(value: Any) -> str:
    """A value as it stands in the script, short enough for a line."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value, ensure_ascii=False)
    text = f"the text {text}" if isinstance(value, str) else text
    return text if len(text) <= 60 else f"{text[:59]}…"


def _number(what: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{what} must be a number, not {shown(value)}")


def _whole(what: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{what} must be a whole number, not {shown(value)}")


def _text(what: str, value: Any) -> None:
    if not isinstance(value, str):
        raise ValueError(f"{what} must be text, not {shown(value)}")


def _typed(what: str, value: Any) -> None:
    """A number, or one as it stands on a pump, as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{what} must be a number, or one as text, not {shown(value)}")


def _answer(what: str, value: Any) -> None:
    if isinstance(value, float):
        raise ValueError(f"{what} takes a whole number, not {shown(value)}")
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(
            f"{what} must be a whole number, or a word such as declined, not {shown(value)}"
        )


def _answers(what: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise ValueError(f"{what} must be an object of answers, not {shown(value)}")


def _or_none(kind: _Kind) -> _Kind:
    return lambda what, value: None if value is None else kind(what, value)


#: Of each verb its fields with their kinds; a star marks those that must be there.
_FIELDS: Mapping[str, Mapping[str, _Kind]] = {
    "bp": {"*sys": _number, "*dia": _number, "map": _or_none(_number), "pulse": _or_none(_number)},
    "checkin": {"*item": _text, "status": _text, "value": _answers, "reason": _text},
    "weighed": {"*decision": _text, "*reason": _text},
    "dose": {
        **{"*drug": _text, "*route": _text, "*mg": _number, "device": _or_none(_whole)},
        **{"lot": _or_none(_text), "note": _text, "why": _text, "site": _text},
        **{"hold_s": _or_none(_number), "after_hold": _or_none(_text)},
    },
    "device": {"*step": _text, "lot": _text, "expiry": _text, "reason": _text},
    "infusion": {
        **{"*action": _text, "drug": _text, "route": _text, "mg": _number, "minutes": _number},
        **{"strength_mg_ml": _or_none(_typed), "rate_ml_h": _or_none(_typed)},
        **{"mg_per_min": _number, "given_mg": _or_none(_typed), "reason": _text, "why": _text},
    },
    "order": {
        **dict.fromkeys(order.NUMBERS, _typed),
        **{"weight_basis": _text, "prescriber": _text, "reason": _text},
    },
    "observation": dict.fromkeys(INSTRUMENTS, _answer),
    "note": {"*text": _text, "said_by": _text},
    "interruption": {"*reason": _text, "*minutes": _or_none(_number)},
    "limit": {"*id": _text, "*value": _or_none(_number), "*reason": _text},
    "action": {"*card": _text, "*step": _text, "done": _text},
    "not_done": {"*slot": _text, "*reason": _text},
    "on_site": {"*name": _text, "*present": _text},
    "left": {"*with": _text, "phone": _text},
    "strike": {"*what": _text, "*reason": _text},
}
#: Verbs that take one word or text; those of the first line take an object as well.
_ONE_TEXT = (
    *("device", "infusion", "note", "interruption"),
    *("baseline", "event", "acknowledge", "audio", "clock", "criterion", "ready", "end"),
)


def check(verb: str, detail: Any) -> None:
    """Raises ``ValueError`` in words for a field that is unknown, missing or of another kind."""
    if verb in _ONE_TEXT and isinstance(detail, str):
        return
    fields = _FIELDS.get(verb)
    if fields is None:
        raise ValueError(f"{verb} takes a text, not {shown(detail)}")
    if not isinstance(detail, dict):
        also = "a text or " if verb in _ONE_TEXT else ""
        raise ValueError(f"{verb}: takes {also}an object with its fields, not {shown(detail)}")
    known = {name.lstrip("*"): kind for name, kind in fields.items()}
    for name in detail:
        if name not in known:
            if verb == "observation":
                raise ValueError(f"unknown instrument {name!r} (known: {', '.join(known)})")
            raise ValueError(f"{verb} has no field {name!r} (it has: {', '.join(known)})")
    for name in fields:
        if name.startswith("*") and name[1:] not in detail:
            raise ValueError(f"{verb} needs {name[1:]!r}")
    for name, value in detail.items():
        known[name](name, value)
    if verb == "checkin" and detail["item"] not in ITEMS:
        raise ValueError(f"check-in has no item {detail['item']!r} (it has: {', '.join(ITEMS)})")
