"""The recorder: the one thread that owns the live sessions and the only one that writes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ketamonitor import timekeeping
from ketamonitor.behind import again, displaced
from ketamonitor.clock import SteadyClock
from ketamonitor.entries import GENESIS, PROGRAM, Draft, Entry, chain
from ketamonitor.held import Held
from ketamonitor.inbox import Inbox, Lane, Submission, TooMuchWaits, Waiting, Written
from ketamonitor.rescue import Left, RescueFolders
from ketamonitor.session import LiveSession
from ketamonitor.store import Store, StoreError
from ketamonitor.view import Update

log = logging.getLogger(__name__)

#: Session time between two ticks, on which alarms arise that no value brings.
TICK = timedelta(seconds=1)
#: Computer seconds: no faster ticks than this, however fast simulated time runs.
SHORTEST_WAIT = 0.005
#: As many submissions share a transaction at most; each is judged for alarms by itself.
BATCH = 200
#: Computer seconds after which a batch is written and the tick has its turn, full or not.
BATCH_S = 0.2
#: So long may a busy computer hold a value up, in its own seconds, before it counts as late.
HICCUP_S = 0.1


class RecorderStopped(RuntimeError):  # noqa: N818 - a state, not a fault
    """The recorder has ended and takes nothing more."""


@dataclass(slots=True)
class _Live:
    session: LiveSession
    clock_ahead: float
    held_s: float = 0.0
    saved_at: datetime | None = None
    new: list[Entry] = field(default_factory=list)
    #: ``new`` is the whole list: entries have other numbers than they were told with.
    anew: bool = False


class Recorder(threading.Thread):
    """Takes drafts from any thread, writes them, and only then tells of them.

    Each reading is judged by itself; whatever alarms it begins or ends is written in the same
    transaction. When the store refuses, entries wait in memory in order, are shown as unsaved, and
    are written again and again until they are safe (:mod:`ketamonitor.held`). ``publish`` is called
    on this thread after each write, and once a second for each session. What could not be saved by
    the end is in ``left``, kept in a file of ``rescue``.
    """

    def __init__(
        self,
        open_store: Callable[[], Store],
        clock: SteadyClock,
        publish: Callable[[Update], None],
        rescue: RescueFolders | None = None,
    ) -> None:
        super().__init__(name="recorder")
        self._open_store = open_store
        self._clock = clock
        self._publish = publish
        self._inbox = Inbox()
        self._live: dict[str, _Live] = {}
        self._held = Held(rescue)
        #: After the end: what could not be saved.
        self.left: Left | None = None
        # Sped-up time makes seconds of a stall that nobody would notice in a patient's time.
        self._slack_s = HICCUP_S * (clock.speed - 1) if clock.speed > 1 else 0.0
        self._slept_s, self._moved = clock.slept(), clock.moved
        self._ended = False
        #: Done when the store is open; holds the :class:`StoreError` if it could not be.
        self.ready: Future[None] = Future()

    # From any thread -------------------------------------------------------------------------

    def open(self, session: str, first: Draft) -> Future[Written]:
        """Begin a session with its first entry."""
        return self._put(self._submission(session, (first,), opens=True))

    def resume(self, session: str, resumed: Draft) -> Future[Written]:
        """Replay a stored session and go on with it."""
        return self._put(self._submission(session, (resumed,), resumes=True))

    def submit(self, session: str, drafts: Iterable[Draft]) -> Future[Written]:
        """Record what happened. The future holds the entries once they are durable.

        Raises (through the future) ``KeyError`` for a session that is not live and
        :class:`~ketamonitor.inbox.TooMuchWaits`.
        """
        return self._put(self._submission(session, tuple(drafts)))

    def lane(self, session: str, source: str) -> Lane:
        """The way in of one port, which is to leave its line unread while the lane is full."""
        return self._inbox.lane(session, source)

    def arrived(self, lane: Lane, drafts: Sequence[Draft], *, link: bool) -> None:
        """Record what came from the port of a lane; ``link``: the state of the port itself."""
        self._put(self._submission(lane.session, drafts, link=link), lane)

    def stop(self) -> None:
        """End after everything submitted so far has been dealt with."""
        self._inbox.close()

    def _submission(
        self,
        session: str,
        drafts: Sequence[Draft],
        *,
        opens: bool = False,
        resumes: bool = False,
        link: bool = False,
    ) -> Submission:
        return Submission(session, drafts, Future(), self._clock.now(), opens, resumes, link)

    def _put(self, submission: Submission, lane: Lane | None = None) -> Future[Written]:
        try:
            if self._inbox.closed:
                raise RecorderStopped("the recorder has ended")
            (self._inbox if lane is None else lane).put(submission)
        except (RecorderStopped, TooMuchWaits) as refused:
            submission.done.set_exception(refused)
        if self._ended:  # while it was put in
            self._refuse_the_rest()
        return submission.done

    # On the recorder's own thread ------------------------------------------------------------

    def run(self) -> None:
        try:
            store = self._open_store()
        except StoreError as error:
            self._inbox.close()
            self.ready.set_exception(error)
            self._refuse_the_rest()
            return
        self.ready.set_result(None)
        next_tick = self._clock.now() + TICK
        try:
            while not (self._inbox.closed and self._inbox.empty):
                self._take_in(next_tick, store)
                now = self._clock.now()
                # A clock that was moved while no session ran makes no tick late or early.
                moved, self._moved = self._clock.moved - self._moved, self._clock.moved
                next_tick += moved
                if self._inbox.empty:
                    self._clock.absorbed(now)
                tick = now >= next_tick
                if tick:
                    late_s = self._clock.real((now - next_tick).total_seconds())
                    next_tick = now + TICK
                    self._tick(now, store, late_s)
                self._write(store)
                self._tell(store, everyone=tick)
        finally:
            self._inbox.close()
            try:
                self._write(store, last=True)
            finally:
                self.left = self._held.end(self._clock.now(), RecorderStopped)
                store.close()
                self._refuse_the_rest()

    def _take_in(self, next_tick: datetime, store: Store) -> None:
        """A batch of what is waiting; waits for the next tick where nothing is."""
        wait = self._clock.real((next_tick - self._clock.now()).total_seconds())
        wait = min(max(SHORTEST_WAIT, wait), self._clock.longest_wait)
        submission = self._inbox.take(wait)
        began, left = self._clock.now(), BATCH
        while submission is not None:
            self._absorb(submission, store)
            left -= 1
            if not left or self._clock.real((self._clock.now() - began).total_seconds()) > BATCH_S:
                break
            submission = self._inbox.take(0)

    def _absorb(self, submission: Submission, store: Store) -> None:
        session, done = submission.session, submission.done
        if not done.set_running_or_notify_cancel():
            return
        try:
            if submission.resumes and session not in self._live:
                self._replay(session, store)
        except (KeyError, ValueError, StoreError) as error:
            done.set_exception(error)
            return
        live = self._live.get(session)
        if live is None and not submission.opens:
            done.set_exception(KeyError(f"session {session} is not running"))
            return
        if live is not None and live.session.ended:
            done.set_exception(ValueError("the session has ended: nothing more can be entered"))
            return
        try:
            if live is None:
                entries = [self._open_live(session, submission.drafts[0])]
            else:
                entries = [self._enter(live, draft) for draft in submission.drafts]
        except Exception as fault:  # noqa: BLE001 - a defect of ours must not end the recording
            self._own_fault("taking in an entry", fault, store)
            done.set_exception(fault)
            return
        self._held.promise(done, entries)

    def _open_live(self, session: str, first: Draft) -> Entry:
        entry = chain(first, session, 1, self._clock.now(), GENESIS)
        live = _Live(LiveSession(entry, slack_s=self._slack_s), self._clock.drift())
        self._live[session] = live
        live.new.append(entry)
        self._held.add(entry)
        return entry

    def _enter(self, live: _Live, draft: Draft) -> Entry:
        """Append one draft, then whatever alarms it begins or ends. What holds at the end of the
        session is judged before it: afterwards nothing is."""
        if draft.kind == "session" and draft.body.get("event") == "ended":
            fault = self._held.fault_of(live.session.last.session)
            for change in live.session.changes(self._clock.now(), fault):
                self._append(live, change)
        entry = self._append(live, draft)
        for change in live.session.changes(self._clock.now(), self._held.fault_of(entry.session)):
            self._append(live, change)
        return entry

    def _append(self, live: _Live, draft: Draft) -> Entry:
        last = live.session.last
        entry = chain(draft, last.session, last.seq + 1, self._clock.now(), last.hash)
        live.session.apply(entry)
        live.new.append(entry)
        self._held.add(entry)
        return entry

    def _tick(self, now: datetime, store: Store, late_s: float) -> None:
        """What time alone brings: no reading, overdue, a clock that was set, a tick that is late
        by so many seconds of the computer."""
        slept_s, self._slept_s = self._clock.slept() - self._slept_s, self._clock.slept()
        waiting = self._inbox.waiting()
        try:
            store.watch()
        except StoreError as error:  # told as a fault of the record; writing that mends it
            self._held.fail(str(error))
        for session, live in list(self._live.items()):
            try:
                if not live.session.ended:
                    for draft in self._of_time(live, now, late_s, slept_s, waiting):
                        self._append(live, draft)
                for change in live.session.changes(now, self._held.fault_of(session)):
                    self._append(live, change)
            except Exception as fault:  # noqa: BLE001 - see _absorb
                self._own_fault("the tick", fault, store)

    def _of_time(
        self, live: _Live, now: datetime, late_s: float, slept_s: float, waiting: list[Waiting]
    ) -> Iterator[Draft]:
        ahead = self._clock.drift()
        for draft in timekeeping.clock_changed(ahead, live.clock_ahead, now):
            live.clock_ahead = ahead
            yield draft
        for draft in timekeeping.held_back(self._clock.held(), live.held_s, now):
            live.held_s = self._clock.held()
            yield draft
        yield from timekeeping.stood_still(
            late_s, slept_s, now, lambda seconds: seconds * self._clock.speed
        )
        own = [item for item in waiting if item.session == live.session.last.session]
        yield from timekeeping.behind(own, live.session.behind, now, self._clock.real)

    def _write(self, store: Store, *, last: bool = False) -> None:
        written = self._held.write(store, self._clock.now(), last=last)
        while self._held.refused:
            session, error = self._held.refused.popitem()
            if self._sort_out(session, error, store):
                written = (*written, *self._held.write(store, self._clock.now(), last=last))
        saved_at = self._clock.now()
        for session in {entry.session for entry in written}:
            if session in self._live:
                self._live[session].saved_at = saved_at
        self._held.keep(saved_at)

    def _sort_out(self, session: str, error: StoreError, store: Store) -> bool:
        """The store refused a session's entries for good. Where another program has written in
        their place they are made anew behind its own, and can be tried once more; else they are
        kept aside, or what was to begin does not."""
        held, now = self._held.of(session), self._clock.now()
        try:
            there = store.entries(session)
            if there and held[0].seq > 1 and displaced(held, there):
                anew = again(held, there[-1], now)
                LiveSession.of([*there, *anew])  # whatever cannot be replayed is not written
                self._held.replace(session, held, anew)
                self._replay(session, store, anew=True)
                log.error("session %s: another program writes to it", session)
                return True
        except StoreError as unread:
            if unread.retryable:  # it is not known yet what stands there
                self._held.later(unread, now)
                return False
            error = unread
        except Exception as fault:  # noqa: BLE001 - see _absorb; what was held is kept as it is
            log.error("session %s cannot be joined: %s", session, type(fault).__name__)
        if self._held.refuse_start(session, error):
            self._live.pop(session, None)
        else:
            self._held.give_up(session, error, now)
        return False

    def _tell(self, store: Store, *, everyone: bool) -> None:
        now = self._clock.now()
        unsaved = self._held.counts()
        for session, live in list(self._live.items()):
            if not (live.new or everyone):
                continue
            try:
                view = live.session.view(
                    now,
                    saved_at=live.saved_at,
                    unsaved=unsaved.get(session, 0),
                    record_fault=self._held.fault_of(session),
                )
                update = Update(session, tuple(live.new), view, anew=live.anew)
                live.new, live.anew = [], False
                self._publish(update)
            except Exception as fault:  # noqa: BLE001 - whoever shows it must not end the recording
                self._own_fault("telling of an update", fault, store)
            if live.session.ended and not unsaved.get(session):
                del self._live[session]

    def _replay(self, session: str, store: Store, *, anew: bool = False) -> None:
        """Build the live session again from the stored entries and those still unsaved. ``anew``:
        they are told as a whole, as some have other numbers now."""
        entries = store.entries(session)
        seen = {entry.seq for entry in entries}
        entries += [e for e in self._held.of(session) if e.seq not in seen]
        if not entries:
            raise KeyError(f"no session {session}")
        live = LiveSession.of(entries, slack_s=self._slack_s)
        known = self._live.get(session)
        self._live[session] = _Live(
            live,
            known.clock_ahead if known else 0.0,  # what is not known of its clock is told
            known.held_s if known else 0.0,
            known.saved_at if known else entries[-1].recorded_at,
            entries if anew else known.new if known else [],
            anew or (known is not None and known.anew),
        )

    def _own_fault(self, where: str, fault: Exception, store: Store) -> None:
        """A defect of ours: say so without data, raise it as an alarm, replay, go on."""
        frame = fault.__traceback__
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        place = f"{frame.tb_frame.f_code.co_name}:{frame.tb_lineno}" if frame else "?"
        log.error("program fault while %s: %s in %s", where, type(fault).__name__, place)
        for session in list(self._live):
            try:
                self._replay(session, store)
            except StoreError as error:
                self._held.fail(str(error))
                continue
            body = {"event": "program_fault", "where": where, "fault": type(fault).__name__}
            live = self._live[session]
            if not live.session.ended:
                self._append(live, Draft("audit", self._clock.now(), PROGRAM, body))

    def _refuse_the_rest(self) -> None:
        self._ended = True
        for submission in self._inbox.rest():
            submission.done.set_exception(RecorderStopped("the recorder has ended"))
