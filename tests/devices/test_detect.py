"""Naming the monitor on a port: 500 shuffled trials, and what is never sent."""

from __future__ import annotations

import statistics
import threading
from collections import Counter
from collections.abc import Callable
from random import Random

import pytest

from devices.detect import OpenPort, PortSearch
from devices.findings import Confidence, Detection, Known, Outcome
from devices.hearing import Hearing, Manner
from devices.port import PortError
from devices.registry import DRIVERS
from devices.search import Search
from devices.simulated import SIMULATED
from devices.simulated.serve import Server
from devices.spec import LineSettings
from devices.sweep import FIRST, GUARD, GUARDED, Slot, rarer, slots
from ketamonitor.clock import SteadyClock
from tests.devices.search_wire import (
    Cable,
    CountedClock,
    Echo,
    FarEnd,
    Noise,
    Silence,
    WatchedPatient,
    monitor_end,
    refusing,
    watched,
)
from tests.devices.wire import NOON

WITHIN_S = 5.0
#: Simulated monitors that say nothing in these 5 s that nobody has measured in, and take no
#: question: no program can name them.
SPEAK_LATER = {"omron", "omron-9020", "terumo", "contec"} & set(SIMULATED)
ALL_BYTES = bytes(range(256))
#: Bytes that stand in the frames of the protocols.
LIKELY_BYTES = b"\x01\x02\x03\x0b\x0d\x10\x16\x1c\x1e>U\xaa\xc0\xc1~:NA0123456789,;=|SPO2\x80\x81"


def search(
    cable: Cable, known: Known | None = None, *, listen_only: bool = False, port: str = "/dev/x"
) -> Detection:
    found = PortSearch(
        port,
        cable.clock,
        DRIVERS.values(),
        known=known,
        listen_only=listen_only,
        opener=cable.open,
    ).run()
    assert not cable.is_open
    assert (found.driver is None) == (found.line is None) == (found.outcome is not Outcome.NAMED)
    assert (found.confidence is Confidence.NONE) == (found.driver is None)
    assert found.words
    assert "\n" not in found.words
    assert cable.clock.t < WITHIN_S
    return found


class Trial:
    """One port: who is at its far end, and which names would be true."""

    def __init__(self, kind: str, seed: int) -> None:
        self.kind = kind
        self.random = random = Random(f"{kind} {seed}")
        self.patients: list[WatchedPatient] = []
        self.truths: set[str] = set()
        clock = CountedClock()
        self.cable = Cable(clock, [], opening_s=random.uniform(0.0, 0.03))
        self.cable.ends = self._ends(kind)

    def _monitor(self, name: str, line: LineSettings | None = None) -> FarEnd:
        patient = watched(self.random.randrange(1000))
        self.patients.append(patient)
        self.truths.add(SIMULATED[name].driver)
        return monitor_end(SIMULATED[name], patient, self.random, line)

    def _ends(self, kind: str) -> list[FarEnd]:
        random = self.random
        if kind in SIMULATED:
            return [self._monitor(kind)]
        if kind == "silence":
            return [FarEnd(Silence(), FIRST)]
        if kind == "echo":
            return [FarEnd(Echo(), LineSettings(baud=random.choice((9600, 115200))))]
        if kind == "noise":
            alphabet = random.choice((ALL_BYTES, LIKELY_BYTES))
            every, size = random.choice(((0.02, 15), (0.3, 40), (1.0, 60), (2.0, 8)))
            baud = random.choice((2400, 4800, 9600, 19200, 115200))
            return [FarEnd(Noise(random, every, size, alphabet), LineSettings(baud=baud))]
        if kind == "another speed":
            name = random.choice(sorted(SIMULATED))
            baud = random.choice((600, 1200, 14400, 28800, 31250, 230400))
            return [self._monitor(name, LineSettings(baud=baud))]
        names = random.sample(sorted(SIMULATED), 2)
        if kind == "two share":
            return [self._monitor(name) for name in names]
        assert kind == "two protocols"  # one line, frames of both
        line = SIMULATED[names[0]].line
        return [self._monitor(name, line) for name in names]


def trials() -> list[tuple[str, int]]:
    others = ("silence", "echo", "noise", "another speed", "two share", "two protocols")
    found = [(kind, seed) for kind in others for seed in range(20)]
    count = -(-(500 - len(found)) // len(SIMULATED))
    found += [(name, seed) for name in SIMULATED for seed in range(count)]
    Random(500).shuffle(found)
    return found


def test_500_shuffled_trials_no_wrong_name_each_within_5_s_no_cuff_touched() -> None:
    named: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    took: dict[str, list[float]] = {}
    ran = trials()
    assert len(ran) >= 500
    for kind, seed in ran:
        trial = Trial(kind, seed)
        found = search(trial.cable)
        where = f"{kind} {seed}: {found}"
        assert found.driver is None or found.driver in trial.truths, where
        assert all(patient.acts == [] for patient in trial.patients), where
        tried[kind] += 1
        took.setdefault(kind, []).append(found.seconds)
        if kind in SIMULATED:
            if found.driver is not None:
                own = SIMULATED[kind].line
                assert found.line is not None
                assert (found.line.baud, found.line.parity) == (own.baud, own.parity), where
            named[kind] += found.driver is not None
        if kind == "silence":
            assert found.outcome is Outcome.SILENT, where
        if kind == "echo":
            assert found.outcome is Outcome.UNKNOWN, where
            assert "comes back" in found.words
        if kind in SPEAK_LATER:
            assert found.outcome is Outcome.SILENT, where
    for kind in SIMULATED:
        if kind not in SPEAK_LATER:
            times = f"{statistics.median(took[kind]):.2f} s"
            assert named[kind] == tried[kind], f"{kind}: {named[kind]} of {tried[kind]}, {times}"


def acts_on_cuffs(data: bytes, line: LineSettings | None) -> list[str]:
    """What these bytes, sent at ``line`` (``None``: at its own), make each monitor do."""
    found = []
    for name, row in SIMULATED.items():
        patient = watched(1)
        end = FarEnd(row.build(patient, NOON), row.line)
        end.coming.append((0.0, data, line or row.line))
        for step in range(5):
            end.pass_time(step * 0.1, line or row.line)
        found += [f"{name}: {act}" for act in patient.acts]
    return found


@pytest.mark.parametrize("name", [spec.name for spec in DRIVERS.values() if spec.probe])
def test_no_greeting_or_goodbye_starts_or_ends_a_cuff_on_any_monitor_at_any_speed(
    name: str,
) -> None:
    probe = DRIVERS[name].probe
    assert probe is not None
    usual = slots(DRIVERS.values())
    greeting = probe.greeting(NOON)
    lines = [
        slot.line
        for slot in (*usual, *rarer(DRIVERS.values(), usual))
        if DRIVERS[name] in slot.greeted
    ]
    assert DRIVERS[name].line in lines
    # also to monitors that hear it at their very own speed: on a network port nobody knows it
    for line in [*lines, None]:
        for data in (greeting, probe.farewell, greeting + probe.farewell, GUARD + greeting):
            assert acts_on_cuffs(data, line) == [], line


def test_nothing_is_sent_in_the_first_2_s_and_nothing_at_all_to_a_slow_pusher() -> None:
    cable = Cable(CountedClock(), [FarEnd(Silence(), FIRST)])
    search(cable)
    assert min(cable.sent_at) > 2.05
    # a line every 2 s that nobody knows: an oximeter's menu must not be opened by our questions
    lines = Noise(Random(1), 2.0, 40, b"0123456789 :-\r\n", next_at=1.99)
    cable = Cable(CountedClock(), [FarEnd(lines, FIRST)])
    found = search(cable)
    assert cable.sent == []
    assert found.outcome is Outcome.UNKNOWN
    assert "sends text at 9600 8N1" in found.words


def test_every_greeting_is_undone_before_the_line_is_left() -> None:
    cable = Cable(CountedClock(), [])
    search(cable)
    for spec in DRIVERS.values():
        if spec.probe is None:
            continue
        for line in {line for line, _ in cable.sent}:
            on_it = [data for sent_as, data in cable.sent if sent_as == line]
            greetings = on_it.count(spec.probe.greeting(NOON))
            goodbyes = b"".join(on_it[greetings:])
            if greetings and spec.probe.farewell:
                assert spec.probe.farewell in goodbyes, (spec.name, line)


class StartsAtAByte:
    """A cuff board at 115200: A0 asks for its state, A1 starts it, wherever the byte stands."""

    def __init__(self) -> None:
        self.started = 0

    def feed(self, data: bytes, t: float) -> list[bytes]:
        self.started += data.count(GUARDED)
        return [bytes((0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 0xA0))] * data.count(0xA0)

    def due(self, t: float) -> list[bytes]:
        return []


def test_a_board_that_a_byte_of_a_greeting_would_start_is_not_greeted() -> None:
    line = LineSettings(baud=115200)
    greetings = [spec.probe.greeting(NOON) for spec in DRIVERS.values() if spec.probe]
    assert any(GUARDED in greeting for greeting in greetings)
    board = StartsAtAByte()
    cable = Cable(CountedClock(), [FarEnd(board, line)])  # type: ignore[arg-type]
    found = search(cable)
    assert board.started == 0
    assert found.driver is None


def test_listen_only_sends_nothing_and_still_names_who_speaks() -> None:
    cable = Cable(CountedClock(), [])
    assert search(cable, listen_only=True).outcome is Outcome.SILENT
    assert cable.sent == []


def test_two_monitors_that_share_a_line_are_both_told_and_none_is_named() -> None:
    told = 0
    for seed in range(10):
        random = Random(seed)
        ends = [monitor_end(SIMULATED[name], watched(1), random) for name in ("masimo", "nonin")]
        found = search(Cable(CountedClock(), ends))
        assert found.driver is None, found
        if found.outcome is Outcome.UNSURE:
            told += 1
            assert "Masimo" in found.words
            assert "Nonin" in found.words
    assert told >= 7  # in the others they speak at the same moment and spoil each other's lines


# What is remembered ------------------------------------------------------------------------------

GE = Known("ge-dri", DRIVERS["ge-dri"].line)


def test_a_remembered_monitor_is_named_sooner_but_only_by_its_frames() -> None:
    random = Random(3)
    cable = Cable(CountedClock(), [monitor_end(SIMULATED["ge-dri"], watched(3), random)])
    found = search(cable, GE)
    assert found.driver == "ge-dri"
    assert found.seconds < 1.0
    silent = search(Cable(CountedClock(), []), GE)
    assert (silent.outcome, silent.driver) == (Outcome.SILENT, None)
    assert silent.words.startswith("was GE CARESCAPE")
    assert "silent now" in silent.words


def test_another_monitor_on_a_remembered_adapter_is_named_as_what_it_is() -> None:
    for seed in range(10):
        end = monitor_end(SIMULATED["dinamap"], watched(seed), Random(seed))
        found = search(Cable(CountedClock(), [end]), GE)
        assert found.driver == "dinamap"
        assert "(was GE CARESCAPE" in found.words


def test_memory_of_a_driver_that_is_gone_is_no_hindrance() -> None:
    found = search(Cable(CountedClock(), []), Known("plug-in", FIRST))
    assert found.outcome is Outcome.SILENT


# Ports that cannot be searched -------------------------------------------------------------------


def test_a_port_in_use_or_gone_is_said_in_the_ports_own_words() -> None:
    error = PortError("port /dev/x is in use", "close the other program that has it open")
    found = PortSearch("/dev/x", CountedClock(), DRIVERS.values(), opener=refusing(error)).run()
    assert found.outcome is Outcome.UNAVAILABLE
    assert found.words == str(error)


def test_a_network_port_is_opened_once_and_named() -> None:
    cable = Cable(CountedClock(), [monitor_end(SIMULATED["ge-dri"], watched(1), Random(1))])
    cable.ends[0].line = FIRST  # its far end sets the speed: nothing is ever misheard
    found = search(cable, port="socket://10.0.0.5:4001")
    assert found.driver == "ge-dri"
    assert {line for line, _ in cable.sent} == {FIRST}


def test_excluded_ports_are_never_opened_and_every_port_is_told_of() -> None:
    told: list[Detection] = []
    opened: list[str] = []
    cable = Cable(CountedClock(), [])

    def opener(url: str, line: LineSettings) -> object:
        opened.append(url)
        return cable.open(url, line)

    ports = ["/dev/left", "/dev/looked", "/dev/left"]
    run = Search(
        ports,
        cable.clock,
        DRIVERS.values(),
        told.append,
        excluded=["/dev/left"],
        opener=opener,  # type: ignore[arg-type]
    )
    run.start()
    left, looked = run.wait()
    assert set(opened) == {"/dev/looked"}
    assert left.outcome is Outcome.EXCLUDED
    assert "nothing is opened" in left.words
    assert looked.outcome is Outcome.SILENT
    assert sorted(one.port for one in told) == ["/dev/left", "/dev/looked"]


def test_a_search_that_dies_of_the_unforeseen_is_told_and_the_others_go_on() -> None:
    def opener(url: str, line: LineSettings) -> OpenPort:
        raise (RuntimeError("a bug") if url == "/dev/bad" else PortError("gone", "plug it in"))

    told: list[Detection] = []
    ports = ["/dev/bad", "/dev/other"]
    looking = Search(ports, CountedClock(), DRIVERS.values(), told.append, opener=opener)
    looking.start()
    bad, other = looking.wait()
    assert bad.outcome is other.outcome is Outcome.UNAVAILABLE
    assert "the search failed (RuntimeError)" in bad.words
    assert sorted(one.port for one in told) == ports


def test_a_decoder_of_ours_that_fails_costs_only_its_own_monitor() -> None:
    class Failing:
        pending = frames = 0

        def connected(self, now: object) -> None:
            raise RuntimeError("a bug")

    broken = [
        spec if spec.name != "masimo" else _with_decoder(spec, lambda source: Failing())
        for spec in DRIVERS.values()
    ]
    end = monitor_end(SIMULATED["dinamap"], watched(1), Random(1))
    cable = Cable(CountedClock(), [end])
    found = PortSearch("/dev/x", cable.clock, broken, opener=cable.open).run()
    assert found.driver == "dinamap"


def _with_decoder(spec: object, decoder: Callable[[str], object]) -> object:
    from dataclasses import replace

    return replace(spec, decoder=decoder)  # type: ignore[type-var]


def test_bytes_are_judged_by_their_manner() -> None:
    hearing = Hearing(Slot(FIRST, (), ()), NOON)
    assert hearing.manner is Manner.NOTHING
    hearing.feed(b"\x00\xff", NOON)  # what a plug makes
    assert hearing.manner is Manner.NOTHING
    hearing.feed(b"\x00" * 40, NOON)
    assert hearing.manner is Manner.RUBBISH


# Over real pseudo-terminals ----------------------------------------------------------------------


def test_through_pseudo_terminals_that_garble_at_a_wrong_speed() -> None:
    """In real seconds. A busy computer may be too slow for an answer, but not each time; it never
    makes one monitor of another."""
    names = ["dinamap", "ge-dri", "masimo", "berry-pm6750"]
    for _ in range(4):
        found = garbled(names)
        assert all(one.driver in (name, None) for one, name in zip(found, names, strict=True))
        if all(one.driver and one.seconds < WITHIN_S for one in found):
            return
    raise AssertionError(found)


def garbled(names: list[str]) -> list[Detection]:
    """What is found on the ports of these monitors, whose lines garble at a wrong speed."""
    servers = [
        Server(SIMULATED[name], watched(1), SteadyClock(), strict_line=True) for name in names
    ]
    threads = [threading.Thread(target=server.run) for server in servers]
    for thread in threads:
        thread.start()
    try:
        run = Search([server.name for server in servers], SteadyClock(), DRIVERS.values())
        run.start()
        return run.wait()
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.stop()
            thread.join()
            server.close()


def test_a_search_that_is_stopped_ends_at_once_and_says_so() -> None:
    with Server(SIMULATED["omron"], watched(1), SteadyClock()) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            run = Search([server.name], SteadyClock(), DRIVERS.values())
            run.start()
            run.cancel()
            (found,) = run.wait()
        finally:
            server.stop()
            thread.join()
    assert found.outcome is Outcome.CANCELLED
    assert found.seconds < 1.0
