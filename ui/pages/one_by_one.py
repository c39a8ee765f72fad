"""Long work in the background, a session at a time, so that other queries come between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from PySide6.QtWidgets import QWidget

from ui.background import Background

T = TypeVar("T")


class OneByOne(Generic[T]):
    """Does ``work`` for each id on the background thread while its page is on the screen.

    ``step(done, of)`` is called after each, ``done(results, left_out)`` after the last: the ids
    whose work raised ``ValueError`` are left out, any other error ends all with ``failed``. What is
    begun anew, or whose page is left, is forgotten after the session in hand.
    """

    def __init__(self, background: Background, page: QWidget) -> None:
        self._background, self._page = background, page
        self._round = 0

    def begin(
        self,
        ids: Sequence[str],
        work: Callable[[str], T],
        step: Callable[[int, int], object],
        done: Callable[[list[T], list[str]], object],
        failed: Callable[[BaseException], object],
    ) -> None:
        self._round += 1
        results: list[T] = []
        left_out: list[str] = []
        number = self._round

        def go_on(place: int) -> None:
            if number != self._round or not self._page.isVisible():
                return
            step(place, len(ids))
            if place == len(ids):
                done(results, left_out)
                return
            self._background.run(
                lambda: work(ids[place]),
                lambda result: took(place, result),
                lambda error: refused(place, error),
                self._page,
            )

        def took(place: int, result: T) -> None:
            results.append(result)
            go_on(place + 1)

        def refused(place: int, error: BaseException) -> None:
            if isinstance(error, ValueError):
                left_out.append(ids[place])
                go_on(place + 1)
            elif number == self._round:
                failed(error)

        go_on(0)

    def stop(self) -> None:
        """Forget what is running."""
        self._round += 1
