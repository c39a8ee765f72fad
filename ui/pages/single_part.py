"""The dose panel of one single dose, of the protocol's drug or another."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtWidgets import QVBoxLayout

from ketamonitor import drafts, intake
from ketamonitor.entries import Draft
from ketamonitor.treatment.plan import DosePlan
from ketamonitor.view import SessionInfo
from ui.pages.dose_part import DosePart
from ui.pages.parts import Kit
from ui.pages.protocol_lines import ROUTES, arithmetic, dose_line


class SinglePart(DosePart):
    """One dose at once: of the protocol's drug (``plan``), or of any other."""

    def __init__(self, kit: Kit, info: SessionInfo, plan: DosePlan | None) -> None:
        super().__init__()
        self.name = "Dose" if plan else "Other drug"
        self._info = info
        self._plan = plan
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self.drug = kit.field("Name as on the label", "Drug")
        self.drug.setMaxLength(80)
        self.route = kit.choice(
            list(drafts.ROUTES), shown={r: f"{r}\n{ROUTES[r]}" for r in drafts.ROUTES}
        )
        self.mg = kit.field("", "Dose in mg", big=True)
        if plan is not None:
            layout.addWidget(kit.label(dose_line(plan), "fact"))
            layout.addWidget(
                kit.label(f"Protocol’s arithmetic: {arithmetic(plan, info.weight_kg)}", "muted")
            )
        else:
            layout.addWidget(kit.label("Drug", "muted"))
            layout.addWidget(self.drug)
            layout.addWidget(kit.label("Route", "muted"))
            layout.addWidget(self.route)
        layout.addWidget(kit.label("Dose given, mg", "muted"))
        layout.addWidget(self.mg)
        layout.addStretch()
        for typed in (self.drug, self.mg):
            typed.textChanged.connect(self.changed)
        self.route.changed.connect(self.changed)

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
        drug = self._plan.drug if self._plan else self.drug.text()
        route = self._plan.route if self._plan else self.route.chosen or ""
        return drafts.dose(
            drug,
            route,
            intake.amount(self.mg.text(), "dose", "mg"),
            weight_kg=self._info.weight_kg,
            at=at,
            author=author,
        )

    def clear(self) -> None:
        self.drug.clear()
        self.route.clear()
        self.mg.clear()
