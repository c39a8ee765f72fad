"""Each monitor pulled and back, under its name and another: nothing that was sent is lost."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from pathlib import Path

from devices.metrics import NIBP_DIA, NIBP_SYS
from devices.reading import LinkState, LinkStatus
from devices.registry import driver
from devices.simulated import SIMULATED
from ketamonitor.clock import SteadyClock
from tests.devices.pulled import Pulled

SPEED = 12.0
#: Results come at 60, 120, 180 s of the monitor; the cable is out between them and over one.
PULLS = ((75.0, 12.0), (110.0, 14.0), (150.0, 12.0))
LOST = 120.0
SECONDS = 200.0


def test_nothing_that_was_sent_while_connected_is_lost_and_nothing_comes_twice(
    tmp_path: Path,
) -> None:
    with ExitStack() as stack:
        benches = []
        for number, row in enumerate(SIMULATED.values()):
            link = tmp_path / row.name if number % 2 else None
            clock = SteadyClock(SPEED)
            benches.append(stack.enter_context(Pulled(row, clock, PULLS, link)))
        waiting = threading.Event()
        while any(one.elapsed < SECONDS for one in benches):
            waiting.wait(0.1)  # the monitors' own time has to pass
    for one in benches:
        check(one)


def check(one: Pulled) -> None:
    name, spec = one.row.name, driver(one.row.driver)
    states = [o.state for _, o in one.seen if isinstance(o, LinkStatus)]
    assert states.count(LinkState.LOST) == len(PULLS), (name, states)
    assert states.count(LinkState.CONNECTED) >= 1, name
    after = [o for at, o in one.seen if not isinstance(o, LinkStatus)]
    assert after, name
    if NIBP_SYS not in spec.metrics:
        return
    found = [
        (o.values[NIBP_SYS], o.values.get(NIBP_DIA))
        for o in one.readings()
        if o.values.get(NIBP_SYS) is not None
    ]
    truth = [(d.sys, d.dia) for d in one.patient.ended(SECONDS - 10)]
    missed = [(d.sys, d.dia) for d in one.patient.ended(SECONDS - 10) if d.at == LOST]
    must = [result for result in truth if result not in missed]
    assert [result for result in found if result not in missed] == must, name
    # what was measured while the cable was out comes at most once, where the monitor still shows it
    assert len(found) <= len(truth), name
