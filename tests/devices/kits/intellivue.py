"""An IntelliVue monitor on its MIB/RS-232 port."""

from __future__ import annotations

from devices.drivers import intellivue
from devices.drivers.intellivue_messages import extended_poll, single_poll
from devices.drivers.intellivue_session import ABORT
from devices.drivers.intellivue_wire import framed
from tests.devices.intellivue_frames import VECTORS
from tests.devices.kits import Kit

KIT = Kit(
    frames=tuple(VECTORS[name] for name in ("accept", "mdscreate", "pollres", "extres")),
    requests=(
        ABORT,
        intellivue.REQUEST,
        framed(single_poll(1, 1, 6, 0)),
        framed(extended_poll(1, 1, 60)),
    ),
    simulated=("intellivue", "intellivue-single", "intellivue-parts"),
)
