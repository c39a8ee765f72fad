"""The line a session has in the list of sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

import msgspec

from ketamonitor.entries import stamp
from ketamonitor.view import Patient


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """A session in brief.

    ``alarms`` counts the alerts by their worst priority (``high``, ``medium``, ``low``; 0 where
    there were none). ``entry_count`` is the number of the last entry. ``ended_at`` is ``None``
    while the session is unfinished. ``patient`` is ``None`` only where the first entry is damaged;
    ``fault`` then says so and the protocol fields are empty.
    """

    id: str
    started_at: datetime
    ended_at: datetime | None
    patient: Patient | None
    protocol_name: str
    protocol_title: str
    simulated: bool
    author: str
    chair: str
    entry_count: int
    alarms: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    fault: str = ""
    #: Names of the forms that its protocol asks for.
    forms: tuple[str, ...] = ()

    @property
    def finished(self) -> bool:
        return self.ended_at is not None

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, as ``session list --json`` prints it."""
        patient = self.patient
        return {
            "session": self.id,
            "started_at": stamp(self.started_at),
            "ended_at": None if self.ended_at is None else stamp(self.ended_at),
            "patient": None
            if patient is None
            else {"name": patient.name, "mrn": patient.mrn, "born": patient.born.isoformat()},
            "protocol": {"name": self.protocol_name, "title": self.protocol_title},
            "simulated": self.simulated,
            "author": self.author,
            "chair": self.chair,
            "entries": self.entry_count,
            "alarms": dict(self.alarms),
            "fault": self.fault or None,
        }


class _Patient(msgspec.Struct):
    name: str
    mrn: str
    born: date


class _Protocol(msgspec.Struct):
    name: str
    title: str
    forms: tuple[str, ...] = ()


class _Started(msgspec.Struct):
    """The part of a session's first body that the list shows; the rest is skipped unread."""

    patient: _Patient
    protocol: _Protocol
    simulated: bool
    chair: str
    setting: str = "outpatient"


_decoder = msgspec.json.Decoder(_Started)


def summarise(
    session: str,
    started_at: datetime,
    ended_at: datetime | None,
    author: str,
    body: str,
    entry_count: int,
    alarms: Mapping[str, int],
) -> SessionSummary:
    """The summary of a session whose first entry has this body (JSON text)."""
    counts = MappingProxyType({priority: alarms.get(priority, 0) for priority in _PRIORITIES})
    try:
        started = _decoder.decode(body)
    except msgspec.DecodeError:
        return SessionSummary(
            session,
            started_at,
            ended_at,
            None,
            "",
            "",
            False,
            author,
            "",
            entry_count,
            counts,
            "the first entry cannot be read: run 'ketamonitor store check'",
        )
    return SessionSummary(
        session,
        started_at,
        ended_at,
        Patient(started.patient.name, started.patient.mrn, started.patient.born),
        started.protocol.name,
        started.protocol.title,
        started.simulated,
        author,
        started.chair,
        entry_count,
        counts,
        forms=() if started.setting == "inpatient" else started.protocol.forms,
    )


_PRIORITIES = ("high", "medium", "low")
