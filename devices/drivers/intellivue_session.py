"""Our side of an IntelliVue association: asks to be let in, polls, keeps alive, begins again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import Enum

from devices.drivers.intellivue_messages import (
    ABORT_REQUEST,
    ALERT_GROUP,
    ALERTS,
    EVERY_GROUP,
    NUMERICS,
    STATIC_GROUP,
    Accepted,
    Failed,
    MdsCreate,
    Polled,
    Sign,
    association_request,
    extended_poll,
    mds_create_result,
    single_poll,
)
from devices.drivers.intellivue_wire import framed
from devices.reading import DeviceEvent
from devices.spec import Output

ASK_EVERY = timedelta(seconds=2)
REFUSED_FOR = timedelta(seconds=10)
#: The monitor takes four messages in 128 ms; what ends one thing is let sink in for two such spans.
SETTLE = timedelta(milliseconds=256)
#: A monitor that has let us in says something each second: after this the link counts as lost.
LOST_AFTER = timedelta(seconds=5)
#: The numerics are pushed for so long, and asked for anew so much before it lapses.
PUSHED_FOR, RENEW_BEFORE = timedelta(seconds=60), timedelta(seconds=10)
#: An extended poll without an answer for so long is asked again so often, then given up.
UNANSWERED_AFTER, ASKED_AGAIN = timedelta(seconds=3), 1
POLL_EVERY = timedelta(seconds=1)
#: Also what keeps the association alive: the shortest time-out of a monitor is 10 s.
ALERTS_EVERY = timedelta(seconds=2)
STATIC_EVERY = timedelta(seconds=4)

NEVER = datetime.max.replace(tzinfo=UTC)

ABORT, REQUEST = framed(ABORT_REQUEST), framed(association_request())


class _Stage(Enum):
    ASKING = "asking"
    LET_IN = "let in"  # the monitor has not introduced itself yet
    POLLING = "polling"


class Session:
    """The client of one monitor, with no I/O and no values in it.

    Numerics come by extended poll: the monitor then pushes them each second by itself, which costs
    one request a minute. Where it does not grant that, answers with an error or with nothing, each
    set is asked for by a single poll.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._stage = _Stage.ASKING
        self._abort_at: datetime | None = None
        self._ask_at: datetime | None = None
        self._lost_at = NEVER
        self._replies = b""
        self._granted = Accepted(1.0, True)
        self._pushes = True
        self._tries = 0
        self._numerics_at = self._renew_at = self._alerts_at = NEVER
        self._alerts_static = False
        self._invoke = 0
        self._number = self._before = self._answered = 0  # polls for numerics
        self._asked: dict[str, int] = {}
        self._told: Sign | None = None

    @property
    def begun(self) -> bool:
        return self._ask_at is not None

    @property
    def asking(self) -> bool:
        """Whether the monitor has not let us in (any more)."""
        return self._stage is _Stage.ASKING

    def connected(self, now: datetime) -> None:
        """Begins anew: an association that a dead client (or we) left behind is ended first."""
        self._stage = _Stage.ASKING
        self._abort_at, self._ask_at = now, now + SETTLE
        self._replies = b""

    def outgoing(self, now: datetime) -> bytes:
        """The frames that are due."""
        if not self.begun or (not self.asking and now >= self._lost_at):
            self.connected(now)
        sent, self._replies = self._replies, b""
        if self._stage is _Stage.ASKING:
            if self._abort_at is not None and now >= self._abort_at:
                self._abort_at = None
                sent += ABORT
            if self._ask_at is not None and now >= self._ask_at:
                self._ask_at = now + ASK_EVERY
                sent += REQUEST
        elif self._stage is _Stage.POLLING:
            if now >= self._numerics_at:
                sent += self._ask_numerics(now)
            if now >= self._alerts_at:
                sent += self._ask_alerts(now)
        return sent

    def wait(self, now: datetime) -> float:
        """Seconds until :meth:`outgoing` has something."""
        if self._replies or self._ask_at is None:
            return 0.0
        if self._stage is _Stage.ASKING:
            at = self._ask_at if self._abort_at is None else min(self._abort_at, self._ask_at)
        elif self._stage is _Stage.LET_IN:
            at = self._lost_at
        else:
            at = min(self._numerics_at, self._alerts_at, self._lost_at)
        return max(0.0, (at - now).total_seconds())

    def heard(self, now: datetime) -> None:
        """A good frame came."""
        if self._stage is _Stage.POLLING:
            self._lost_at = now + LOST_AFTER

    def accepted(self, terms: Accepted, now: datetime) -> None:
        self._granted = terms
        self._stage = _Stage.LET_IN
        self._lost_at = now + LOST_AFTER

    def introduced(self, event: MdsCreate, now: datetime) -> None:
        """The monitor waits for our answer, and then to be polled."""
        self._replies = framed(mds_create_result(event))
        if self._stage is _Stage.POLLING:
            return  # it had not heard our answer
        self._stage = _Stage.POLLING
        self._lost_at = now + LOST_AFTER
        self._numerics_at = self._alerts_at = now + SETTLE
        self._renew_at = now
        self._pushes, self._tries, self._alerts_static = self._granted.pushes, 0, False
        self._asked.clear()

    def turned_away(self, sign: Sign, now: datetime) -> list[Output]:
        """The monitor refused us or ended the association: told once, tried for ever.

        A refusal while we are in answers a request that had crossed with the acceptance.
        """
        if sign is Sign.REFUSED and not self.asking:
            return []
        pause = REFUSED_FOR if sign is Sign.REFUSED else ASK_EVERY
        self._stage = _Stage.ASKING
        self._abort_at, self._ask_at = None, now + pause
        self._replies = b""
        if sign is self._told or sign is Sign.RELEASED:
            return []
        self._told = sign
        did = "refused the connection" if sign is Sign.REFUSED else "ended the connection"
        text = (
            f"the monitor {did}: it may still hold one that another program left behind, for up "
            f"to 2 minutes; it is asked again every {pause.total_seconds():.0f} s"
        )
        return [DeviceEvent(self._source, "refused", text, now)]

    def failed(self, error: Failed, now: datetime) -> None:
        """An error in place of an answer: the next simpler way is taken."""
        if error.invoke == self._asked.get("push"):
            self._pushes = False
            self._numerics_at = now
        elif error.invoke == self._asked.get("alerts"):
            self._alerts_static = True

    def numerics(self, head: Polled, now: datetime) -> bool:
        """Notes an answer with numerics. False for one of a poll that another has replaced."""
        self._told = None
        if head.number == self._number:
            self._answered = head.number
        elif head.number == self._before and self._answered == self._number:
            return False
        if head.extended and self._pushes and self._stage is _Stage.POLLING:
            self._tries = 0
            self._numerics_at = min(self._renew_at, now + UNANSWERED_AFTER)
        return True

    def _ask_numerics(self, now: datetime) -> bytes:
        self._before, self._number = self._number, self._number % 0xFFFF + 1
        invoke = self._next_invoke()
        if self._pushes and now < self._renew_at:
            self._tries += 1
            self._pushes = self._tries <= ASKED_AGAIN
        if self._pushes:
            self._asked["push"] = invoke
            self._numerics_at = now + UNANSWERED_AFTER
            self._renew_at = now + PUSHED_FOR - RENEW_BEFORE
            return framed(extended_poll(invoke, self._number, PUSHED_FOR.total_seconds()))
        self._numerics_at = now + max(POLL_EVERY, timedelta(seconds=self._granted.min_poll_s))
        return framed(single_poll(invoke, self._number, NUMERICS, EVERY_GROUP))

    def _ask_alerts(self, now: datetime) -> bytes:
        invoke = self._asked["alerts"] = self._next_invoke()
        self._alerts_at = now + (STATIC_EVERY if self._alerts_static else ALERTS_EVERY)
        group = STATIC_GROUP if self._alerts_static else ALERT_GROUP
        return framed(single_poll(invoke, 1, ALERTS, group))

    def _next_invoke(self) -> int:
        self._invoke = self._invoke % 0xFFFF + 1
        return self._invoke
