"""The chain of entries: what was written is what is read, and any change shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamonitor.entries import GENESIS, KINDS, Draft, Entry, chain, verify_chain
from tests.domain.builders import SESSION, at, chained, cuff, started

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def test_a_kind_nobody_knows_and_a_time_without_offset_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown kind of entry: vitals"):
        Draft("vitals", at(0), "okafor")
    with pytest.raises(ValueError, match="offset"):
        Draft("note", datetime(2026, 11, 23, 14, 0), "okafor")  # noqa: DTZ001 - the fault tested


def test_an_intact_list_has_no_faults() -> None:
    assert verify_chain(SESSION, chained([started(), cuff(1, 120, 80), cuff(2, 121, 80)])) == []


def test_an_empty_list_is_not_a_session() -> None:
    assert verify_chain(SESSION, []) == ["the session has no entries"]


def changed(entries: list[Entry], place: int, **fields: object) -> list[Entry]:
    return [replace(e, **fields) if i == place else e for i, e in enumerate(entries)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fields",
    [
        {"at": at(5)},
        {"recorded_at": at(5)},
        {"author": "someone"},
        {"kind": "note"},
        {"body": {"values": {"nibp_sys": 119}}},
        {"seq": 7},
        {"session": "KM-261123-000002"},
        {"prev_hash": GENESIS},
        {"hash": GENESIS},
    ],
)
def test_any_changed_field_is_found(fields: dict[str, object]) -> None:
    entries = chained([started(), cuff(1, 120, 80), cuff(2, 121, 80)])
    assert verify_chain(SESSION, changed(entries, 1, **fields))


@pytest.mark.parametrize("gone", [0, 1])
def test_a_missing_entry_is_found(gone: int) -> None:
    entries = chained([started(), cuff(1, 120, 80), cuff(2, 121, 80)])
    faults = verify_chain(SESSION, entries[:gone] + entries[gone + 1 :])
    assert f"entry {gone + 1} is missing: the next one found is {gone + 2}" in faults


def test_swapped_entries_are_found() -> None:
    entries = chained([started(), cuff(1, 120, 80), cuff(2, 121, 80)])
    assert verify_chain(SESSION, [entries[0], entries[2], entries[1]])


@given(
    kind=st.sampled_from(KINDS),
    body=st.dictionaries(st.text(max_size=8), json_values, max_size=4),
    author=st.text(max_size=10),
    minutes=st.integers(-14 * 60, 14 * 60),
)
def test_the_hash_depends_on_content_and_not_on_the_order_of_keys(
    kind: str, body: dict[str, object], author: str, minutes: int
) -> None:
    zone = timezone(timedelta(minutes=minutes))
    draft = Draft(kind, at(0).astimezone(zone), author, body)
    turned = Draft(kind, draft.at, author, dict(reversed(body.items())))
    one = chain(draft, SESSION, 1, at(1), GENESIS)
    assert one.hash == chain(turned, SESSION, 1, at(1), GENESIS).hash
    assert verify_chain(SESSION, [one]) == []
    # The same moment written with another offset is another record: it was said differently.
    elsewhere = Draft(kind, draft.at.astimezone(timezone(timedelta(minutes=17))), author, body)
    if minutes != 17:
        assert chain(elsewhere, SESSION, 1, at(1), GENESIS).hash != one.hash
