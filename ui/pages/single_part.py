"""The dose panel of one single dose, of the protocol's drug or another."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtWidgets import QVBoxLayout, QWidget

from ketamonitor import drafts, intake
from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.treatment.order import Order
from ketamonitor.treatment.plan import DosePlan
from ketamonitor.view import SessionInfo, SessionView
from ui.pages.dose_part import DosePart, order_words
from ui.pages.parts import Kit
from ui.pages.protocol_lines import ROUTES, arithmetic, dose_line

#: Ways for which the place on the body is asked.
_SITED = ("im", "sc")


class SinglePart(DosePart):
    """One dose at once: of the protocol's drug (``plan``), or of any other."""

    def __init__(self, kit: Kit, info: SessionInfo, plan: DosePlan | None) -> None:
        super().__init__()
        self.name = "Dose" if plan else "Other drug"
        self._info = info
        self._plan = plan
        self._order: Order | None = None
        self.outer = QVBoxLayout(self)
        self.outer.setContentsMargins(0, 0, 0, 0)
        self.outer.setSpacing(8)
        self.form = QWidget()
        layout = QVBoxLayout(self.form)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self.rows = layout
        self.outer.addWidget(self.form)
        self.outer.addStretch()
        self.drug = kit.field("Name as on the label", "Drug")
        self.drug.setMaxLength(80)
        self.route = kit.choice(
            list(drafts.ROUTES), shown={r: f"{r}\n{ROUTES[r]}" for r in drafts.ROUTES}
        )
        self.mg = kit.field("", "Dose in mg", big=True)
        self.site = kit.field("As in: left deltoid", "Site")
        self.site.setMaxLength(40)
        self.as_ordered = kit.button("As ordered", key="Y")
        self.as_ordered.clicked.connect(self._take_order)
        self.as_ordered.hide()
        if plan is not None:
            layout.addWidget(kit.label(dose_line(plan), "fact", wrap=True))
            layout.addWidget(
                kit.label(f"Protocol’s arithmetic: {arithmetic(plan, info.weight_kg)}", "muted")
            )
            layout.addWidget(self.as_ordered)
        else:
            layout.addWidget(kit.label("Drug", "muted"))
            layout.addWidget(self.drug)
            layout.addWidget(kit.label("Route", "muted"))
            layout.addWidget(self.route)
        layout.addWidget(kit.label("Dose given, mg", "muted"))
        layout.addWidget(self.mg)
        if plan is not None and plan.route in _SITED:
            layout.addWidget(kit.label("Site", "muted"))
            layout.addWidget(self.site)
        for typed in (self.drug, self.mg, self.site):
            typed.textChanged.connect(self.changed)
        self.route.changed.connect(self.changed)
        self.amount = self.mg if plan is not None else None

    @property
    def save_words(self) -> str:
        return "Save dose"

    def missing(self) -> str:
        if self._plan is None and not self.drug.text().strip():
            return "Type the drug"
        if self._plan is None and self.route.chosen is None:
            return "Choose the route"
        if not self.mg.text().strip():
            return "Type the dose in mg"
        try:
            self.draft(self._info.started_at, "check")
        except ValueError as error:
            return str(error)
        return ""

    def draft(self, at: datetime, author: str) -> Draft:
        return self._draft(at, author)

    def clear(self) -> None:
        self.drug.clear()
        self.route.clear()
        self.mg.clear()
        self.site.clear()

    def follow(self, view: SessionView, record: Record) -> None:
        self._order = record.orders.current
        if self._order is not None and self._plan is not None:
            self.as_ordered.setText(order_words(self._order))
            self.as_ordered.show()
        else:
            self.as_ordered.hide()

    def key(self, key: str) -> bool:
        if key != "Y" or self._order is None or self._plan is None:
            return False
        self._take_order()
        return True

    def _draft(
        self,
        at: datetime,
        author: str,
        *,
        hold_s: float | None = None,
        after_hold: str | None = None,
    ) -> Draft:
        drug = self._plan.drug if self._plan else self.drug.text()
        route = self._plan.route if self._plan else self.route.chosen or ""
        return drafts.dose(
            drug,
            route,
            intake.amount(self.mg.text(), "dose", "mg"),
            weight_kg=self._info.weight_kg,
            site=self.site.text(),
            hold_s=hold_s,
            after_hold=after_hold,
            at=at,
            author=author,
        )

    def _take_order(self) -> None:
        """What was ordered was given: the amount stands in the field, to be seen before Save."""
        if self._order is not None:
            self.mg.setText(str(self._order.mg))
