"""A written nurse: what is done at which second of a session, for tests and demonstrations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from devices.bounded import bytes_of
from ketamonitor import alarm_drafts, drafts
from ketamonitor.alarms.order import milder
from ketamonitor.entries import Draft, Entry
from ketamonitor.instruments import AnswerStatus
from ketamonitor.script_check import check, loaded, shown
from ketamonitor.treatment import discharge, infusion, nasal, order
from ketamonitor.treatment.checkin import bp_weighed, checkin
from ketamonitor.treatment.checkin_items import ITEMS, FieldKind
from ketamonitor.treatment.checkin_typed import read_when
from ketamonitor.treatment.corrections import Corrections, struck
from ketamonitor.treatment.not_done import not_done
from ketamonitor.treatment.on_site import on_site
from ketamonitor.view import ActiveAlarm, SessionView

#: Bytes above which a file is no script that a nurse could follow.
LARGEST = 10_000_000

VERBS = (
    "bp",
    "checkin",
    "weighed",
    "baseline",
    "dose",
    "device",
    "infusion",
    "order",
    "observation",
    "note",
    "event",
    "acknowledge",
    "audio",
    "interruption",
    "limit",
    "action",
    "not_done",
    "on_site",
    "criterion",
    "ready",
    "left",
    "strike",
    "clock",
    "end",
)

#: What can be judged only while the session runs: its protocol and what it shows count.
_OF_THE_MOMENT = (
    "checkin",
    "weighed",
    "order",
    "device",
    "baseline",
    "acknowledge",
    "audio",
    "interruption",
    "limit",
    "action",
    "not_done",
    "criterion",
    "strike",
)


_VERBS = ", ".join(VERBS)


class ScriptError(ValueError):
    """A script that cannot be played; the text names file, line and fault."""


@dataclass(frozen=True, slots=True)
class Act:
    """One line: at session second ``t_s`` do ``verb`` with ``detail``."""

    t_s: float
    verb: str
    detail: Any
    where: str


@dataclass(slots=True)
class Seen:
    """What the nurse of a script can see: the last picture, the last usable cuff reading, and what
    can be struck out."""

    view: SessionView | None = None
    cuff: Entry | None = None
    corrections: Corrections = field(default_factory=Corrections)

    def take(self, entry: Entry) -> None:
        self.corrections.add(entry)
        values = entry.body.get("values", {}) if entry.kind == "reading" else {}
        doubtful = any(f.startswith("implausible:nibp") for f in entry.body.get("flags", ()))
        if values.get("nibp_sys") is not None and values.get("nibp_dia") is not None:
            self.cuff = self.cuff if doubtful else entry


def read_script(path: Path) -> list[Act]:
    """The acts of a JSON-lines file in order of time. Raises :class:`ScriptError`."""
    try:
        # Only the line's own end ends it: JSON text may hold other letters that look like one.
        lines = bytes_of(path, LARGEST).decode("utf-8-sig").split("\n")
    except OSError as error:
        raise ScriptError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ScriptError(f"{path}: is not UTF-8 text") from error
    acts = [_act(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip()]
    return sorted(acts, key=lambda act: act.t_s)


def _act(line: str, where: str) -> Act:
    try:
        data = loaded(line)
    except ValueError as error:
        raise ScriptError(f"{where}: {error}") from error
    if not isinstance(data, dict) or "t_s" not in data:
        raise ScriptError(f'{where}: needs "t_s", the session second')
    t_s = data.pop("t_s")
    if isinstance(t_s, bool) or not isinstance(t_s, int | float) or not 0 <= t_s < 1e6:
        raise ScriptError(f"{where}: t_s must be seconds from 0, not {shown(t_s)}")
    if unknown := [word for word in data if word not in VERBS]:
        raise ScriptError(f"{where}: {unknown[0]!r} is unknown: needs exactly one of {_VERBS}")
    if len(data) != 1:
        raise ScriptError(f"{where}: needs exactly one of {_VERBS}")
    verb, detail = next(iter(data.items()))
    try:
        check(verb, detail)
    except ValueError as error:
        said = str(error)
        raise ScriptError(
            f"{where}: {said}" if said.startswith(verb) else f"{where}: {verb}: {said}"
        ) from error
    act = Act(float(t_s), verb, detail, where)
    if verb not in _OF_THE_MOMENT:
        # Whatever does not depend on the running session is checked before it begins.
        drafts_of(act, Seen(), 70.0, datetime.fromisoformat("2000-01-01T00:00+00:00"), "check")
    return act


def drafts_of(
    act: Act, seen: Seen, weight_kg: float | None, at: datetime, author: str
) -> list[Draft]:
    """The drafts an act leads to. Raises :class:`ScriptError` where it cannot be done."""
    try:
        return _drafts_of(act, seen, weight_kg, at, author)
    except KeyError as error:
        raise ScriptError(f"{act.where}: {act.verb} needs {error.args[0]!r}") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise ScriptError(f"{act.where}: {act.verb}: {error}") from error


def _drafts_of(
    act: Act, seen: Seen, weight_kg: float | None, at: datetime, author: str
) -> list[Draft]:
    detail = act.detail
    if act.verb == "bp":
        return [
            drafts.manual_bp(
                detail["sys"],
                detail["dia"],
                detail.get("map"),
                detail.get("pulse"),
                at=at,
                author=author,
            )
        ]
    if act.verb == "dose":
        return [
            drafts.dose(
                detail["drug"],
                detail["route"],
                detail["mg"],
                weight_kg=weight_kg,
                device_no=detail.get("device"),
                lot=detail.get("lot"),
                note=detail.get("note", ""),
                why=detail.get("why", ""),
                hold_s=detail.get("hold_s"),
                after_hold=detail.get("after_hold"),
                site=detail.get("site", ""),
                at=at,
                author=author,
            )
        ]
    if act.verb == "infusion":
        return [_infusion(detail, weight_kg, at, author)]
    if act.verb == "device":
        return _device(detail, seen, at, author)
    if act.verb == "order":
        return [_order(detail, seen, at, author)]
    if act.verb == "observation":
        return [_observation(key, answer, at, author) for key, answer in detail.items()]
    if act.verb == "note":
        text, said_by = (
            (detail["text"], detail.get("said_by", "nurse"))
            if isinstance(detail, dict)
            else (detail, "nurse")
        )
        return [drafts.note(text, said_by=said_by, at=at, author=author)]
    if act.verb == "on_site":
        name, present = detail["name"], detail["present"]
        return [on_site(name, present, at=at, author=author)]
    if act.verb == "event":
        return [drafts.mark(detail, at=at, author=author)]
    if act.verb == "ready":
        if detail != "yes":
            raise ValueError('only "yes" is known')
        return [discharge.ready(at=at, author=author)]
    if act.verb == "left":
        return [discharge.left(detail["with"], detail.get("phone", ""), at=at, author=author)]
    if act.verb == "criterion":
        if seen.view is None:
            raise ValueError("the session shows nothing yet")
        plan = seen.view.info.protocol.criterion
        return [discharge.met(plan, detail, at=at, author=author)]
    if act.verb == "checkin":
        status = detail.get("status", "answered")
        return [
            checkin(
                detail["item"],
                status,
                _typed_times(detail["item"], detail.get("value", {}), at),
                detail.get("reason", ""),
                at=at,
                author=author,
            )
        ]
    if act.verb == "weighed":
        if seen.cuff is None:
            raise ValueError("there is no cuff reading to weigh")
        values = seen.cuff.body["values"]
        return [
            bp_weighed(
                seen.cuff.seq,
                values["nibp_sys"],
                values["nibp_dia"],
                detail["decision"],
                detail["reason"],
                at=at,
                author=author,
            )
        ]
    if act.verb == "baseline":
        if detail != "lock":
            raise ValueError('only "lock" is known')
        if seen.cuff is None:
            raise ValueError("there is no cuff reading to lock")
        values = seen.cuff.body["values"]
        return [
            drafts.baseline(
                values["nibp_sys"],
                values["nibp_dia"],
                seen.cuff.seq,
                seen.cuff.at,
                at=at,
                author=author,
            )
        ]
    if act.verb == "acknowledge":
        return [
            alarm_drafts.acknowledge(alarm, at=at, author=author) for alarm in _asked(detail, seen)
        ]
    if act.verb == "clock":
        if detail not in ("right", "wrong"):
            raise ValueError('"clock" is "right" or "wrong"')
        return [drafts.clock_checked(detail == "right", at=at, author=author)]
    if act.verb == "not_done":
        return [_not_done(detail, seen, at, author)]
    if act.verb == "strike":
        return [_strike(detail, seen, at, author)]
    if act.verb in _OF_THE_MOMENT:
        return [_on_alarms(act.verb, detail, seen, at, author)]
    return [drafts.ended(str(detail), at=at, author=author)]


def _typed_times(item: str, value: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """A check-in's days and times as a nurse types them; ``today`` is the day of the session, so
    that a script can be played on any day."""
    kinds = {row.key: row for row in ITEMS[item].fields}
    made = dict(value)
    for key, given in value.items():
        row = kinds.get(key)
        if row is None or not isinstance(given, str):
            continue
        if row.kind is FieldKind.DAY and given == "today":
            made[key] = at.date().isoformat()
        elif row.kind is FieldKind.WHEN and "T" not in given:
            made[key] = read_when(given, row.label, at).isoformat()
    return made


def _infusion(detail: Any, weight_kg: float | None, at: datetime, author: str) -> Draft:
    if isinstance(detail, str):
        detail = {"action": detail}
    if detail["action"] == "start":
        return drafts.infusion_start(
            detail["drug"],
            detail["route"],
            detail["mg"],
            detail["minutes"],
            weight_kg=weight_kg,
            strength_mg_ml=detail.get("strength_mg_ml"),
            rate_ml_h=detail.get("rate_ml_h"),
            why=detail.get("why", ""),
            at=at,
            author=author,
        )
    reason = detail.get("reason", "")
    if detail["action"] == "rate":
        return infusion.rate_change(
            detail["mg_per_min"],
            reason,
            rate_ml_h=detail.get("rate_ml_h"),
            at=at,
            author=author,
        )
    return drafts.infusion_change(
        detail["action"], reason, given_mg=detail.get("given_mg"), at=at, author=author
    )


def _order(detail: Any, seen: Seen, at: datetime, author: str) -> Draft:
    """What was ordered: keys and texts of :data:`ketamonitor.treatment.order.NUMBERS`."""
    if seen.view is None:
        raise ValueError("the session shows nothing yet")
    plan = seen.view.info.protocol.dose
    words = ("weight_basis", "prescriber", "reason")
    if unknown := [key for key in detail if key not in (*order.NUMBERS, *words)]:
        raise ValueError(f"an order has no {unknown[0]!r}")
    read = order.read(
        plan,
        {key: str(detail[key]) for key in order.NUMBERS if key in detail},
        weight_basis=detail.get("weight_basis", ""),
        prescriber=detail.get("prescriber", ""),
    )
    return order.draft(read, plan, reason=detail.get("reason", ""), at=at, author=author)


def _device(detail: Any, seen: Seen, at: datetime, author: str) -> list[Draft]:
    """The next step of the nasal device whose turn it is; ``"empty"`` also gives the dose."""
    if seen.view is None or seen.view.nasal is None:
        raise ValueError("this protocol has no nasal devices")
    guide, info = seen.view.nasal, seen.view.info
    plan = info.protocol.dose
    said = {"step": detail} if isinstance(detail, str) else detail
    if said["step"] == "empty":
        return list(nasal.confirm(guide, plan, info.weight_kg, at=at, author=author))
    return [
        nasal.device_step(
            guide,
            said["step"],
            rest_min=plan.rest_min,
            lot=said.get("lot", ""),
            expiry=said.get("expiry", ""),
            reason=said.get("reason", ""),
            at=at,
            author=author,
        )
    ]


def _not_done(detail: Any, seen: Seen, at: datetime, author: str) -> Draft:
    due = seen.view.due if seen.view else ()
    item = next((item for item in due if item.id == detail["slot"]), None)
    if item is None:
        raise ValueError(f"there is no slot {detail['slot']!r} now")
    return not_done(item, detail["reason"], at=at, author=author)


def _strike(detail: Any, seen: Seen, at: datetime, author: str) -> Draft:
    """The last entry of a kind that stands: ``{"what": "dose", "reason": "..."}``."""
    standing = seen.corrections.newest_first()
    found = next((one for one in standing if one.what == detail["what"]), None)
    if found is None:
        raise ValueError(f"there is no entry {detail['what']!r} that could be struck out")
    baseline = seen.view.baseline if seen.view else None
    return struck(found, detail["reason"], baseline, at=at, author=author)


def _observation(key: str, answer: Any, at: datetime, author: str) -> Draft:
    if isinstance(answer, str):
        return drafts.observation(key, answer, None, at=at, author=author)
    return drafts.observation(key, AnswerStatus.ANSWERED, answer, at=at, author=author)


def _on_alarms(verb: str, detail: Any, seen: Seen, at: datetime, author: str) -> Draft:
    """A pause, an interruption, another limit or a step of a card."""
    if seen.view is None:
        raise ValueError("the session shows nothing yet")
    protocol = seen.view.info.protocol
    if verb == "audio":
        if detail == "resume":
            return alarm_drafts.resumed("audio", "ended by user", at=at, author=author)
        if detail not in ("pause", "off"):
            raise ValueError('only "pause", "off" and "resume" are known')
        return alarm_drafts.audio_paused(protocol.pause, off=detail == "off", at=at, author=author)
    if verb == "interruption":
        if detail == "end":
            return alarm_drafts.resumed("alarm", "ended by user", at=at, author=author)
        reason, minutes = detail["reason"], detail["minutes"]
        return alarm_drafts.alarm_paused(protocol.pause, reason, minutes, at=at, author=author)
    if verb == "limit":
        preset = next((row for row in protocol.limit if row.id == detail["id"]), None)
        if preset is None:
            raise ValueError(f"the protocol has no limit {detail['id']!r}")
        return alarm_drafts.limit_changed(
            preset, detail["value"], detail["reason"], protocol.pause, at=at, author=author
        )
    card = next((card for card in protocol.card if card.id == detail["card"]), None)
    step = next((s for s in card.step if s.id == detail["step"]), None) if card else None
    if card is None or step is None:
        raise ValueError(f"the protocol has no step {detail['step']!r} of card {detail['card']!r}")
    alarm = next((a for a in seen.view.alarms if a.metric in card.metrics), None)
    value = alarm.text if alarm else ""
    return alarm_drafts.action(
        card, step, alarm, value, done=detail.get("done", ""), at=at, author=author
    )


def _asked(detail: Any, seen: Seen) -> list[ActiveAlarm]:
    """The alarms an ``acknowledge`` means: those of the ``highest`` alert, of ``all``, or of the
    one that has this id among its limits; of an alert always all of its limits."""
    view = seen.view
    waiting: Mapping[str, ActiveAlarm] = {
        a.id: a for a in (view.every_alarm if view else ()) if a.acknowledged_at is None
    }
    if detail == "all":
        return list(waiting.values())
    if detail == "highest":
        detail = next((id for id in waiting), "")
        if not detail:
            return []
    if detail in waiting:
        return [waiting[detail], *milder(waiting[detail], waiting)]
    raise ValueError(f"no alarm {detail!r} waits for acknowledgement")
