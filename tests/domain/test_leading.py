"""Two monitors that measure the same: one leads, and tile, limits and chart agree on which."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from ketamonitor.leading import Lead, may_speak
from ketamonitor.record import Record
from ketamonitor.view import Freshness
from tests.domain.alarm_course import AlarmCourse
from tests.domain.builders import at, link, reading

BOTH = (("dinamap", "/dev/ttyUSB0"), ("masimo", "/dev/ttyUSB1"))
ORDER = {"dinamap": 0, "masimo": 1}
QUIET = timedelta(seconds=10)


def test_the_leading_one_alone_speaks_until_it_has_no_value_or_is_quiet() -> None:
    leads = Lead("dinamap", at(0))

    def masimo(lead: Lead, t_s: float, value: float | None = 63) -> bool:
        return may_speak(lead, "masimo", value, at(t_s), order=ORDER, quiet=QUIET)

    assert not masimo(leads, 10)
    assert masimo(leads, 10.1)
    assert masimo(Lead("dinamap", at(0), missing=True), 1)
    assert not masimo(Lead("dinamap", at(0), missing=True), 1, None)
    back = Lead("masimo", at(20))
    assert may_speak(back, "dinamap", 102, at(20), order=ORDER, quiet=QUIET)
    assert not may_speak(back, "dinamap", None, at(20), order=ORDER, quiet=QUIET)
    assert not may_speak(leads, "unnamed", 5, at(1), order=ORDER, quiet=QUIET)


def test_two_monitors_are_two_courses_and_the_tile_is_the_leading_one() -> None:
    c = AlarmCourse(devices=BOTH)
    for _ in range(60):
        c.say(0.5, source="dinamap", pulse=102)
        c.say(0.5, source="masimo", pulse=63)
    record = Record.of(c.entries)
    shown = c.view().values["pulse"]
    assert (shown.value, shown.source) == (102, "dinamap")
    assert set(record.series["pulse"].values) == {102}
    assert set(record.others["pulse", "masimo"].values) == {63}


def test_where_another_one_takes_the_lead_no_line_joins_them() -> None:
    c = AlarmCourse(devices=BOTH)
    for _ in range(5):
        c.say(1, source="dinamap", spo2=97)
    c.say(1, source="dinamap", spo2=None)
    for _ in range(5):
        c.say(1, source="masimo", spo2=94)
    values = Record.of(c.entries).series["spo2"].values
    assert values == [97] * 5 + [None, None] + [94] * 5


words = st.lists(
    st.tuples(
        st.sampled_from(("dinamap", "masimo")),
        st.sampled_from((97, 88, 94, None, 127)),
        st.sampled_from((0.5, 1.0, 4.0, 11.0)),
    ),
    max_size=40,
)


@given(words)
def test_tile_limits_and_chart_agree_whatever_comes(
    told: list[tuple[str, int | None, float]],
) -> None:
    c = AlarmCourse(devices=BOTH)
    for source, value, after_s in told:
        flags = ["implausible:spo2"] if value == 127 else []
        c.enter(reading(c.t + after_s, {"spo2": value}, source=source, flags=flags))
    record, known = Record.of(c.entries), c.live._vitals.known.get("spo2")
    course = [v for v in record.series["spo2"].values if v is not None] if told else []
    assert (known.value if known else None) == (course[-1] if course else None)
    samples = [s.value for s in c.live._vitals.samples.get("spo2", ()) if s.usable]
    assert samples == course[len(course) - len(samples) :]


def test_cuff_measuring_ends_with_the_link() -> None:
    for state in ("lost", "silent"):
        c = AlarmCourse()
        c.say(1, nibp_sys=120, nibp_dia=80)
        c.device("nibp_measuring")
        assert c.view().values["nibp_sys"].reason == "measuring"
        c.enter(link(c.t + 1, state, "the cable is out"))
        shown = c.view().values["nibp_sys"]
        assert (shown.reason, shown.freshness) == ("", Freshness.FRESH)
