"""The check-in in print: each item with who answered it and when, each weighed pressure."""

from __future__ import annotations

from typing import Any

from ketamonitor.record import Record
from ketamonitor.report.frame import Frame
from ketamonitor.treatment.checkin import label, unanswered


def check_in(record: Record, frame: Frame) -> dict[str, Any]:
    """Rows of item, answer, time and author. A needed item that nobody answered has its row too:
    what was not asked must not look as if it were all right."""
    seen = record.checkin.view
    rows = [
        [
            label(answer.item),
            answer.text.removeprefix(f"{label(answer.item)}: "),
            frame.clock(answer.at),
            answer.by,
        ]
        for answer in sorted(seen.answers.values(), key=lambda answer: answer.seq)
    ]
    needed = unanswered(record.info.protocol.checkin, seen)
    rows += [[label(key), "not recorded", "", ""] for key in needed]
    rows += [["Before the dose", one.text, frame.clock(one.at), one.by] for one in seen.weighed]
    return {"rows": rows}
