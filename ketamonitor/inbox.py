"""What waits for the recorder: whose turn is next, how much may wait, and for how long it has."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

from ketamonitor.entries import Draft, Entry

Written = tuple[Entry, ...]

#: So many submissions of one port may wait; then it is left unread until half of them are gone.
LANE_BOUND = 64
#: So many of those who have no port that could be left unread (people, the program itself).
PEOPLE_BOUND = 5_000
#: Turns in a round. People's entries and what leads to the state of a link go first, but never
#: alone: whatever floods, each of the others has its turn in every round.
URGENT_TURNS, USUAL_TURNS = 8, 2


class TooMuchWaits(RuntimeError):  # noqa: N818 - a state, not a fault
    """So many entries wait that no more are taken. Nothing of this one has been recorded."""


@dataclass(frozen=True, slots=True)
class Submission:
    """Drafts for one session and who waits for them. ``opens`` begins a new session, ``resumes``
    goes on with a stored one. ``put_at`` is when they came; ``link``: a port's state is in them."""

    session: str
    drafts: Sequence[Draft]
    done: Future[Written]
    put_at: datetime
    opens: bool = False
    resumes: bool = False
    link: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """What one source (empty: people and the program) has had waiting without a break."""

    session: str
    source: str
    since: datetime


class Lane:
    """The way in of one source, in the order in which it puts. Takes whatever is put: its port
    looks at :attr:`full` before it reads, and then leaves the line alone until :attr:`free`."""

    def __init__(self, bell: queue.SimpleQueue[None], session: str = "", source: str = "") -> None:
        self.session, self.source = session, source
        self._bell = bell
        self._queue: queue.SimpleQueue[Submission] = queue.SimpleQueue()
        self._next: Submission | None = None
        self._freed: Callable[[], None] | None = None
        # Each is counted up by one thread alone.
        self._links_in = self._links_out = 0
        self._full_since: datetime | None = None
        self.closed = False

    def __len__(self) -> int:
        return self._queue.qsize() + (self._next is not None)

    @property
    def full(self) -> bool:
        return len(self) >= LANE_BOUND

    @property
    def free(self) -> bool:
        return len(self) <= LANE_BOUND // 2

    def when_free(self, call: Callable[[], None]) -> None:
        """``call`` is made on the recorder's thread each time half of a full lane is gone."""
        self._freed = call

    def put(self, submission: Submission) -> None:
        """From the source's own thread."""
        if submission.link:
            self._links_in += 1
        self._queue.put(submission)
        self._bell.put(None)

    def close(self) -> None:
        """Nothing more is put: what waits goes before everything else."""
        self.closed = True

    # On the recorder's thread ----------------------------------------------------------------

    @property
    def urgent(self) -> bool:
        """Whether the state of a link waits in it. What came before that is then urgent as well:
        within one source nothing overtakes."""
        return self._links_in > self._links_out

    def take(self) -> Submission | None:
        if (found := self._look()) is None:
            return None
        if self.full and self._full_since is None:
            self._full_since = found.put_at
        self._next = None
        self._links_out += found.link
        if not len(self):
            self._full_since = None
        if len(self) == LANE_BOUND // 2 and self._freed is not None:
            self._freed()
        return found

    def waiting(self) -> Waiting | None:
        """Since when something has waited in it, or it was full and has not been empty after."""
        first = self._look()
        if first is None:
            return None
        since = min(first.put_at, self._full_since or first.put_at)
        return Waiting(self.session or first.session, self.source, since)

    def _look(self) -> Submission | None:
        if self._next is None and not self._queue.empty():
            self._next = self._queue.get_nowait()
        return self._next


class Inbox:
    """Everybody's way to the recorder: anyone puts, the recorder's thread alone takes.

    Beginnings of sessions come first, then what closed ports have left; then, in rounds, people's
    entries, sources whose link has changed, all other sources. Nothing is lost or doubled, each
    source keeps its order, and every source has its turn in each round.
    """

    def __init__(self) -> None:
        # One token for each submission, put in after it: who holds a token finds a submission.
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._beginnings = Lane(self._bell)
        self._people = Lane(self._bell)
        self._new: queue.SimpleQueue[Lane] = queue.SimpleQueue()
        self._lanes: list[Lane] = []
        self._round: list[tuple[Lane, int]] = []
        #: Nothing more is taken in; the recorder ends once it is empty.
        self.closed = False

    def put(self, submission: Submission) -> None:
        """From any thread; for whoever has no lane. Raises :class:`TooMuchWaits`."""
        if submission.opens or submission.resumes:
            self._beginnings.put(submission)
            return
        if len(self._people) >= PEOPLE_BOUND:
            raise TooMuchWaits(f"{PEOPLE_BOUND} entries wait to be recorded: try again in a moment")
        self._people.put(submission)

    def lane(self, session: str, source: str) -> Lane:
        """A lane for one source of one session. From any thread."""
        lane = Lane(self._bell, session, source)
        self._new.put(lane)
        return lane

    def close(self) -> None:
        """From any thread: wakes the recorder, who takes what is left."""
        self.closed = True
        self._bell.put(None)

    # On the recorder's thread ----------------------------------------------------------------

    def take(self, seconds: float) -> Submission | None:
        """What is next, after at most so many seconds of the computer; ``None``: nothing is."""
        try:
            self._bell.get(timeout=seconds) if seconds > 0 else self._bell.get_nowait()
        except queue.Empty:
            return None
        for lane in (self._beginnings, *(lane for lane in self._known() if lane.closed)):
            if (found := lane.take()) is not None:
                return found
        return self._turn() or self._turn()

    def waiting(self) -> list[Waiting]:
        """What waits, of each source that has something waiting."""
        lanes = (self._people, *self._known())
        return [waiting for lane in lanes if (waiting := lane.waiting()) is not None]

    def rest(self) -> Iterator[Submission]:
        """All that is left, for the end."""
        for lane in (self._beginnings, *self._known(), self._people):
            while (found := lane.take()) is not None:
                yield found

    @property
    def empty(self) -> bool:
        return not any(len(lane) for lane in (self._beginnings, self._people, *self._known()))

    def _known(self) -> list[Lane]:
        while not self._new.empty():
            self._lanes.append(self._new.get_nowait())
        self._lanes = [lane for lane in self._lanes if len(lane) or not lane.closed]
        return self._lanes

    def _turn(self) -> Submission | None:
        """The next of this round; the last one of a round that is over begins another."""
        while self._round:
            lane, turns = self._round.pop(0)
            if (found := lane.take()) is not None:
                if turns > 1:
                    self._round.insert(0, (lane, turns - 1))
                return found
        urgent = [lane for lane in self._lanes if lane.urgent]
        usual = [lane for lane in self._lanes if not lane.urgent]
        self._round = [(lane, URGENT_TURNS) for lane in (self._people, *urgent)]
        self._round += [(lane, USUAL_TURNS) for lane in usual]
        return None
