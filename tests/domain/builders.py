"""Entries made as the program makes them, for tests that need a session's list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from ketamonitor.alarm_plan import TechnicalPlan
from ketamonitor.entries import GENESIS, PROGRAM, Draft, Entry, chain
from ketamonitor.library import SHIPPED
from ketamonitor.protocol import TreatmentProtocol, protocol_to_json, read_protocol
from ketamonitor.treatment.plan import CheckInPlan
from tests.fakes import START

SESSION = "KM-261123-000001"


def protocol(name: str = "iv-ketamine-40") -> TreatmentProtocol:
    return read_protocol(SHIPPED / f"{name}.toml")


def plain_protocol(name: str = "iv-ketamine-40") -> TreatmentProtocol:
    """A shipped protocol with its limits laid bare: no delay, no confirming, no hysteresis, no
    latching, values silent after 30 s. For tests that are about something else than those."""
    shipped = protocol(name)
    rows = tuple(
        msgspec.structs.replace(row, for_s=0, for_readings=1, clear_by=0, confirm=None, latch=False)
        for row in shipped.limit
        if not row.before_dose and row.metric != "moaas" and row.value != 200
    )
    return msgspec.structs.replace(
        shipped,
        limit=rows,
        technical=TechnicalPlan(no_reading_s=30, no_reading_medium_s=300),
        checkin=CheckInPlan(),
    )


def started(
    used: TreatmentProtocol | None = None,
    devices: Iterable[tuple[str, str]] = (("dinamap", "/dev/ttyUSB0"),),
    at: datetime = START,
) -> Draft:
    body = {
        "event": "started",
        "patient": {"name": "LINDQVIST, Maren", "mrn": "0048-2917", "born": "1984-03-14"},
        "weight_kg": 68.4,
        "protocol": protocol_to_json(used or plain_protocol()),
        "devices": [{"driver": d, "port": p, "source": d} for d, p in devices],
        "simulated": True,
        "chair": "3",
        "software": "0.1.0",
    }
    return Draft("session", at, "okafor", body)


def reading(
    t_s: float,
    values: Mapping[str, float | None],
    *,
    source: str = "dinamap",
    flags: Iterable[str] = (),
) -> Draft:
    at = START + timedelta(seconds=t_s)
    body: dict[str, Any] = {
        "source": source,
        "measured_at": at.isoformat(),
        "received_at": at.isoformat(),
        "values": dict(values),
        "flags": list(flags),
    }
    return Draft("reading", at, PROGRAM, body)


def cuff(t_s: float, sys: float | None, dia: float | None, mean: float | None = None) -> Draft:
    return reading(t_s, {"nibp_sys": sys, "nibp_dia": dia, "nibp_map": mean})


def link(t_s: float, state: str, reason: str = "", source: str = "dinamap") -> Draft:
    at = START + timedelta(seconds=t_s)
    body = {
        "event": "link",
        "source": source,
        "state": state,
        "reason": reason,
        "port": "/dev/ttyUSB0",
    }
    return Draft("device", at, PROGRAM, body)


def chained(drafts: Iterable[Draft]) -> list[Entry]:
    """The drafts as a session's entries, each recorded when it happened."""
    entries: list[Entry] = []
    prev = GENESIS
    for seq, draft in enumerate(drafts, 1):
        entry = chain(draft, SESSION, seq, draft.at, prev)
        entries.append(entry)
        prev = entry.hash
    return entries


def at(t_s: float) -> datetime:
    return START + timedelta(seconds=t_s)
