"""Made-up sessions for the report's tests, built entry by entry as the recorder would."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ketamonitor import drafts
from ketamonitor.entries import GENESIS, PROGRAM, Draft, Entry, chain
from ketamonitor.library import SHIPPED
from ketamonitor.protocol import protocol_to_json, read_protocol

START = datetime(2026, 11, 23, 13, 48, tzinfo=timezone(timedelta(hours=1)))
PRINTED = datetime(2026, 11, 23, 17, 10, tzinfo=timezone(timedelta(hours=1)))
NURSE = "r.okafor"

#: Minutes from START, systolic, diastolic, mean: a session that passes limits and comes back.
CUFF = [
    (2, 126, 78, 94),
    (8, 122, 74, 90),
    (24, 146, 88, 107),
    (34, 158, 97, 117),
    (36, 154, 94, 114),
    (44, 181, 110, 134),
    (46, 184, 112, 136),
    (49, 176, 106, 129),
    (54, 165, 99, 121),
    (59, 156, 93, 114),
    (69, 146, 87, 107),
    (84, 136, 82, 100),
    (100, 129, 78, 95),
    (114, 125, 76, 92),
    (134, 121, 74, 90),
]


class Writer:
    """Chains drafts into a session's list."""

    def __init__(self, session: str = "20261123-134800-c3") -> None:
        self.session = session
        self.entries: list[Entry] = []

    def add(self, draft: Draft, late: float = 0.0) -> Entry:
        """Write a draft ``late`` seconds after it happened."""
        seq = len(self.entries) + 1
        before = self.entries[-1].hash if self.entries else GENESIS
        recorded_at = draft.at + timedelta(seconds=late + 0.2)
        entry = chain(draft, self.session, seq, recorded_at, before)
        self.entries.append(entry)
        return entry


def at(minutes: float) -> datetime:
    """So many minutes into the session."""
    return START + timedelta(minutes=minutes)


def started(
    name: str = "LINDQVIST, Maren",
    *,
    protocol: str = "iv-ketamine-40",
    simulated: bool = True,
    weight_kg: float | None = 68.4,
) -> Draft:
    body = {
        "event": "started",
        "patient": {"name": name, "mrn": "0048-2917", "born": "1984-03-14"},
        "weight_kg": weight_kg,
        "protocol": protocol_to_json(read_protocol(Path(SHIPPED) / f"{protocol}.toml")),
        "devices": [
            {"driver": "dinamap", "port": "/dev/ttyUSB0", "source": "dinamap"},
            {"driver": "nonin", "port": "/dev/ttyUSB1", "source": "nonin"},
        ],
        "simulated": simulated,
        "chair": "3",
        "software": "0.1.0",
    }
    return Draft("session", START, NURSE, body)


def reading(
    minutes: float, source: str, flags: tuple[str, ...] = (), **values: float | None
) -> Draft:
    moment = at(minutes)
    body = {
        "source": source,
        "measured_at": moment.isoformat(),
        "received_at": moment.isoformat(),
        "values": values,
        "flags": list(flags),
    }
    return Draft("reading", moment, PROGRAM, body)


def cuff(minutes: float, sys: float, dia: float, mean: float) -> Draft:
    return reading(minutes, "dinamap", nibp_sys=sys, nibp_dia=dia, nibp_map=mean)


def alarm(
    event: str,
    minutes: float,
    id: str,
    priority: str,
    text: str,
    *,
    metric: str | None = None,
    value: float | None = None,
    limit: float | None = None,
    detail: str = "",
    author: str = PROGRAM,
) -> Draft:
    technical = limit is None
    body: dict[str, Any] = {
        "event": event,
        "id": id,
        "condition": "no_reading" if technical else "limit_passed",
        "priority": priority,
        "type": "technical" if technical else "physiological",
        "metric": metric,
        "value": value,
        "limit": limit,
        "op": None if technical else ">=",
        "text": text,
        "detail": detail,
    }
    return Draft("alarm", at(minutes), author, body)


def oximeter(minutes: float) -> Draft:
    """Pulse and SpO2 of a made-up course: a rise under the infusion and back."""
    rise = 42 * math.exp(-(((minutes - 46) / 22) ** 2))
    spo2 = 97 + round(math.sin(minutes * 1.7) + 0.4 * math.sin(minutes * 0.31))
    return reading(minutes, "nonin", pulse=round(73 + rise), spo2=min(99, spo2))


def whole_session(length: float = 142, every_s: float = 1.0) -> list[Entry]:
    """The session of the drawings: 2 h 22 min at 1 Hz with doses, alarms, gaps and late entries."""
    rows: list[tuple[float, Draft, float]] = [
        (2.0, drafts.note("Room quiet", at=at(2), author=NURSE), 0)
    ]
    seconds = 2.0 * 60
    while seconds < (length - 6) * 60:
        minutes = seconds / 60
        if not (47.2 < minutes < 48.33 or 87 < minutes < 92.5):
            rows.append((minutes, oximeter(minutes), 0))
        seconds += every_s
    rows += [(m, cuff(m, *values), 0) for m, *values in CUFF if m != 114]
    rows.append((114, drafts.manual_bp(125, 76, 92, at=at(114), author=NURSE), 290))
    rows.append(
        (
            10,
            reading(
                10, "dinamap", ("implausible:nibp_map",), nibp_sys=131, nibp_dia=80, nibp_map=-2
            ),
            0,
        )
    )
    rows.append(
        (
            60.5,
            reading(
                60.5, "dinamap", ("implausible:nibp_dia",), nibp_sys=101, nibp_dia=201, nibp_map=150
            ),
            0,
        )
    )
    rows += [(m, d, 0) for m, d in _given()]
    for m, sedation, dissociation in (
        (24, 4, 3),
        (34.5, 4, 6),
        (42, 4, 7),
        (55, 4, 6),
        (70, 4, 4),
        (85, 5, 2),
        (107, 5, 0),
    ):
        for key, value in (("moaas", sedation), ("dissociation", dissociation)):
            rows.append((m, drafts.observation(key, "answered", value, at=at(m), author=NURSE), 8))
    rows.append((126, drafts.observation("moaas", "answered", 5, at=at(126), author=NURSE), 8))
    rows.append(
        (126, drafts.observation("dissociation", "declined", None, at=at(126), author=NURSE), 8)
    )
    rows += [(m, d, 0) for m, d in _alarms()]
    rows.append((91, drafts.mark("To the toilet, back 15:20, steady", at=at(91), author=NURSE), 0))
    rows.append(
        (
            75,
            drafts.note(
                "I was floating above the chair", said_by="patient", at=at(75), author=NURSE
            ),
            0,
        )
    )
    writer = Writer()
    writer.add(started())
    for _, draft, late in sorted(rows, key=lambda row: row[0]):
        entry = writer.add(draft, late)
        if draft.body.get("values", {}).get("nibp_sys") == 122:
            writer.add(
                drafts.baseline(
                    122, 74, entry.seq, draft.at, at=draft.at + timedelta(seconds=30), author=NURSE
                )
            )
    wrong = next(e for e in writer.entries if e.body.get("values", {}).get("nibp_sys") == 154)
    correction = {"of_seq": wrong.seq, "reason": "patient moved", "body": None}
    writer.add(Draft("correction", at(length - 1), NURSE, correction))
    writer.add(drafts.ended("Session finished, left with escort", at=at(length), author=NURSE))
    return writer.entries


def _given() -> list[tuple[float, Draft]]:
    start = drafts.infusion_start(
        "ketamine (racemic)", "iv", 34.2, 40, weight_kg=68.4, at=at(14), author=NURSE
    )
    return [
        (14, start),
        (48, drafts.infusion_change("pause", "BP rise", at=at(48), author=NURSE)),
        (53, drafts.infusion_change("stop", "Dr A. Hale, by phone", at=at(53), author=NURSE)),
    ]


def _alarms() -> list[tuple[float, Draft]]:
    made: list[tuple[float, Draft]] = []
    for id, priority, text, metric, value, limit, start, acknowledged, end in (
        ("sys>=base+30", "medium", "SYS 158 ≥ 152", "nibp_sys", 158, 152, 34.1, 35.1, 69.1),
        ("sys>=180", "high", "SYS 181 ≥ 180", "nibp_sys", 181, 180, 44.1, 47.6, 49.1),
        ("dia>=110", "high", "DIA 110 ≥ 110", "nibp_dia", 110, 110, 44.1, 47.7, 49.1),
        ("pulse>110", "medium", "Pulse 112 > 110", "pulse", 112, 110, 39.0, 47.8, 54.0),
        (
            "no_reading:spo2",
            "low",
            "SpO₂: no reading for 30 s",
            "spo2",
            None,
            None,
            47.7,
            None,
            48.4,
        ),
    ):
        common: dict[str, Any] = {"metric": metric, "value": value, "limit": limit}
        common["detail"] = f"measured {at(start):%H:%M}" if limit else "nonin: sensor off"
        made.append((start, alarm("raised", start, id, priority, text, **common)))
        if acknowledged:
            made.append(
                (
                    acknowledged,
                    alarm("acknowledged", acknowledged, id, priority, text, author=NURSE, **common),
                )
            )
        made.append((end, alarm("cleared", end, id, priority, text, **common)))
    return made


def empty_session() -> list[Entry]:
    """Begun and nothing more: no reading, no dose, no weight, no end."""
    writer = Writer("20261123-134800-c4")
    writer.add(started(weight_kg=None, simulated=False))
    return writer.entries


def nasal_session() -> list[Entry]:
    """Three devices, typed pressures only, low saturation, no infusion, no baseline."""
    writer = Writer("20261123-134800-c5")
    writer.add(started(protocol="spravato-84", simulated=False))
    rows = [
        (m, drafts.manual_bp(120 + m // 4, 70 + m // 8, at=at(m), author=NURSE))
        for m in range(2, 80, 13)
    ]
    for number in (1, 2, 3):
        moment = at(10 + 5 * number)
        given = drafts.dose(
            "esketamine",
            "nasal",
            28,
            weight_kg=68.4,
            device_no=number,
            lot="KT4471",
            at=moment,
            author=NURSE,
        )
        rows.append((10 + 5 * number, given))
    for second in range(0, 60 * 90, 4):
        low = 85 if 1800 < second < 1860 else 96
        rows.append((second / 60, reading(second / 60, "nonin", pulse=70.0, spo2=low)))
    rows.append(
        (
            30,
            alarm(
                "raised", 30.1, "spo2<88", "high", "SpO₂ 85 < 88", metric="spo2", value=85, limit=88
            ),
        )
    )
    for _, draft in sorted(rows, key=lambda row: row[0]):
        writer.add(draft)
    return writer.entries


def crowded_session() -> list[Entry]:
    """Five hours with 300 cuff readings and 60 alarms: every table breaks over pages."""
    writer = Writer("20261123-134800-c6")
    writer.add(
        started("MÜLLER-LÜDENSCHEIDT VON UND ZU HOHENBERG-SCHWARZENFELS, Anna-Katharina Theodora")
    )
    for number in range(300):
        writer.add(cuff(number, 120 + number % 80, 70 + number % 40, 90 + number % 50))
        if number % 5 == 0:
            id, value = f"sys#{number}", 120 + number % 80
            priority = ("medium", "high", "low")[number // 5 % 3]
            text = f"SYS {value} ≥ 146.4"
            common: dict[str, Any] = {"metric": "nibp_sys", "value": value, "limit": 146.4}
            writer.add(alarm("raised", number + 0.1, id, priority, text, **common))
            writer.add(alarm("cleared", number + 0.9, id, priority, text, **common))
        if number % 3 == 0:
            writer.add(drafts.mark(f"Mark {number}", at=at(number + 0.5), author=NURSE))
    return writer.entries
