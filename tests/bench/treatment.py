"""Times of the treatment: the picture of a session as it grows, a correction, the prediction, the
ledger, the check of a protocol as it is typed.

Run: ``python -m tests.bench.treatment [MINUTES [ROWS]]``; prints one line for each figure.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from statistics import median

from ketamonitor import drafts
from ketamonitor.entries import GENESIS, Draft, Entry, chain
from ketamonitor.library import text_of
from ketamonitor.protocol import protocol_to_json, read_text
from ketamonitor.record import Record
from ketamonitor.session import LiveSession
from ketamonitor.treatment import ledger as book
from ketamonitor.treatment.compare import changes
from ketamonitor.treatment.corrections import struck
from ketamonitor.treatment.estimate import estimate
from ketamonitor.treatment.ledger import LEDGER, Ledger
from ketamonitor.treatment.preview import preview
from tests.domain.builders import at, chained, cuff, protocol, reading, started

BY = "okafor"
ROUNDS = 50


def ms(call: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The median of so many calls, in milliseconds."""
    times = []
    for _ in range(rounds):
        before = time.perf_counter()
        call()
        times.append((time.perf_counter() - before) * 1000)
    return median(times)


def course(minutes: int) -> list[Draft]:
    """Two values a second, a pressure every five minutes, an observation every ten."""
    done = [
        started(protocol(), at=at(0)),
        cuff(0, 120, 80),
        drafts.infusion_start("ketamine", "iv", 34.2, 40, at=at(60), author=BY),
    ]
    for second in range(61, minutes * 60):
        done.append(reading(second, {"pulse": 70 + second % 9, "spo2": 97}))
        if second % 300 == 0:
            done.append(cuff(second, 130, 84))
        if second % 600 == 0:
            for key in ("moaas", "dissociation", "breaths", "anxiety", "nausea", "pain"):
                value = 4 if key == "moaas" else 2
                done.append(drafts.observation(key, "answered", value, at=at(second), author=BY))
        if second == 30 * 60:
            done.append(drafts.infusion_change("pause", "nausea", at=at(second), author=BY))
    return done


def live(entries: list[Entry]) -> LiveSession:
    made = LiveSession(entries[0])
    for entry in entries[1:]:
        made.apply(entry)
    return made


def of_a_session(minutes: int) -> float:
    """How much more the picture costs at the end than at a twelfth of the session."""
    entries = chained(course(minutes))
    times = {}
    for part in (minutes // 12 or 1, minutes):
        until = at(part * 60)
        made = live([e for e in entries if e.at <= until])
        times[part] = ms(
            lambda made=made, now=until: made.view(  # type: ignore[misc]
                now, saved_at=now, unsaved=0, record_fault=""
            )
        )
    (short, first), (whole, last) = times.items()
    print(
        f"picture of a session: {first:.2f} ms after {short} min, {last:.2f} ms after {whole} min"
        f" ({len(entries)} entries), ratio {last / first:.2f}"
    )
    made, end = live(entries), entries[-1]
    one = made.record.corrections.newest_first()[0]
    draft = struck(one, "Wrong number", at=end.at, author=BY)
    strike = chain(draft, end.session, end.seq + 1, end.at, end.hash)
    before = time.perf_counter()
    made.apply(strike)
    print(f"a correction, taken in: {(time.perf_counter() - before) * 1000:.2f} ms")
    record, now = Record.of(entries), at(minutes * 60)
    print(f"prediction over {minutes} min: {ms(lambda: estimate(record, now), 10):.1f} ms")
    return last / first


def picture_growth(smoke: bool) -> float:
    return of_a_session(12 if smoke else 120)


def of_the_ledger(rows: int) -> None:
    """Vials received, opened, drawn from in full and given, over years."""
    now, made, last = datetime(2026, 11, 24, 9, tzinfo=UTC), [], GENESIS
    ledger = Ledger.of(())

    def write(draft: Draft) -> None:
        nonlocal last
        made.append(chain(draft, LEDGER, len(made) + 1, draft.at, last))
        last = made[-1].hash

    when = {"at": now, "author": BY}
    while len(made) < rows:
        number = len(made) + 1
        write(book.received("ketamine", "50", "10", "L7", date(2036, 1, 31), **when))  # type: ignore[arg-type]
        ledger = Ledger.of(made[-1:])
        write(book.opened(ledger, number, **when))  # type: ignore[arg-type]
        ledger = Ledger.of(made[-2:])
        write(book.drawn(ledger, number, "40", **when))  # type: ignore[arg-type]
        ledger = Ledger.of(made[-3:])
        write(book.given(ledger, number + 2, "40", **when))  # type: ignore[arg-type]
    shift = now + timedelta(hours=8)
    print(
        f"ledger of {len(made)} rows: added up in {ms(lambda: Ledger.of(made), 5):.0f} ms,"
        f" a shift in {ms(lambda: Ledger.of(made).turnover(now, shift), 5):.0f} ms"
    )


def of_a_protocol() -> None:
    text = text_of("spravato-84")
    approved = protocol_to_json(read_text(text))
    later = text.replace("from_first_dose_min = 120", "from_first_dose_min = 150")

    def typed() -> None:
        made = read_text(later)
        preview(made)
        assert changes(approved, protocol_to_json(made))

    print(f"a protocol as it is typed (read, told, compared): {ms(typed):.1f} ms")


def main(minutes: int = 120, rows: int = 10_000) -> None:
    of_a_session(minutes)
    of_the_ledger(rows)
    of_a_protocol()


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
