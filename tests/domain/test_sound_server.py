"""Tones through a real sound server: what is heard is what was rendered; devices come and go."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ketamonitor.clock import SteadyClock
from ketamonitor.signals.player import RETRY_S, Player, outputs
from ketamonitor.signals.tones import RATE, TONES, burst, pulses
from tests.processes import ran
from tests.sound import OUTPUT, SoundServer, missing, sound_server
from tests.waits import PATIENCE_S, until

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "installed")
VOLUME = 0.6


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    with sound_server() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


def starts(samples: NDArray[np.int16]) -> NDArray[np.int64]:
    """The first sample of each pulse: what follows 30 ms of silence."""
    loud = np.flatnonzero(np.abs(samples) > 40)
    return loud[np.concatenate(([True], np.diff(loud) > RATE * 0.03))]


def heard_of_high(server: SoundServer, file: Path) -> NDArray[np.int16]:
    """Plays one burst of HIGH and gives what the sink was given, in the sink's time."""
    length = len(burst(TONES["high"], VOLUME))
    handed: list[tuple[str, datetime]] = []
    clock = SteadyClock()
    with server.recording(file) as heard:
        player = Player(OUTPUT, VOLUME, clock, handed=lambda *what: handed.append(what))
        assert player.state.state == "ready", player.state.text
        wanted_at = clock.now()
        player.want("high")
        until(lambda: len(handed) == 1)
        until(lambda: int(np.count_nonzero(heard())) > 0)
        begun = np.flatnonzero(heard())[0]
        until(lambda: len(heard()) > begun + length + RATE // 5)
        assert player.tick(clock.now()).state == "ready"
        player.close()
        recorded = heard()
    assert handed[0][0] == "high"
    assert (handed[0][1] - wanted_at).total_seconds() < PATIENCE_S  # on a quiet machine 20 ms
    return recorded


def aligned(recorded: NDArray[np.int16], rendered: NDArray[np.int16]) -> NDArray[np.int16]:
    """The part of the recording that agrees best with what was rendered."""
    size = 1 << (len(recorded) + len(rendered)).bit_length()
    agree = np.fft.irfft(np.fft.rfft(recorded, size) * np.conj(np.fft.rfft(rendered, size)), size)
    offset = int(np.argmax(agree[: len(recorded) - len(rendered)]))
    return recorded[offset : offset + len(rendered)]


def test_what_is_heard_is_what_was_rendered(server: SoundServer, tmp_path: Path) -> None:
    tone, rendered = TONES["high"], burst(TONES["high"], VOLUME)
    wanted = np.array([start for start, _ in pulses(tone)])
    for attempt in range(3):
        # A machine that is late by more than the device holds leaves a hole: the best of three.
        recorded = heard_of_high(server, tmp_path / f"{attempt}.raw")
        found = starts(recorded)
        part = aligned(recorded, rendered).astype(float)
        if np.abs(part - rendered).max() <= 2:  # 16 bits there and back
            break
    assert len(found) == tone.pulses
    assert np.abs((found - found[0]) - wanted).max() <= RATE * 0.001
    assert np.corrcoef(part, rendered)[0, 1] > 0.99
    assert np.abs(part - rendered).max() <= 2


def test_an_output_that_goes_is_told_and_taken_again_when_it_is_back(server: SoundServer) -> None:
    clock = SteadyClock()
    player = Player(OUTPUT, VOLUME, clock)
    try:
        until(lambda: player.tick(clock.now()).state == "ready")
        server.control("unload-module", "module-null-sink")
        until(lambda: player.tick(clock.now()).state == "failed")
        assert outputs() == []
        later = clock.now() + timedelta(seconds=RETRY_S)
        assert player.tick(later).text == "No sound: this computer has no sound output"
        server.add_sink()
        player.tick(later + timedelta(seconds=RETRY_S))
        until(lambda: player.tick(clock.now()).state == "ready")
    finally:
        player.close()


def test_an_output_of_another_name_is_not_taken_for_the_one_chosen(server: SoundServer) -> None:
    player = Player("Room", VOLUME, SteadyClock())
    assert player.state.text == (
        f'No sound: the sound output "Room" is not there (there is: "{OUTPUT}")'
    )
    player.close()


def test_two_outputs_of_one_name_can_both_be_chosen(server: SoundServer) -> None:
    server.add_sink()
    assert outputs() == [OUTPUT, f"{OUTPUT} (2)"]
    player = Player(f"{OUTPUT} (2)", VOLUME, SteadyClock())
    assert player.state.state == "ready"
    player.close()


def test_opening_many_times_leaves_no_file_open(server: SoundServer) -> None:
    def files() -> int:
        return len(os.listdir("/proc/self/fd"))

    Player("", VOLUME, SteadyClock()).close()
    before = files()
    for _ in range(5):
        Player("", VOLUME, SteadyClock()).close()
        Player("not there", VOLUME, SteadyClock()).close()
    assert files() <= before


def test_a_program_that_ends_without_closing_its_output_does_end(server: SoundServer) -> None:
    program = (
        "from ketamonitor.clock import SteadyClock\n"
        "from ketamonitor.signals.player import Player\n"
        "player = Player('', 0.6, SteadyClock())\n"
        "player.want('high')\n"
        "print(player.state.state)\n"
    )
    done = ran([sys.executable, "-c", program])
    assert (done.returncode, done.stdout, done.stderr) == (0, "ready\n", "")


def test_a_frozen_sound_server_does_not_hold_the_owner_up(server: SoundServer) -> None:
    clock = SteadyClock()
    player = Player("", VOLUME, clock)
    try:
        until(lambda: player.tick(clock.now()).state == "ready")
        server.process.send_signal(signal.SIGSTOP)
        threading.Event().wait(0.1)
        player.tick(clock.now())
        before = clock.now()
        state = player.tick(before + timedelta(seconds=1.1))
        # libpulse would wait for ever; how late the computer itself is, is no matter here.
        assert (clock.now() - before).total_seconds() < PATIENCE_S / 4
        assert state.text == "No sound: the default output has stopped taking sound"
        assert player.tick(before + timedelta(seconds=9)).text == (
            "No sound: the sound system does not answer"
        )
    finally:
        server.process.send_signal(signal.SIGCONT)
        player.close()
