"""The dose panel of an infusion: start, pause, new rate, resume, stop, and what goes in at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from ketamonitor import checks, drafts, intake
from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.treatment import infusion, order
from ketamonitor.treatment.order import Order
from ketamonitor.view import InfusionView, SessionInfo, SessionView
from ketamonitor.words import clock
from ui.pages.dose_part import DosePart, order_words
from ui.pages.own_words import OwnWords
from ui.pages.parts import Bar, Kit
from ui.pages.protocol_lines import arithmetic, dose_line

OTHER = "Other"
NEW_RATE, BOLUS = "New rate", "Bolus"
REASONS = ("BP rise", "Distress", "Patient asked", "Nausea", "Line or pump", "Order complete")


class InfusionPart(DosePart):
    """The protocol's infusion: its start, then whatever is changed at the pump.

    The keys ``P R X U`` choose the change and 1 to 6 the reason; digits go to the open number.
    """

    name = "Infusion"

    def __init__(self, kit: Kit, info: SessionInfo) -> None:
        super().__init__()
        self._info = info
        self._view: InfusionView | None = None
        self._order: Order | None = None
        plan = info.protocol.dose
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self._start = QWidget()
        start = QVBoxLayout(self._start)
        start.setContentsMargins(0, 0, 0, 0)
        start.addWidget(kit.label(dose_line(plan), "fact", wrap=True))
        start.addWidget(
            kit.label(f"Protocol’s arithmetic: {arithmetic(plan, info.weight_kg)}", "muted")
        )
        self.as_ordered = kit.button("As ordered", key="Y")
        self.as_ordered.clicked.connect(self._take_order)
        self.as_ordered.hide()
        start.addWidget(self.as_ordered)
        start.addWidget(kit.label("Planned dose as ordered and drawn, mg", "muted"))
        self.mg = kit.field("", "Planned dose in mg", big=True)
        usual = [f"{plan.minutes:g} min, as in the protocol"] if plan.minutes else []
        self.minutes = kit.choice([*usual, OTHER])
        self.other_minutes = kit.field("min", "Minutes")
        self.other_minutes.hide()
        self._means = kit.says()
        self.strength = kit.field("Strength, mg/mL", "Strength in mg/mL")
        self.pump = kit.field("Pump rate, mL/h", "Pump rate in mL/h")
        start.addWidget(self.mg)
        start.addWidget(kit.label("Over", "muted"))
        row = QHBoxLayout()
        row.addWidget(self.minutes, 1)
        row.addWidget(self.other_minutes)
        start.addLayout(row)
        start.addWidget(
            kit.label("Strength, mg/mL, and pump rate, mL/h (may be left empty)", "muted")
        )
        syringe = QHBoxLayout()
        syringe.addWidget(self.strength)
        syringe.addWidget(self.pump)
        start.addLayout(syringe)
        start.addWidget(self._means)
        layout.addWidget(self._start)
        self._run = QWidget()
        run = QVBoxLayout(self._run)
        run.setContentsMargins(0, 0, 0, 0)
        self._state = kit.label("", "title")
        self._given = kit.label("", "huge")
        self._left = kit.label("", "muted")
        self._bar = Bar()
        self.action = kit.choice(
            ["Pause", "Resume", NEW_RATE, "Stop", BOLUS],
            shown={
                "Pause": "Pause\nkey P",
                "Resume": "Resume\nkey P",
                NEW_RATE: f"{NEW_RATE}\nkey R",
                "Stop": "Stop\nkey X",
                BOLUS: f"{BOLUS}\nkey U",
            },
        )
        self.number = kit.field("", "Number", big=True)
        self._asks = kit.label("", "muted")
        self._then = kit.says()
        self.why = OwnWords(
            kit.choice(list(REASONS), shown={r: f"{r}\nkey {n}" for n, r in enumerate(REASONS, 1)}),
            kit.field("Or another reason", "Reason"),
            checks.LONGEST_NOTE,
        )
        head = QHBoxLayout()
        head.addWidget(self._given)
        head.addStretch()
        head.addWidget(self._state)
        run.addLayout(head)
        run.addWidget(self._bar)
        run.addWidget(self._left)
        run.addWidget(self.action)
        asked = QHBoxLayout()
        asked.addWidget(self._asks, 1)
        asked.addWidget(self.number, 1)
        run.addLayout(asked)
        run.addWidget(self._then)
        self._why = kit.label("Reason", "muted")
        run.addWidget(self._why)
        run.addWidget(self.why.choice)
        run.addWidget(self.why.text)
        layout.addWidget(self._run)
        start.addWidget(kit.label("The pump gives the drug, this screen records it.", "muted"))
        layout.addStretch()
        self.minutes.changed.connect(self._picked)
        self.action.changed.connect(self._turned)
        self.why.changed.connect(self.changed)
        for typed in self._typed:
            typed.textChanged.connect(self.changed)

    @property
    def _typed(self) -> tuple[QLineEdit, ...]:
        return (self.mg, self.other_minutes, self.strength, self.pump, self.number)

    @property
    def _going(self) -> bool:
        return self._view is not None and self._view.state in ("running", "paused")

    @property
    def save_words(self) -> str:
        if self._going:
            return f"Save {self.action.chosen.lower()}" if self.action.chosen else "Save"
        return "Save infusion start"

    def missing(self) -> str:
        if self._going and self.action.chosen is None:
            return "Choose what was done"
        if not self._going and not self.mg.text().strip():
            return "Type the planned dose in mg"
        if not self._going and self.minutes.chosen is None:
            return "Choose over how many minutes"
        try:
            self.draft(self._info.started_at, "check")
        except ValueError as error:
            return str(error)
        return ""

    def draft(self, at: datetime, author: str) -> Draft:
        if self._going:
            return self._change(at, author)
        plan = self._info.protocol.dose
        mg, minutes = intake.amount(self.mg.text(), "planned dose", "mg"), self._minutes()
        strength = order.number(self.strength.text(), "strength_mg_ml")
        pump = order.number(self.pump.text(), "rate_ml_h")
        typed = {"mg": self.mg.text(), "minutes": f"{minutes:g}"}
        if strength is not None and pump is not None:
            typed |= {"strength_mg_ml": str(strength), "rate_ml_h": str(pump)}
            order.read(plan, typed)  # raises where the four do not agree
        return drafts.infusion_start(
            plan.drug,
            plan.route,
            mg,
            minutes,
            weight_kg=self._info.weight_kg,
            strength_mg_ml=None if strength is None else str(strength),
            rate_ml_h=None if pump is None else str(pump),
            at=at,
            author=author,
        )

    def _change(self, at: datetime, author: str) -> Draft:
        reason = self.why.words
        done = self.action.chosen
        if done == BOLUS:
            plan = self._info.protocol.dose
            mg = intake.amount(self.number.text(), "bolus", "mg")
            weight = self._info.weight_kg
            return drafts.dose(
                plan.drug, plan.route, mg, weight_kg=weight, note="bolus", at=at, author=author
            )
        if done == NEW_RATE:
            rate, pump = self._new_rate()
            return infusion.rate_change(rate, reason, rate_ml_h=pump, at=at, author=author)
        shown = order.number(self.number.text(), "mg") if done == "Stop" else None
        return drafts.infusion_change(
            (done or "").lower(),
            reason,
            given_mg=None if shown is None else str(shown),
            at=at,
            author=author,
        )

    def clear(self) -> None:
        for choice in (self.minutes, self.action):
            choice.clear()
        self.why.clear()
        for typed in self._typed:
            typed.clear()

    def follow(self, view: SessionView, record: Record) -> None:
        self._view, self._order = view.infusion, record.orders.current
        going = self._going
        self._start.setVisible(not going)
        self._run.setVisible(going)
        self._means.setText(self._meaning())
        if self._order is not None:
            self.as_ordered.setText(order_words(self._order))
        self.as_ordered.setVisible(self._order is not None)
        if self._view is None or not going:
            return
        now = self._view
        self._state.setText(
            f"Infusion {now.state.upper()}, start {clock(now.started_at, seconds=True)}"
        )
        self._given.setText(f"{now.given_mg:.1f} mg")
        facts = [f"{max(0.0, now.planned_mg - now.given_mg):.1f} mg left of {now.planned_mg:g} mg"]
        if now.rate_ml_h:
            facts.append(f"{now.rate_ml_h} mL/h")
        if now.mg_per_min is not None:
            facts.append(f"{now.mg_per_min:.3g} mg/min")
        if now.ends_at:
            facts.append(f"planned end {clock(now.ends_at, seconds=True)}")
        self._left.setText(" · ".join(facts))
        self._bar.set_share(now.given_mg / now.planned_mg)
        running = now.state == "running"
        self.action.allow("Pause", running)
        self.action.allow("Resume", not running)
        needs_reason = self.action.chosen not in (None, "Resume", BOLUS)
        for widget in (self._why, self.why.choice, self.why.text):
            widget.setVisible(needs_reason)
        asks = self._question(now)
        for widget in (self._asks, self.number, self._then):
            widget.setVisible(bool(asks))
        self._asks.setText(asks)
        self._then.setText(self._consequence(now, view.now))

    @property
    def amount(self) -> QLineEdit | None:  # type: ignore[override]
        return self.number if self._going else self.mg

    def key(self, key: str) -> bool:
        if not self._going or self._view is None:
            if key == "Y" and self._order is not None:
                self._take_order()
                return True
            return False
        running = self._view.state == "running"
        known = {"P": "Pause" if running else "Resume", "R": NEW_RATE, "X": "Stop", "U": BOLUS}
        picked = known.get(key)
        if picked is None:
            return False
        self.action.choose(picked)
        return True

    def digit(self, text: str) -> bool:
        """A digit chooses the reason of a pause or stop, and of a rate once that is typed; else it
        is of the open number."""
        rate = self.action.chosen == NEW_RATE and bool(self.number.text().strip())
        if self._going and (rate or self.action.chosen in ("Pause", "Stop")):
            return self.why.digit(text)
        return super().digit(text)

    def _question(self, now: InfusionView) -> str:
        """What the number on the panel is, for the chosen change; empty where there is none."""
        if self.action.chosen == NEW_RATE:
            unit = "mL/h" if now.strength_mg_ml else "mg/min"
            was = now.rate_ml_h if now.strength_mg_ml else f"{now.mg_per_min or 0:.3g}"
            return f"New rate on the pump, {unit}" + (f" (was {was})" if was else "")
        if self.action.chosen == "Stop":
            return "Given as the pump shows it, mg (may be left empty)"
        return "Bolus, mg" if self.action.chosen == BOLUS else ""

    def _new_rate(self) -> tuple[float, str | None]:
        """mg/min, and mL/h as typed where a strength is recorded. Raises ``ValueError``."""
        strength = self._view.strength_mg_ml if self._view else None
        if strength is None:
            return intake.amount(self.number.text(), "new rate", "mg/min"), None
        pump = order.number(self.number.text(), "rate_ml_h")
        if pump is None:
            raise ValueError("Type the new rate in mL/h")
        return round(float(infusion.mg_per_min(str(pump), strength)), 6), str(pump)

    def _consequence(self, now: InfusionView, at: datetime) -> str:
        """What a new rate comes to, once it can be read."""
        if self.action.chosen != NEW_RATE:
            return ""
        try:
            rate, _ = self._new_rate()
        except ValueError:
            # Still being typed: what is wrong with it stands beside Save.
            return ""
        parts = [f"{rate:.3g} mg/min"]
        if self._info.weight_kg:
            parts.append(f"{rate * 60 / self._info.weight_kg:.3f} mg/kg/h")
        left = max(0.0, now.planned_mg - now.given_mg)
        if now.state == "running" and left / rate < 60 * 24:
            ends = clock(at + timedelta(minutes=left / rate), seconds=True)
            parts.append(f"remaining {left:.1f} mg end {ends}")
        return " · ".join(parts)

    def _take_order(self) -> None:
        """It was started as ordered: the order's numbers stand in the fields before Save."""
        wanted = self._order
        if wanted is None:
            return
        self.mg.setText(str(wanted.mg))
        for field, value in (
            (self.strength, wanted.strength_mg_ml),
            (self.pump, wanted.rate_ml_h),
        ):
            field.setText("" if value is None else str(value))
        if wanted.minutes is not None:
            usual = self._info.protocol.dose.minutes
            same = usual is not None and wanted.minutes == infusion.exact(usual)
            self.minutes.choose(self.minutes.options[0] if same else OTHER)
            if not same:
                self.other_minutes.setText(f"{wanted.minutes:f}")

    def _minutes(self) -> float:
        if self.minutes.chosen == OTHER:
            return intake.amount(self.other_minutes.text(), "time", "min")
        return self._info.protocol.dose.minutes or 0.0

    def _meaning(self) -> str:
        """What the typed amount comes to, once it and the minutes can be read."""
        if self.minutes.chosen is None:
            return ""
        try:
            mg = intake.amount(self.mg.text(), "planned dose", "mg")
            minutes = self._minutes()
        except ValueError:
            # Still being typed: what is wrong with it stands beside Save.
            return ""
        rate = f"{mg:g} mg over {minutes:g} min is {mg / minutes:.3f} mg/min"
        per_kg = drafts.per_kg(mg, self._info.weight_kg)
        plan = self._info.protocol.dose.mg_per_kg
        if per_kg is None:
            return rate
        known = f" (protocol {plan:g} mg/kg)" if plan is not None else ""
        return f"{rate}, {per_kg:.2f} mg/kg{known}"

    def _picked(self) -> None:
        other = self.minutes.chosen == OTHER
        self.other_minutes.setVisible(other)
        if other:
            self.other_minutes.setFocus()
        self.changed.emit()

    def _turned(self) -> None:
        """Another change is chosen: its number begins empty, and a rate's has the focus."""
        self.number.clear()
        self.changed.emit()
        if self.action.chosen in (NEW_RATE, BOLUS):
            self.number.setFocus()
