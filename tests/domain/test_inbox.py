"""What waits for the recorder: nothing lost, each source in its order, nobody left out."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from datetime import timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ketamonitor import inbox as inboxes
from ketamonitor.inbox import LANE_BOUND, Inbox, Lane, Submission, TooMuchWaits
from tests.fakes import START

PORTS = ("bp", "gw", "ox")


def submission(number: int, *, opens: bool = False, link: bool = False) -> Submission:
    return Submission(f"s{number}", (), Future(), START, opens=opens, link=link)


class InboxMachine(RuleBasedStateMachine):
    """Against plain lists: what each source has put and nobody has taken yet."""

    def __init__(self) -> None:
        super().__init__()
        self.inbox = Inbox()
        self.lanes: dict[str, Lane] = {}
        self.freed = dict.fromkeys(PORTS, 0)
        self.model: dict[str, list[Submission]] = {name: [] for name in ("first", "people", *PORTS)}
        self.passed_over: dict[str, int] = {}
        self.closed: set[str] = set()
        self.count = 0

    def _made(self, where: str, *, opens: bool = False, link: bool = False) -> Submission:
        self.count += 1
        made = submission(self.count, opens=opens, link=link)
        self.model[where].append(made)
        return made

    @rule(many=st.integers(1, 30))
    def people_enter(self, many: int) -> None:
        for _ in range(many):
            self.inbox.put(self._made("people"))

    @rule()
    def a_session_begins(self) -> None:
        self.inbox.put(self._made("first", opens=True))

    @rule(port=st.sampled_from(PORTS), many=st.integers(1, 2 * LANE_BOUND), ends=st.booleans())
    def a_port_delivers(self, port: str, many: int, ends: bool) -> None:
        if port in self.closed:
            return
        if port not in self.lanes:
            self.lanes[port] = self.inbox.lane("s", port)
            self.lanes[port].when_free(lambda: self._told(port))
        for number in range(many):
            link = ends and number == many - 1
            self.lanes[port].put(self._made(port, link=link))

    def _told(self, port: str) -> None:
        self.freed[port] += 1
        assert self.lanes[port].free

    @precondition(lambda self: self.lanes)
    @rule(data=st.data())
    def a_port_is_closed(self, data: st.DataObject) -> None:
        port = data.draw(st.sampled_from(sorted(self.lanes)))
        self.lanes[port].close()
        self.closed.add(port)

    @rule(many=st.integers(1, 200))
    def the_recorder_takes(self, many: int) -> None:
        for _ in range(many):
            self._take_one()

    def _take_one(self) -> None:
        waiting = {name: list(items) for name, items in self.model.items() if items}
        links = {n for n, items in waiting.items() if any(item.link for item in items)}
        was_full = {name for name in PORTS if len(waiting.get(name, ())) > LANE_BOUND // 2}
        freed = dict(self.freed)
        found = self.inbox.take(0)
        if not waiting:
            assert found is None
            return
        assert found is not None
        where = next(name for name, items in waiting.items() if items[0] is found)  # in its order
        self.model[where].pop(0)
        if "first" in waiting:
            assert where == "first"
        elif set(waiting) & self.closed:
            assert where in self.closed
        for name in waiting:
            self.passed_over[name] = 0 if name == where else self.passed_over.get(name, 0) + 1
            if "first" in waiting or set(waiting) & self.closed:
                self.passed_over[name] = 0  # those few go before everybody
            # Two rounds at most, of which a flood has no more than its turns.
            assert self.passed_over[name] <= 2 * (len(PORTS) + 1) * inboxes.URGENT_TURNS
        assert not links or self._progress(links, where)
        if where in was_full and len(self.model[where]) == LANE_BOUND // 2:
            assert self.freed[where] == freed[where] + 1

    def _progress(self, links: set[str], where: str) -> bool:
        """A port with the state of its link waiting is not passed over for longer than a round."""
        return all(
            self.passed_over.get(name, 0) <= (len(PORTS) + 1) * inboxes.URGENT_TURNS * 2
            for name in links
        )

    @invariant()
    def bounds_are_told(self) -> None:
        for port, lane in self.lanes.items():
            assert len(lane) == len(self.model[port])
            assert lane.full == (len(self.model[port]) >= LANE_BOUND)
            assert lane.free == (len(self.model[port]) <= LANE_BOUND // 2)
        assert self.inbox.empty == (not any(self.model.values()))

    def teardown(self) -> None:
        while any(self.model.values()):
            self._take_one()
        assert self.inbox.take(0) is None


TestTheInbox = InboxMachine.TestCase


def test_the_loss_of_a_link_is_taken_at_once_although_another_port_floods() -> None:
    inbox = Inbox()
    flood, other = inbox.lane("s", "gw"), inbox.lane("s", "bp")
    for number in range(LANE_BOUND):
        flood.put(submission(number))
    reading, lost = submission(1000), submission(1001, link=True)
    other.put(reading)
    other.put(lost)
    taken = [inbox.take(0) for _ in range(6)]
    assert [item for item in taken if item in (reading, lost)] == [reading, lost]


def test_a_link_that_changes_without_end_leaves_the_others_their_turns() -> None:
    inbox = Inbox()
    flapping, other = inbox.lane("s", "gw"), inbox.lane("s", "bp")
    for number in range(LANE_BOUND):
        flapping.put(submission(number, link=True))
    reading, typed = submission(1000), submission(1001)
    other.put(reading)
    inbox.put(typed)
    taken = [inbox.take(0) for _ in range(2 * inboxes.URGENT_TURNS)]
    assert typed in taken
    assert reading in taken


def test_a_flood_of_a_persons_entries_is_refused_in_words_and_holds_nobody_up() -> None:
    inbox = Inbox()
    port = inbox.lane("s", "bp")
    for number in range(inboxes.PEOPLE_BOUND):
        inbox.put(submission(number))
    with pytest.raises(TooMuchWaits, match="try again"):
        inbox.put(submission(0))
    lost = submission(1, link=True)
    port.put(lost)
    assert lost in [inbox.take(0) for _ in range(2 * inboxes.URGENT_TURNS)]


def test_what_a_port_left_is_taken_before_the_end_of_its_session() -> None:
    inbox = Inbox()
    port = inbox.lane("s", "bp")
    left = [submission(number) for number in range(LANE_BOUND)]
    for item in left:
        port.put(item)
    port.close()
    end = submission(1000)
    inbox.put(end)
    assert [inbox.take(0) for _ in range(LANE_BOUND + 1)] == [*left, end]


def test_how_long_a_source_has_had_no_end_of_waiting() -> None:
    """Full and not empty since: although each single one waits a moment only."""
    inbox = Inbox()
    port, quick = inbox.lane("s", "gw"), inbox.lane("s", "ox")

    def at(second: int) -> Submission:
        return Submission("s", (), Future(), START + timedelta(seconds=second))

    for _ in range(LANE_BOUND):
        port.put(at(0))
    for second in range(1, 10):
        port.put(at(second))
        inbox.take(0)
    quick.put(at(9))
    quick.put(at(9))
    found = {waiting.source: waiting.since for waiting in inbox.waiting()}
    assert found == {"gw": START, "ox": START + timedelta(seconds=9)}
    while inbox.take(0) is not None:
        pass
    assert inbox.waiting() == []
    port.put(at(20))
    assert [waiting.since for waiting in inbox.waiting()] == [START + timedelta(seconds=20)]


def test_many_threads_put_and_nothing_is_lost_or_out_of_order() -> None:
    inbox = Inbox()
    lanes = [inbox.lane("s", name) for name in PORTS]
    each = 500

    def deliver(name: str, way: Lane | Inbox) -> None:
        for number in range(each):
            way.put(Submission(name, (str(number),), Future(), START))  # type: ignore[arg-type]

    ways = dict(zip((*PORTS, "people"), (*lanes, inbox), strict=True))
    threads = [threading.Thread(target=deliver, args=item) for item in ways.items()]
    for thread in threads:
        thread.start()
    seen: dict[str, list[object]] = {name: [] for name in ways}
    for _ in range(each * len(threads)):
        found = inbox.take(10)
        assert found is not None
        seen[found.session].append(found.drafts[0])
    for thread in threads:
        thread.join(60)
    assert seen == {key: [str(number) for number in range(each)] for key in ways}
    assert inbox.take(0) is None
