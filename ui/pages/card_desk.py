"""The action card of one live session: opened and taken away by rule, its steps stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from ketamonitor import cards, drafts
from ketamonitor.alarm_plan import ActionCard, CardStep
from ketamonitor.entries import Draft
from ketamonitor.view import ActiveAlarm, SessionView
from ui.live_page import LivePage
from ui.pages.acting import Acting
from ui.pages.cuffs import cuff_places
from ui.pages.entry import Desk
from ui.widgets.action_card import ActionCardView

NO_CARD = "No alert has an action card now"


class CardDesk(QObject):
    """``start_cuff(source)`` raises ``ValueError`` in words; ``typed_wanted`` asks for the panel of
    a typed blood pressure, ``sign_in_wanted`` for a name."""

    typed_wanted = Signal()
    sign_in_wanted = Signal()

    def __init__(
        self,
        desk: Desk,
        page: LivePage,
        view: SessionView,
        start_cuff: Callable[[str], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._desk, self._page, self._start_cuff = desk, page, start_cuff
        self.view = view
        self.open: cards.OpenCard | None = None
        self._left: frozenset[cards.Occurrence] = frozenset()
        self.card = ActionCardView(desk.kit.theme, page)
        self.card.hide()
        self._acting = Acting(desk, self.card.say, self)
        self._acting.sign_in_wanted.connect(self.sign_in_wanted)
        self.card.step_wanted.connect(self._step)
        self.card.card_wanted.connect(self._other)
        self.card.back_wanted.connect(self._back)
        self.card.left.connect(self.leave)
        self.card.seen.connect(page.bring_into_sight)
        page.card_wanted.connect(self.ask)

    def show_view(self, view: SessionView) -> None:
        """A newer picture has come: a card may open, move to another alarm, or go."""
        self.view = view
        before = self.open
        self.open = cards.card_now(before, self._left, self._active, self._cards)
        if self.open is not None and (before is None or before.own != self.open.own):
            self.card.guard()
        self._show()

    def ask(self) -> None:
        """The key or button for the card: the most urgent alarm's, and the keys go to it."""
        if self.open is None:
            found = cards.offered(self._active, self._cards)
            if found:
                self.open_for(found[0])
        if self.open is not None:
            self.card.setFocus()

    def open_for(self, alarm: ActiveAlarm) -> None:
        """An alarm's card on request."""
        self.open = cards.asked(alarm, self._active, self._cards) or self.open
        self._show()

    def leave(self) -> None:
        """Put the card away; it comes by itself only for another occurrence."""
        if self.open is not None:
            self._left |= cards.left_of(self.open, self._active, self._cards)
            self.open = None
            self._show()

    def has_card(self, alarm: ActiveAlarm) -> bool:
        """Whether the clinic has one for this alarm."""
        return alarm.ended_at is None and cards.card_for(alarm, self._cards) is not None

    @property
    def _active(self) -> tuple[ActiveAlarm, ...]:
        return self.view.every_alarm

    @property
    def _cards(self) -> tuple[ActionCard, ...]:
        return self.view.info.protocol.card

    @property
    def _about(self) -> ActiveAlarm | None:
        id = self.open.alarm if self.open else ""
        return next((alarm for alarm in self._active if alarm.id == id), None)

    def _named(self, id: str) -> ActionCard:
        return next(card for card in self._cards if card.id == id)

    def _show(self) -> None:
        reachable = cards.offered(self._active, self._cards)
        opened = self.open
        if opened is None:
            focused = self.card.has_focus
            self._page.show_card(None)
            if focused:  # a hidden card would swallow the keys
                self._page.take_focus()
        else:
            others = [a for a in reachable if self._own(a) != opened.own]
            self.card.show_card(self._named(opened.card), opened, self.view, self._about, others)
            self._page.show_card(self.card)
        offer = reachable[0] if reachable and opened is None else None
        self._page.offer_card(f"Card {self._own(offer)}" if offer else "")

    def _own(self, alarm: ActiveAlarm) -> str:
        card = cards.card_for(alarm, self._cards)
        return card.id if card else ""

    def _other(self, alarm: str) -> None:
        found = next((a for a in self._active if a.id == alarm), None)
        if found is not None:
            self.open_for(found)

    def _back(self) -> None:
        if self.open is not None:
            self.open = replace(self.open, card=self.open.own)
            self._show()

    # Steps ----------------------------------------------------------------------------------

    def _step(self, id: str, choice: str) -> None:
        if self.open is None:
            return
        card = self._named(self.open.card)
        step = next(step for step in card.step if step.id == id)
        if step.act == "card":
            self._lead_to(card, step)
        elif step.act == "bp":
            self._pressure(card, step)
        else:
            self._store(card, step, choice)

    def _lead_to(self, card: ActionCard, step: CardStep) -> None:
        """The other card opens in any case; that somebody opened it is stored with a name."""
        if self._desk.author() is not None:
            self._store(card, step, "")
        if self.open is not None:
            self.open = replace(self.open, card=step.card)
            self._show()

    def _pressure(self, card: ActionCard, step: CardStep) -> None:
        """Starts a cuff where a monitor takes it; else the panel for a typed pressure opens."""
        if self._desk.author() is None:
            self._store(card, step, "")  # says what is missing, and asks for a name
            return
        place = next((p for p in cuff_places(self.view) if not p.why_not), None)
        if place is None:
            self._store(card, step, "")
            self.typed_wanted.emit()
            return
        try:
            self._start_cuff(place.source)
        except ValueError as error:
            self.card.say(f"Cuff not started: {error}. B opens the typed blood pressure")
            return
        self._store(card, step, "", done=f"Cuff asked to start on {place.source}, noted")

    def _store(self, card: ActionCard, step: CardStep, choice: str, *, done: str = "Noted") -> None:
        about, view = self._about, self.view

        def make(author: str) -> tuple[Draft, ...]:
            now = self._desk.now()
            return cards.step_drafts(card, step, about, view, choice, at=now, author=author)

        changed = choice in drafts.CHANGES
        said = f"Infusion {choice} noted: change the pump too." if changed else done
        self._acting.do(make, said, thing=f"{card.id} {step.id}")
