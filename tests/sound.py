"""A sound server without a sound card: PulseAudio, by hand, with a sink that plays into nothing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.waits import PATIENCE_S, until

RATE = 48_000
SINK = "km"
OUTPUT = "Nurse side"  # what the sink is called by those who choose an output


def missing() -> str:
    """Why there can be no sound server here, "" where there can."""
    absent = [name for name in ("pulseaudio", "parecord", "pactl") if shutil.which(name) is None]
    return f"{', '.join(absent)} not installed (packaging/system-packages.txt)" if absent else ""


@dataclass(frozen=True, slots=True)
class SoundServer:
    """``environment``: what libpulse needs to find it, in this process or in another."""

    folder: Path
    process: subprocess.Popen[bytes]
    environment: dict[str, str]

    def control(self, *words: str) -> str:
        """``pactl``: load-module, unload-module, list."""
        done = subprocess.run(
            ["pactl", *words],
            env=self._env(),
            capture_output=True,
            text=True,
            check=True,
            timeout=PATIENCE_S,
        )
        return done.stdout.strip()

    def add_sink(self) -> str:
        """The module's number. Without ``norewinds`` such a sink takes two seconds at a time."""
        return self.control(
            "load-module",
            "module-null-sink",
            f"sink_name={SINK}",
            f"rate={RATE}",
            "norewinds=1",
            f"sink_properties=\"device.description='{OUTPUT}'\"",
        )

    @contextmanager
    def recording(self, file: Path) -> Iterator[Callable[[], NDArray[np.int16]]]:
        """Records what the sink plays; the given function tells what there is so far."""
        words = ["parecord", "-d", f"{SINK}.monitor", "--raw", "--format=s16le"]
        words += [f"--rate={RATE}", "--channels=1", "--latency-msec=20", str(file)]
        recorder = subprocess.Popen(words, env=self._env())

        def heard() -> NDArray[np.int16]:
            content = file.read_bytes() if file.exists() else b""
            return np.frombuffer(content[: len(content) // 2 * 2], "<i2")

        try:
            until(lambda: len(heard()) > 0)
            yield heard
        finally:
            recorder.send_signal(signal.SIGINT)
            recorder.wait(PATIENCE_S)

    def _env(self) -> dict[str, str]:
        return {**os.environ, **self.environment}


@contextmanager
def sound_server() -> Iterator[SoundServer]:
    """Runs for root (who is warned) as for anybody; nothing of the user's own sound is touched."""
    # A short path: that of a socket may have some hundred characters only.
    with tempfile.TemporaryDirectory(prefix="km-sound-") as name:
        folder = Path(name)
        environment = {
            "HOME": name,
            "XDG_RUNTIME_DIR": name,
            "PULSE_SERVER": f"unix:{name}/native",
            "PULSE_COOKIE": f"{name}/cookie",
            "LC_ALL": "C.UTF-8",
        }
        words = ["pulseaudio", "--daemonize=no", "-n", "--exit-idle-time=-1", "--use-pid-file=no"]
        words += ["--log-level=error", "-L", f"module-native-protocol-unix socket={name}/native"]
        # Its own server's address would make it think that it is not wanted.
        own = {key: value for key, value in environment.items() if key != "PULSE_SERVER"}
        process = subprocess.Popen(words, env={**os.environ, **own}, stderr=subprocess.PIPE)
        try:
            until(lambda: (folder / "native").exists() or process.poll() is not None)
            assert process.poll() is None, process.communicate()[1].decode()
            server = SoundServer(folder, process, environment)
            server.add_sink()
            yield server
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE_S)
