"""Check sums and framers, against the manuals' examples and against anything at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.checksums import dinamap_checksum, sum8
from devices.framing import FlagFramer, LineFramer, escape, unescape


@pytest.mark.parametrize(
    "line",
    [
        b" NA!2",
        b" NC0!E",
        b" ND!5",
        b" NF!7",
        b" OA!3",
        b" RA!6",
        b" RC!8",
        b" RD!9",
        b" TC!:",
        b" TD!;",
        b" NF1101762127073078&<",  # recorded on a V100
        b" NA1100012128079095&0",
        b" OA1098705#H",
        b' RA2072"E',
    ],
)
def test_dinamap_checksum_of_published_lines(line: bytes) -> None:
    assert dinamap_checksum(line[:-2]) == line[-2:]


def test_dinamap_checksum_of_the_line_its_author_edited_does_not_match() -> None:
    assert dinamap_checksum(b" NF1102207118080091") == b"&0"


@given(st.binary(max_size=300))
def test_dinamap_checksum_is_always_two_printable_characters(text: bytes) -> None:
    assert all(0x20 <= code <= 0x5F for code in dinamap_checksum(text))


@given(st.binary(max_size=300))
def test_sum8_is_one_byte(data: bytes) -> None:
    assert 0 <= sum8(data) <= 255


@given(st.binary(max_size=200))
def test_escape_leaves_no_flag_and_comes_back(data: bytes) -> None:
    escaped = escape(data)
    assert 0x7E not in escaped
    assert unescape(escaped) == data


def test_unescape_of_half_an_escape_is_nothing() -> None:
    assert unescape(b"ab\x7d") is None
    assert unescape(b"ab\x7d\x7d\x5d") is None


@given(st.binary(max_size=3000), st.lists(st.integers(1, 50), max_size=30))
def test_cuts_do_not_matter_and_nothing_grows(data: bytes, sizes: list[int]) -> None:
    for make, limit in ((lambda: LineFramer(20), 20), (lambda: FlagFramer(20), 40)):
        whole = make().feed(data)
        framer, at, found = make(), 0, []
        for size in [*sizes, len(data)]:
            found += framer.feed(data[at : at + size])
            at += size
            assert framer.pending <= limit
        assert found == whole
        assert all(len(one) <= 20 for one in found)


def test_line_framer_finds_a_line_behind_an_endless_one() -> None:
    framer = LineFramer(8)
    assert framer.feed(b"x" * 10_000) == []
    assert framer.feed(b" good\r\n") == [b"xxx good"]


def test_flag_framer_takes_frames_with_shared_and_lost_flags() -> None:
    framer = FlagFramer(10)
    assert framer.feed(b"\x7eone\x7e\x7etwo\x7ethree\x7e") == [b"one", b"two", b"three"]
    framer.reset()
    assert framer.feed(b"lost\x7e\x7egood\x7e") == [b"lost", b"good"]


def test_flag_framer_drops_what_is_too_long_and_goes_on() -> None:
    framer = FlagFramer(4)
    assert framer.feed(b"\x7e" + b"x" * 100 + b"\x7egood\x7e") == [b"good"]
    assert framer.feed(b"12345\x7e") == []
