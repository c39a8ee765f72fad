"""The cuff reading that counts as baseline: its choice, its weighing where it is high, its lock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from PySide6.QtWidgets import QVBoxLayout, QWidget

from ketamonitor import drafts
from ketamonitor.course import CuffPoint
from ketamonitor.entries import Draft
from ketamonitor.treatment.checkin import DECISION_WORDS, LONGEST, bp_weighed, must_weigh
from ketamonitor.view import SessionView
from ketamonitor.words import clock, pressure
from ui.pages.entry import Desk, EntryPanel
from ui.pages.protocol_lines import OPS

#: As many of the last readings as have room on the smallest screen.
MOST = 7

GO_ON = "Go on"
DECIDED = {GO_ON: "go_on", "Delay the dose": "delay", "Cancel the dose": "cancel"}


class BaselinePanel(EntryPanel):
    """Shows the readings so far, newest last; limits over baseline work once one is locked.

    Before the dose a reading above the protocol's line is weighed: go on, delay or cancel, with a
    reason. It is locked only where the nurse goes on. One taken after the first dose is no resting
    pressure: it asks why it is locked all the same.
    """

    title = "Baseline"
    save_words = "Lock as baseline"

    def __init__(
        self, desk: Desk, view: SessionView, readings: Callable[[], Sequence[CuffPoint]]
    ) -> None:
        super().__init__(desk, view)
        kit = desk.kit
        self._readings = readings
        self.points: dict[str, CuffPoint] = {}
        self.main.addWidget(
            kit.label(
                "Seated, cuff at heart level, no talking. Pick the reading that counts.", "muted"
            )
        )
        self.choice = kit.choice([], upright=True)
        self._place = QVBoxLayout()
        self._place.addWidget(self.choice)
        self.main.addLayout(self._place)
        self.weighing = QWidget()
        weighing = QVBoxLayout(self.weighing)
        weighing.setContentsMargins(0, 8, 0, 0)
        self._weigh_words = kit.says("fact")
        self.decision = kit.choice(list(DECIDED))
        self.reason = kit.field("why", "Reason of the decision")
        self.reason.setMinimumHeight(48)
        self.reason.setMaxLength(LONGEST)
        for part in (self._weigh_words, self.decision, self.reason):
            weighing.addWidget(part)
        self.main.addWidget(self.weighing)
        self.decision.changed.connect(self.changed)
        self.reason.textChanged.connect(self.changed)
        self._limits = kit.says()
        self.side.addWidget(kit.label("When locked, these limits follow the patient", "title"))
        self.side.addWidget(self._limits)
        self._locked = kit.says()
        self.side.addWidget(self._locked)
        self.finish()

    @property
    def chosen(self) -> CuffPoint | None:
        return self.points.get(self.choice.chosen or "")

    def missing(self) -> str:
        wanted = self.view.info.protocol.baseline.readings
        if not self.points:
            return "No cuff reading yet: start the cuff, or type one (B)"
        if len(self.points) < wanted:
            return f"{len(self.points)} of {wanted} readings: take another one (B)"
        point = self.chosen
        if point is None:
            return "Pick a reading"
        if self._after_dose(point):
            return "" if self.reason.text().strip() else "Taken after the first dose: say why"
        if not self._must_weigh(point):
            return ""
        if self.decision.chosen is None:
            return "Choose: go on, delay or cancel"
        return "" if self.reason.text().strip() else "Say why"

    def drafts(self, author: str) -> tuple[Draft, ...]:
        point, now = self.chosen, self.desk.now()
        if point is None or point.sys is None or point.dia is None:
            raise ValueError("pick a reading")
        why = self.reason.text() if self._after_dose(point) else ""
        lock = drafts.baseline(
            point.sys, point.dia, point.seq, point.at, why=why, at=now, author=author
        )
        if not self._must_weigh(point):
            return (lock,)
        decision = DECIDED.get(self.decision.chosen or "", "")
        weighed = bp_weighed(
            point.seq,
            point.sys,
            point.dia,
            decision,
            self.reason.text(),
            at=now,
            author=author,
        )
        return (weighed, lock) if decision == "go_on" else (weighed,)

    def clear(self) -> None:
        self.choice.clear()
        self.decision.clear()
        self.reason.clear()

    def _must_weigh(self, point: CuffPoint) -> bool:
        """A reading above the line, before the dose, with which nobody has decided to go on."""
        if self.view.first_dose_at is not None or point.sys is None or point.dia is None:
            return False
        last = next((w for w in self.view.checkin.weighed[::-1] if w.of_seq == point.seq), None)
        if last is not None and last.decision == "go_on":
            return False
        return must_weigh(self.view.info.protocol.baseline, point.sys, point.dia)

    def _after_dose(self, point: CuffPoint) -> bool:
        first = self.view.first_dose_at
        return first is not None and point.at > first

    def _ask_to_weigh(self) -> None:
        point = self.chosen
        asks = point is not None and self._must_weigh(point)
        late = point is not None and self._after_dose(point)
        self.weighing.setVisible(asks or late)
        self.decision.setVisible(asks)
        if late and point is not None and self.view.first_dose_at is not None:
            first = clock(self.view.first_dose_at)
            taken = f"Taken at {clock(point.at)}, after the first dose at {first}"
            self._weigh_words.setText(f"{taken}: no resting pressure")
        elif asks and point is not None:
            sys, dia = self.view.info.protocol.baseline.weigh_above
            told = f"{point.sys:g}/{point.dia:g} is above {sys:g}/{dia:g}: weigh a delay"
            held = self.view.checkin.held
            if held is not None and held.of_seq == point.seq:
                told += f". Decided {clock(held.at)}: {DECISION_WORDS[held.decision]}"
            self._weigh_words.setText(told)
        locks = not asks or self.decision.chosen in (None, GO_ON)
        words = self.save_words if locks else "Record the decision"
        self.save_button.setText(words)
        self.save_button.setAccessibleName(words)
        b = self.view.baseline
        self._locked.setText(
            f"Locked now: {b.sys:g}/{b.dia:g}, {clock(b.locked_at)}, {b.locked_by}" if b else ""
        )

    def refresh(self) -> None:
        self._offer()
        self._ask_to_weigh()
        relative = [v.limit for v in self.view.limits if v.limit.relative is not None]
        point = self.chosen
        told = []
        for limit in relative:
            base = None if point is None else point.sys if limit.metric == "nibp_sys" else point.dia
            word = "Systolic" if limit.metric == "nibp_sys" else "Diastolic"
            unit = " %" if limit.relative == "baseline_percent" else ""
            bound = limit.bound(base)
            becomes = f" = {bound:g}" if bound is not None else ""
            sign = f"{limit.value:+g}".replace("-", "−")
            told.append(f"{word} {OPS[limit.op]} baseline {sign}{unit}{becomes}")
        self._limits.setText("\n".join(told) or "This protocol has no limit over baseline")
        super().refresh()

    def _offer(self) -> None:
        """Offer the readings there are now; what was picked stays picked."""
        points = {_line(p): p for p in self._readings() if p.plotted}
        if points == self.points:
            return
        picked, old = self.choice.chosen, self.choice
        self.points = points
        self.choice = self.desk.kit.choice(list(points)[-MOST:], upright=True)
        if picked in self.choice.options:
            self.choice.choose(picked or "")
        self.choice.changed.connect(self.changed)
        self._place.replaceWidget(old, self.choice)
        old.deleteLater()
        self._order_tabs()

    def _order_tabs(self) -> None:
        """The readings were made last, but are read first."""
        chain: list[QWidget] = [self, *self.choice.buttons.values()]
        chain += [*self.decision.buttons.values(), self.reason]
        for before, after in pairwise([*chain, self.save_button, self.leave_button]):
            QWidget.setTabOrder(before, after)


def _line(point: CuffPoint) -> str:
    return f"{clock(point.at, seconds=True)}    {pressure(point.sys, point.dia, point.mean)}"
