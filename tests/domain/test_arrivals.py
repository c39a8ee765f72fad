"""What monitors bring into a session: demonstration data, cuff pressure, intervals, unmapped."""

from __future__ import annotations

from datetime import timedelta

from devices.metrics import SPO2
from devices.reading import DEMO, NOT_UNDERSTOOD, DeviceEvent, LinkState, LinkStatus, Reading
from ketamonitor import drafts, words
from ketamonitor.arrivals import REFUSED_DEMO, Arrivals, draft_of
from ketamonitor.entries import PROGRAM, Draft
from ketamonitor.view import Freshness
from tests.domain.builders import at, link, reading
from tests.domain.test_session import Course, course


def spo2(t_s: float, *flags: str) -> Reading:
    return Reading("dinamap", {SPO2: 97.0}, at(t_s), at(t_s), flags)


def event(kind: str, t_s: float, text: str = "words") -> Draft:
    return draft_of(DeviceEvent("dinamap", kind, text, at(t_s)))


def demo(made: Course) -> list[str]:
    return [key for key in made.live.active if key.startswith("demo:")]


def test_demonstration_data_is_refused_once_in_words_in_a_real_session() -> None:
    arrivals = Arrivals(simulated=False)
    (first,) = arrivals.drafts(spo2(1, DEMO))
    assert (first.kind, first.body["event"], first.body["text"]) == ("device", "demo", REFUSED_DEMO)
    assert arrivals.drafts(spo2(2, DEMO)) == ()
    (taken,) = arrivals.drafts(spo2(3))
    assert taken.kind == "reading"
    assert len(arrivals.drafts(spo2(4, DEMO))) == 1


def test_a_simulated_session_takes_demonstration_data_and_keeps_its_mark() -> None:
    (taken,) = Arrivals(simulated=True).drafts(spo2(1, DEMO))
    assert taken.kind == "reading"
    assert taken.body["flags"] == [DEMO]


def test_links_and_events_pass_while_data_is_refused() -> None:
    arrivals = Arrivals(simulated=False)
    arrivals.drafts(spo2(1, DEMO))
    lost = LinkStatus("dinamap", LinkState.LOST, "unplugged", "/dev/ttyUSB0", at(2))
    assert arrivals.drafts(lost)[0].body["state"] == "lost"


def test_a_monitor_in_demonstration_mode_is_a_technical_alarm_until_it_sends_data() -> None:
    made = course(event("demo", 1, REFUSED_DEMO))
    assert demo(made) == ["demo:dinamap"]
    assert made.live.active["demo:dinamap"].type == "technical"
    made.enter(reading(5, {"spo2": 97}))
    assert demo(made) == []


def test_cuff_pressure_is_shown_while_it_comes_and_then_is_no_fault() -> None:
    made = course(reading(1, {"spo2": 97}), reading(1, {"cuff_pressure": 142}))
    assert made.view(2).values["cuff_pressure"].value == 142
    made.tick(120)
    assert "cuff_pressure" not in made.view(120).values
    assert not [key for key in made.live.active if "cuff_pressure" in key]
    assert "no_reading:spo2" in made.live.active


def test_the_cuff_tile_says_that_it_is_about_to_inflate_and_that_it_did_not() -> None:
    made = course(reading(1, {"nibp_sys": 120, "nibp_dia": 70}), event("nibp_announced", 10))
    assert made.view(11).values["nibp_sys"].reason == "about to inflate"
    made.enter(event("refused", 12))
    assert made.view(12).values["nibp_sys"].reason == ""
    made.enter(event("nibp_measuring", 20))
    made.enter(event("refused", 21))
    assert made.view(22).values["nibp_sys"].reason == "measuring"
    assert made.view(22).values["nibp_sys"].freshness is Freshness.FRESH


def test_a_line_at_the_wrong_speed_is_not_called_silent() -> None:
    made = course(link(20, "silent", f"{NOT_UNDERSTOOD} dinamap: check the driver"))
    made.tick(60)
    (alarm,) = [a for a in made.live.active.values() if a.condition == "link_lost"]
    assert alarm.text == "dinamap: not understood"


def test_what_a_monitor_sends_beyond_the_metrics_is_kept_and_shown() -> None:
    sent = Reading("dinamap", {SPO2: 97.0}, at(1), at(1), (), "2026-11-23T10:15:30", {"PI": "3.6%"})
    draft = draft_of(sent)
    assert draft.body["unmapped"] == {"PI": "3.6%"}
    assert draft.body["device_time"] == "2026-11-23T10:15:30"
    made = course(draft)
    (link,) = made.view(2).links
    assert link.unmapped == {"PI": "3.6%"}


def test_a_low_battery_and_the_interval_stand_with_the_monitor() -> None:
    made = course(
        event("battery_low", 1),
        drafts.cuff_interval("dinamap", 5, at=at(2), author="okafor"),
    )
    (link,) = made.view(3).links
    assert (link.battery_low, link.cuff_minutes) == (True, 5)
    made.enter(event("battery_ok", 4))
    made.enter(drafts.cuff_interval("dinamap", None, at=at(5), author="okafor"))
    (link,) = made.view(6).links
    assert (link.battery_low, link.cuff_minutes) == (False, None)


def test_the_timeline_names_the_interval_and_leaves_out_what_has_no_words() -> None:
    made = course(drafts.cuff_interval("dinamap", 5, at=at(2), author="okafor"))
    assert words.headline(made.entries[-1]) == ("Cuff every 5 min", "dinamap · okafor")
    made.enter(drafts.cuff_interval("dinamap", None, at=at(3), author="okafor"))
    assert words.headline(made.entries[-1]) == ("Cuff interval off", "dinamap · okafor")
    made.enter(Draft("device", at(4), PROGRAM, {"event": "capture", "source": "dinamap"}))
    assert words.headline(made.entries[-1]) is None
    made.enter(draft_of(DeviceEvent("dinamap", "nibp_announced", "in 10 s", at(5))))
    assert words.headline(made.entries[-1]) is None


def test_an_interval_entry_is_at_its_time() -> None:
    draft = drafts.cuff_interval("dinamap", 5, at=at(2), author="okafor")
    assert draft.at == at(0) + timedelta(seconds=2)
