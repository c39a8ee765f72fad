"""Plays a live session by small actions and checks the invariants of its alarms after each.

An action is a list that JSON can hold (``["values", 1, "dinamap", {"spo2": 85}]``): a sequence of
them can be drawn by hypothesis or at random, printed, saved and played again.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from devices.metrics import METRICS
from devices.plausibility import doubtful
from devices.registry import DRIVERS
from ketamonitor import alarm_drafts, drafts
from ketamonitor.alarm_plan import AlarmLimit, Confirm, EscalationPlan, PausePlan, SoundPlan
from ketamonitor.alarms import audible
from ketamonitor.alarms.manager import AlarmManager
from ketamonitor.entries import Draft, chain
from ketamonitor.protocol import TreatmentProtocol
from ketamonitor.view import ActiveAlarm, SessionView
from tests.domain.alarm_course import NURSE, AlarmCourse, Manager, shaped
from tests.domain.alarm_oracle import URGENCY, Ledger, Oracle, must
from tests.domain.builders import SESSION, at, link, protocol, reading

Action = Sequence[Any]
SOURCES = ("dinamap", "masimo")
SPECIAL = {"NaN": float("nan"), "+inf": float("inf"), "-inf": float("-inf")}
LINKS = ("connecting", "identifying", "connected", "silent", "lost")
EVENTS = (
    "demo",
    "sensor_off",
    "sensor_on",
    "battery_low",
    "battery_ok",
    "nibp_measuring",
    "nibp_failed",
    "nibp_done",
)
AUDITS: dict[str, dict[str, Any]] = {
    "program_fault": {"where": "the tick", "fault": "KeyError"},
    "clock_changed": {"ahead_s": 3600.0},
    "recorder_late": {"for_s": 4.0},
    "sound_failed": {"state": "failed", "text": "no such output"},
    "sound_ready": {"state": "ready", "text": ""},
    "lamp_failed": {"state": "failed", "text": "no answer"},
    "lamp_ready": {"state": "ready", "text": ""},
}
#: Values around each limit, beyond what is possible, and what is no value at all.
PRESSURES = (45, 84, 89, 90, 99, 118, 141, 158, 160, 176, 180, 186, 199, 200, 212)
VALUES: dict[str, Sequence[Any]] = {
    "spo2": (99, 97, 93, 92, 91, 89, 88.5, 88, 87, 85, 70),
    "pulse": (72, 38, 39, 41, 49, 51, 109, 112, 129, 131, 133, 150),
    "rr": (14, 5, 7, 9, 11, 25, 29, 31, 40),
}
ODD = (None, "NaN", "+inf", "-inf", 0, -100, 32767, 0.97, True, "85", "")


class Player(AlarmCourse):
    """A session, its ledger and its oracle; ``do`` plays one action and checks everything."""

    def __init__(self, used: TreatmentProtocol | None = None, manager: Manager = AlarmManager):
        self.steps = 0
        self.ledger = Ledger(used or protocol())
        self.oracle: Oracle | None = None
        self.seen: list[ActiveAlarm] = []
        devices = tuple((source, f"/dev/{source}") for source in SOURCES)
        super().__init__(used, manager, devices, connected=False)
        stale = max(10.0, *(2.5 * DRIVERS[s].interval_s for s in SOURCES))
        self.oracle = Oracle(self.plan, SOURCES, stale, at(0), self.ledger)
        for source in SOURCES:
            self.do(["link", source, "connected"])

    def do(self, action: Action) -> None:
        name, *arguments = action
        getattr(self, f"do_{name}")(*arguments)

    # Actions ------------------------------------------------------------------------------------

    def do_wait(self, seconds: int) -> None:
        """Seconds with a tick in each."""
        for _ in range(seconds):
            self.tick(self.t + 1)

    def do_sleep(self, seconds: int) -> None:
        """Seconds without a tick: the computer was busy, or asleep."""
        self.tick(self.t + seconds)

    def do_values(
        self, seconds: int, source: str, values: dict[str, Any], flagged: bool = True
    ) -> None:
        """The same reading once a second, judged for plausibility by its driver, or not."""
        plain = {key: SPECIAL.get(v, v) if isinstance(v, str) else v for key, v in values.items()}
        flags = self._flags(plain) if flagged else []
        for _ in range(seconds):
            self.t += 1
            assert self.oracle is not None
            self.oracle.read(source)
            for key, value in plain.items():
                self.oracle.value(key, value, source, at(self.t), f"implausible:{key}" in flags)
            self.enter(reading(self.t, plain, source=source, flags=flags))

    def do_typed(self, ago_s: int, sys: float, dia: float) -> None:
        """A pressure typed by hand, perhaps late."""
        self.t += 1
        made = drafts.manual_bp(sys, dia, at=at(max(0.0, self.t - ago_s)), author=NURSE)
        assert self.oracle is not None
        for key, value in (("nibp_sys", sys), ("nibp_dia", dia)):
            if ago_s:
                self.oracle.forget(key)
            else:
                self.oracle.value(key, value, "manual", at(self.t), flagged=False)
        self.enter(made)

    def do_answer(self, value: int) -> None:
        self.t += 1
        assert self.oracle is not None
        self.oracle.answer = value
        self.enter(drafts.observation("moaas", "answered", value, at=at(self.t), author=NURSE))

    def do_link(self, source: str, state: str) -> None:
        self.t += 1
        assert self.oracle is not None
        self.oracle.link(source, state, at(self.t))
        self.enter(link(self.t, state, "cable pulled out", source=source))

    def do_event(self, source: str, event: str) -> None:
        self.t += 1
        self.device(event, source, "leak in the cuff")

    def do_audit(self, name: str) -> None:
        self.t += 1
        event = name.partition("_")[0] if name.startswith(("sound", "lamp")) else name
        self.audit(event, **AUDITS[name])

    def do_fault(self, text: str) -> None:
        """The record cannot be saved, or can be again."""
        self.t += 1
        assert self.oracle is not None
        self.fault = self.oracle.fault = text
        self.settle()

    def do_ack(self, which: int, milder: bool) -> None:
        """Acknowledge one of what is listed now, as the window does (with what it stands for)."""
        self.t += 1
        listed = self.view().alarms
        if not listed:
            return
        alarm = listed[which % len(listed)]
        if milder:
            self.acknowledge(alarm.id)
        else:
            self.enter(alarm_drafts.acknowledge(alarm, at=at(self.t), author=NURSE))

    def do_late_ack(self, which: int) -> None:
        """Acknowledge an alarm as it stood some time ago: the click was on its way."""
        self.t += 1
        if self.seen:
            alarm = self.seen[which % len(self.seen)]
            self.enter(alarm_drafts.acknowledge(alarm, at=at(self.t), author=NURSE))

    def do_pause(self, ago_s: float) -> None:
        self.t += 1
        made = alarm_drafts.audio_paused(self.plan.pause, at=at(self.t - ago_s), author=NURSE)
        self.enter(made)

    def do_interrupt(self, reason: str, which: int) -> None:
        self.t += 1
        minutes = self.plan.pause.interruption_min
        self.interrupt(reason, minutes[which % len(minutes)])

    def do_resume(self, what: str) -> None:
        self.t += 1
        self.resume(what)

    def do_limit(self, which: int, share: float) -> None:
        """Another value for a row, from stricter by a tenth to as loose as it may be."""
        self.t += 1
        row = self.plan.limit[which % len(self.plan.limit)]
        furthest = row.value if row.loosest is None else row.loosest
        stricter = row.value * (0.9 if (row.value > 0) == row.upper else 1.1)
        value: float | None = float(round(stricter + share * (furthest - stricter)))
        if share == 1 and self.plan.pause.alarm_off:
            value = None
        try:
            made = alarm_drafts.limit_changed(
                row, value, "as known", self.plan.pause, at=at(self.t), author=NURSE
            )
        except ValueError:
            return  # refused with a reason: the same as no change
        assert self.oracle is not None
        self.oracle.forget(row.metric)
        self.enter(made)

    def do_baseline(self, sys: int, dia: int) -> None:
        self.t += 1
        assert self.oracle is not None
        self.oracle.baseline = (sys, dia)
        self.lock(sys, dia)

    def do_dose(self) -> None:
        self.t += 1
        self.dose()

    def do_replay(self) -> None:
        """The program was ended and takes up its session again from the entries."""
        self._folds_to_the_same()
        self.live = self.again()

    def do_restart(self, gap_s: int) -> None:
        """As a replay, some time later, with the monitors to be found anew."""
        self.do_replay()
        self.t += gap_s
        devices = [
            {"driver": source, "port": f"/dev/{source}", "source": source} for source in SOURCES
        ]
        body = {"event": "resumed", "devices": devices, "gap_s": gap_s}
        assert self.oracle is not None
        self.oracle.down.clear()
        self.enter(Draft("session", at(self.t), NURSE, body))

    # Recording and checking ---------------------------------------------------------------------

    def _append(self, draft: Draft) -> None:
        last = self.entries[-1]
        entry = chain(draft, SESSION, last.seq + 1, at(self.t), last.hash)
        self.live.apply(entry)
        self.entries.append(entry)
        self.ledger.add(entry)
        if self.oracle is not None and entry.body.get("event") == "raised":
            self.oracle.not_early(entry.body, at(self.t))

    def settle(self) -> None:
        self.ledger.in_step.clear()
        super().settle()
        self.steps += 1
        if self.oracle is not None:
            self.check()

    def check(self) -> None:
        """All that must hold of this moment."""
        now = at(self.t)
        left = self.live.changes(now, self.fault)
        must(not left, f"still due: {[(d.body.get('event'), d.body.get('id')) for d in left]}")
        view = self.view()
        self._stands_as_told(view)
        self._is_seen(view)
        self._pauses_end(view, now)
        self._time_does_its_work(now)
        self._is_heard(view, now)
        assert self.oracle is not None
        for group in self.oracle.must_be_told(now):
            must(any(key in self.ledger.active for key in group), f"hidden: {group}")
        if len(self.seen) < 64:
            self.seen.extend(view.alarms[:2])
        elif self.steps % 16 == 0:
            self.seen[self.steps % 64 : self.steps % 64 + 2] = view.alarms[:2]

    def _stands_as_told(self, view: SessionView) -> None:
        """The state is what its entries say, and the picture is of all of it."""
        live, told = self.live.active, self.ledger.active
        must(live.keys() == told.keys(), f"active {sorted(live)}, told {sorted(told)}")
        for key, known in told.items():
            alarm = live[key]
            stands = (
                alarm.priority,
                alarm.priority_since,
                alarm.acknowledged_at,
                alarm.acknowledged_by,
                alarm.ended_at,
            )
            wanted = (
                known.priority,
                known.asked_at,
                known.acknowledged_at,
                known.by,
                known.ended_at,
            )
            must(stands == wanted, f"{key} is {stands}, but its entries say {wanted}")
        shown = [alarm.id for alarm in (*view.alarms, *view.covered)]
        must(sorted(shown) == sorted(told), f"shown {sorted(shown)} of {sorted(told)}")

    def _is_seen(self, view: SessionView) -> None:
        """Nothing is covered but by what is as urgent, on the same metric, and asks as loudly."""
        keys = [
            f"{a.metric}{'<' if '<' in a.id else '>'}" if a.type == "physiological" else a.id
            for a in view.alarms
        ]
        must(len(keys) == len(set(keys)), f"two alerts on one side: {keys}")
        for hidden in view.covered:
            over = [
                alarm
                for alarm in view.alarms
                if alarm.metric == hidden.metric
                and alarm.type == hidden.type
                and ("<" in alarm.id) == ("<" in hidden.id)
                and URGENCY[alarm.priority] <= URGENCY[hidden.priority]
            ]
            must(bool(over), f"{hidden.id} is hidden by nothing as urgent")
            must(hidden.type == "physiological", f"{hidden.id} is technical and hidden")
            silenced = [alarm.id for alarm in over if alarm.acknowledged_at is not None]
            must(
                hidden.acknowledged_at is not None or not silenced,
                f"{hidden.id} asks behind {silenced}, which looks acknowledged",
            )
        order = [URGENCY[alarm.priority] for alarm in view.alarms]
        must(order == sorted(order), f"not the most urgent first: {order}")

    def _pauses_end(self, view: SessionView, now: datetime) -> None:
        for which, shown in (("audio", view.audio_pause), ("interruption", view.interruption)):
            told = getattr(self.ledger, which)
            must((shown is None) == (told is None), f"{which}: {shown}, told {told}")
            if shown is not None and told is not None:
                must((shown.since, shown.until) == (told.since, told.until), f"{which} differs")
                must(shown.until is not None and now < shown.until, f"{which} outlasts its limit")

    def _time_does_its_work(self, now: datetime) -> None:
        """MEDIUM that nobody saw is HIGH in time; what was seen and holds is reminded of."""
        plan = self.plan.escalation
        again_s = {"high": plan.remind_high_s, "medium": plan.remind_medium_s}
        for key, known in self.ledger.active.items():
            waited = (now - known.asked_at).total_seconds()
            called = any(
                other.asks
                and other.priority == "high"
                and other.type == known.type == "physiological"
                and other.metric == known.metric
                and ("<" in other.id) == ("<" in key)
                for other in self.ledger.active.values()
            )
            if known.asks and known.priority == "medium" and plan.medium_to_high_s and not called:
                must(waited < plan.medium_to_high_s, f"{key} is MEDIUM for {waited:g} s, unseen")
            if known.acknowledged_at is not None and known.ended_at is None:
                seen_s = (now - known.acknowledged_at).total_seconds()
                limit_s = again_s.get(known.priority, 0)
                must(not limit_s or seen_s < limit_s, f"{key} was seen {seen_s:g} s ago, forgotten")

    def _is_heard(self, view: SessionView, now: datetime) -> None:
        assert self.oracle is not None
        pause = self.ledger.audio
        sound = self.plan.sound
        for every in (view.every_alarm, view.alarms):
            heard = audible.sounding(every, view.audio_pause, sound, now)
            if every is not view.alarms:  # an alert asks while any limit on its side does
                must(heard is None or self.ledger.active[heard.id].asks, "a tone of what was seen")
            loud = [
                known
                for known in self.ledger.active.values()
                if known.asks
                and known.priority == "high"
                and (pause is None or known.asked_at > pause.since)
            ]
            if loud:
                must(
                    heard is not None and heard.priority == "high",
                    f"{loud[0].id} is HIGH and {heard.id if heard else 'nothing'} sounds",
                )
        if pause is not None:
            late = [
                known.id
                for known in self.ledger.active.values()
                if known.asks
                and sound.where(known.priority) != "none"
                and known.asked_at > pause.since
            ]
            must(not late, f"AUDIO PAUSED is shown, but {late} began after it")
        for key, why in self.oracle.must_be_high().items():
            known = self.ledger.active.get(key)
            must(known is not None and known.ended_at is None, f"{why}, and no alarm {key}")
            assert known is not None
            must(known.priority == "high", f"{why}, and {key} is {known.priority}")
            listed = [alarm for alarm in view.alarms if alarm.priority == "high"]
            same = [a for a in listed if a.id == key or a.metric == known.metric]
            must(bool(same), f"{why}, and it is not on the screen")

    def _folds_to_the_same(self) -> None:
        """The entries folded again give the same alarms, pauses, limits and picture."""
        again = self.again()
        one, two = self.live.alarms, again.alarms
        must(one.active == two.active, "folded again, other alarms are active")
        must(one.audio_pause == two.audio_pause, "folded again, another audio pause")
        must(one.interruption == two.interruption, "folded again, another interruption")
        must(one.changed == two.changed, "folded again, other limits")
        view = again.view(at(self.t), saved_at=None, unsaved=0, record_fault=self.fault)
        must(repr(view) == repr(self.view()), "folded again, another picture")
        # A refused entry has let a second pass without a tick: then the same is due in both.
        due = (again.changes(at(self.t), self.fault), self.live.changes(at(self.t), self.fault))
        must(due[0] == due[1], "folded again, something else is due")

    @staticmethod
    def _flags(values: dict[str, Any]) -> list[str]:
        """As a driver flags them; what is no number at all is none it would know."""
        numbers = {
            METRICS[key]: value
            for key, value in values.items()
            if isinstance(value, int | float) and not isinstance(value, bool)
        }
        return list(doubtful(numbers))


def chosen(rng: random.Random) -> list[Any]:
    """One action, drawn: mostly values and waiting, as in a session."""
    kinds: Sequence[tuple[int, Callable[[], list[Any]]]] = (
        (19, lambda: ["values", rng.randint(1, 18), rng.choice(SOURCES), continuous(rng)]),
        (3, lambda: ["values", rng.randint(1, 18), rng.choice(SOURCES), continuous(rng), False]),
        (8, lambda: ["values", 1, rng.choice(SOURCES), pressures(rng)]),
        (10, lambda: ["wait", rng.randint(1, 15)]),
        (2, lambda: ["sleep", rng.choice((5, 30, 61, 121, 181, 301, 901))]),
        (2, lambda: ["typed", rng.choice((0, 0, 60, 600)), rng.choice((118, 165, 186, 204)), 80]),
        (2, lambda: ["answer", rng.randint(0, 5)]),
        (5, lambda: ["link", rng.choice(SOURCES), rng.choice(LINKS)]),
        (3, lambda: ["event", rng.choice(SOURCES), rng.choice(EVENTS)]),
        (2, lambda: ["audit", rng.choice(tuple(AUDITS))]),
        (2, lambda: ["fault", rng.choice(("", "", "the disk is full"))]),
        (9, lambda: ["ack", rng.randint(0, 5), rng.random() < 0.7]),
        (4, lambda: ["late_ack", rng.randint(0, 63)]),
        (4, lambda: ["pause", rng.choice((0, 0, 0.5, 3.0))]),
        (3, lambda: ["interrupt", rng.choice(REASONS), rng.randint(0, 3)]),
        (2, lambda: ["resume", rng.choice(("audio", "alarm"))]),
        (3, lambda: ["limit", rng.randint(0, 60), rng.choice((0, 0.3, 0.5, 0.8, 1))]),
        (1, lambda: ["baseline", rng.choice((100, 118, 140)), rng.choice((60, 74))]),
        (1, lambda: ["dose"]),
        (1, lambda: ["replay"]),
        (1, lambda: ["restart", rng.choice((5, 90, 1200))]),
    )
    (pick,) = rng.choices([make for _, make in kinds], [weight for weight, _ in kinds])
    return pick()


REASONS = ("toilet", "cuff_off", "probe_off", "moved")


def continuous(rng: random.Random) -> dict[str, Any]:
    """One to three continuous values, one in eight of them odd."""
    metrics = rng.sample(tuple(VALUES), rng.choice((1, 1, 2, 3)))
    return {m: rng.choice(ODD) if rng.random() < 0.12 else rng.choice(VALUES[m]) for m in metrics}


def pressures(rng: random.Random) -> dict[str, Any]:
    """A cuff result; a few without values, or with odd ones."""
    if rng.random() < 0.1:
        return {"nibp_sys": rng.choice(ODD), "nibp_dia": rng.choice(ODD)}
    sys = rng.choice(PRESSURES)
    return {"nibp_sys": sys, "nibp_dia": rng.choice((40, 60, 74, 88, 95, 101, 112))}


def compact() -> TreatmentProtocol:
    """Fewer limits and shorter times than the shipped protocol; ALARM OFF is allowed."""
    rows = (
        AlarmLimit(metric="spo2", op="<", value=92, priority="medium", for_s=5, loosest=80),
        AlarmLimit(metric="spo2", op="<", value=88, priority="high", latch=True, clear_by=1),
        AlarmLimit(metric="spo2", op="<=", value=-4, priority="low", relative="trend", trend_min=2),
        AlarmLimit(metric="pulse", op=">", value=130, priority="high", for_s=10, clear_by=2),
        AlarmLimit(metric="pulse", op=">", value=110, priority="medium", latch=True),
        AlarmLimit(
            metric="nibp_sys",
            op=">=",
            value=180,
            priority="high",
            confirm=Confirm(first="low", readings=3),
            latch=True,
        ),
        AlarmLimit(metric="nibp_sys", op=">=", value=160, priority="medium"),
        AlarmLimit(
            metric="nibp_sys", op="<=", value=-25, priority="high", relative="baseline_percent"
        ),
        AlarmLimit(metric="moaas", op="<=", value=2, priority="high"),
    )
    return shaped(
        *rows,
        escalation=EscalationPlan(medium_to_high_s=60, remind_high_s=90, remind_medium_s=120),
        pause=PausePlan(audio_s=60, interruption_min=(1, 2), alarm_off=True),
        sound=SoundPlan(low="room", medium="none"),
    )


def course(seed: int, length: int) -> list[list[Any]]:
    """A random course: the name of its protocol, then its actions."""
    rng = random.Random(seed)
    return [["compact" if seed % 2 else "shipped"], *(chosen(rng) for _ in range(length))]


def begun(actions: Sequence[Action], manager: Manager = AlarmManager) -> Player:
    """A new session under the protocol that the first action names."""
    return Player(compact() if actions[0][0] == "compact" else None, manager)


def play(actions: Sequence[Action], manager: Manager = AlarmManager) -> Player:
    """A new session through all actions; its state is folded again at the end."""
    player = begun(actions, manager)
    for action in actions[1:]:
        player.do(action)
    player.do(["replay"])
    return player
