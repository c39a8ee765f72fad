"""What happens when, and what a later version of a protocol changes."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamonitor.approvals import Approvals
from ketamonitor.library import SHIPPED, load_protocols, save_protocol, text_of
from ketamonitor.people import People, Role
from ketamonitor.protocol import ProtocolError, protocol_to_json, read_text
from ketamonitor.store import check_store, open_store
from ketamonitor.treatment.compare import changes
from ketamonitor.treatment.preview import preview
from tests.domain.builders import protocol
from tests.fakes import ManualClock

ALL = sorted(load_protocols(Path("/nowhere")))


def test_a_spravato_session_minute_by_minute() -> None:
    rows = preview(protocol("spravato-84"))
    assert ("Baseline", "1 reading; above 140/90 a delay is weighed") in rows
    told = dict(rows)
    assert told["0 min"] == "first dose"
    assert told["40 min"] == "SPRAVATO 40 min, 35 to 50, must be there or answered"
    assert told["15 min"] == (
        "observation (sedation, dissociation, breaths), 10 to 20; pulse oximetry, 14 to 20"
    )
    assert told["20 min"] == "blood pressure, 15 to 25, offered"
    after = told["120 min after the end of dosing"]
    assert after.startswith("blood pressure, 115 to 130; observation")
    high = told["After a pressure that is too high"]
    assert high == "blood pressure every 15 min until two in a row are not"
    last = "120 min from the first dose, and 120 min after the last dose"
    assert told["Not before"] == last
    assert told["Afterwards"] == "data sheet rems_monitoring"


def test_an_infusion_of_any_length_goes_on_as_long_as_the_pump() -> None:
    rows = preview(protocol("iv-ketamine-custom"))
    going = "blood pressure every 10 min while it goes on"
    assert ("After 40 min of dosing", going) in rows
    after = "blood pressure every 15 min until the patient left"
    assert ("After 15 min after the end of dosing", after) in rows
    last = "60 min from the first dose, and 30 min after the last dose"
    assert ("Not before", last) in rows
    assert ("40 min", dict(preview(protocol("iv-ketamine-40")))["40 min"]) not in rows


@pytest.mark.parametrize("name", ALL)
def test_each_protocol_is_told_whole_and_in_order_of_time(name: str) -> None:
    used = protocol(name)
    rows = preview(used)
    minutes = [
        float(when.split()[0]) for when, _ in rows if when.endswith(" min") and "A" not in when
    ]
    assert minutes == sorted(minutes)
    text = " ".join(f"{when} {what}" for when, what in rows)
    for due in used.due:
        assert all(f"{minute:g} min" in text for minute in due.minutes)
    for criterion in used.criterion:
        assert criterion.text in text


def test_changes_name_place_before_and_after() -> None:
    before = protocol_to_json(protocol("iv-ketamine-40"))
    text = (SHIPPED / "iv-ketamine-40.toml").read_text(encoding="utf-8")
    later = text.replace("version = 3", "version = 4").replace(
        "from_first_dose_min = 70", "from_first_dose_min = 90"
    )
    later = later.replace('text = "Awake"', 'text = "Fully awake"').replace(
        'approved_by = ""', 'approved_by = "X"'
    )
    later = later.replace("minutes = [10, 20, 30, 40]", "minutes = [10, 20, 40]", 1)
    assert changes(before, protocol_to_json(read_text(later))) == [
        ("version", "3", "4"),
        ("gate.from_first_dose_min", "70", "90"),
        ("due[1].minutes", "10, 20, 30, 40", "10, 20, 40"),
        ("criterion[awake].text", "Awake", "Fully awake"),
    ]


def test_a_limit_put_in_between_changes_nothing_but_itself() -> None:
    used = protocol("iv-ketamine-40")
    extra = msgspec.structs.replace(used.limit[-1], metric="etco2", op=">", value=60.0)
    rows = (used.limit[0], extra, *used.limit[1:])
    found = changes(
        protocol_to_json(used), protocol_to_json(msgspec.structs.replace(used, limit=rows))
    )
    assert found
    assert all(place.startswith("limit[etco2 > ") and not before for place, before, _ in found)


@given(st.sampled_from(ALL))
def test_a_protocol_does_not_differ_from_itself(name: str) -> None:
    plain = protocol_to_json(protocol(name))
    assert changes(plain, json.loads(json.dumps(plain))) == []


def test_what_was_approved_is_kept_and_a_later_text_is_held_against_it(tmp_path: Path) -> None:
    clock = ManualClock()
    with open_store(str(tmp_path / "s.db")) as store:
        people = People(store, clock.now)
        people.add("hale", "A. Hale", Role.DIRECTOR, "a long enough one", "test")
        approvals = Approvals(store, people, clock.now)
        used = protocol("im-ketamine")
        assert approvals.contents() == {}
        approvals.approve(used, "hale", "a long enough one")
        kept = approvals.contents()["im-ketamine"]
        assert changes(kept, protocol_to_json(used)) == []
        later = msgspec.structs.replace(used, version=3)
        approvals.approve(later, "hale", "a long enough one")
        assert approvals.contents()["im-ketamine"]["version"] == 3
        assert list(check_store(store)) == []
        assert store.sessions() == []


def test_a_copy_goes_into_the_clinics_folder_whole_or_not_at_all(tmp_path: Path) -> None:
    text = text_of("im-ketamine", tmp_path).replace('name = "im-ketamine"', 'name = "im-split"')
    folder = tmp_path / "clinic"
    path = save_protocol("im-split", text, folder)
    assert load_protocols(folder)["im-split"].dose.route == "im"
    for wrong in (text.replace("[gate]", "[gaet]"), text_of("im-ketamine", tmp_path)):
        with pytest.raises(ProtocolError):
            save_protocol("im-split", wrong, folder)
    assert path.read_text(encoding="utf-8") == text
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ProtocolError, match="cannot be written"):
        save_protocol("im-split", text, tmp_path / "file")


@pytest.mark.parametrize("name", ALL)
def test_a_change_of_any_limit_is_told(name: str) -> None:
    before = protocol_to_json(protocol(name))
    for number in range(len(protocol(name).limit)):
        after = json.loads(json.dumps(before))
        after["limit"][number]["value"] += 1
        places = [place for place, _, _ in changes(before, after)]
        assert len(places) == 1, before["limit"][number]  # type: ignore[index]
        assert places[0].endswith(".value")
