"""Playback devices by name, over miniaudio: the only module that knows that library."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Protocol

import miniaudio

from ketamonitor.signals.tones import RATE

BLOCK_MS = 20
BLOCKS = 4  # in the device's hands: what a busy computer may be late by before a tone has a hole
# No JACK (its patches are not ours to make) and not miniaudio's own null device.
_BACKENDS = (
    miniaudio.Backend.WASAPI,
    miniaudio.Backend.DSOUND,
    miniaudio.Backend.WINMM,
    miniaudio.Backend.COREAUDIO,
    miniaudio.Backend.PULSEAUDIO,
    miniaudio.Backend.ALSA,
)


class SoundError(Exception):
    """There is no sound, with the reason in words."""


class Out(Protocol):
    """A running playback device that takes its samples from a ``pull``."""

    def close(self) -> None:
        """Ends playing and frees the device; may take as long as the sound system likes."""


Pull = Callable[[int], bytes]
OpenOut = Callable[[str, Pull], Out]


def outputs() -> list[str]:
    """The names of this computer's playback devices; of two alike the second is called "X (2)".

    A device that discards what it is given is none. Asks the sound system: milliseconds, but as
    long as it takes where that hangs. Empty where there is no sound system at all.
    """
    try:
        return list(_listed().found)
    except SoundError:
        return []


def open_out(device: str, pull: Pull) -> Out:
    """Opens a device by its name ("" is the system's default) and starts it at :data:`RATE`, mono.

    ``pull`` is called on the device's own thread. Raises :class:`SoundError`.
    """
    listed = _listed()
    if not listed.found:
        raise SoundError("this computer has no sound output")
    if device and device not in listed.found:
        there = ", ".join(f'"{name}"' for name in listed.found)
        raise SoundError(f'the sound output "{device}" is not there (there is: {there})')
    return _Device(device, listed.found.get(device), listed.backend, pull)


@dataclass(frozen=True, slots=True)
class _Listed:
    backend: miniaudio.Backend
    found: dict[str, Any]  # the library's identity by the device's name


def _listed() -> _Listed:
    """What the first sound system that answers has. Raises :class:`SoundError`."""
    for backend in _BACKENDS:
        try:
            playbacks = _Devices([backend]).get_playbacks()
        except miniaudio.MiniaudioError:
            continue  # not on this system, or not running
        found: dict[str, Any] = {}
        for one in playbacks:
            if _sounds(backend, one["id"]):
                name, number = one["name"], 1
                while name in found:
                    number += 1
                    name = f"{one['name']} ({number})"
                found[name] = one["id"]
        return _Listed(backend, found)
    raise SoundError(
        "no sound system answers (on Linux PulseAudio, PipeWire or ALSA:"
        " the packages libpulse0 and libasound2)"
    )


class _Devices(miniaudio.Devices):  # type: ignore[misc]  # the library has no types
    """Names alone: asking each for its formats fails for all where one of them is in use."""

    def _get_info(self, device_type: object, device_info: object) -> dict[str, Any]:
        return {}


def _sounds(backend: miniaudio.Backend, identity: Any) -> bool:
    """Whether samples for this device come out anywhere."""
    text = bytes(miniaudio.ffi.buffer(identity)).split(b"\0")[0]
    if backend is miniaudio.Backend.PULSEAUDIO:
        return text != b"auto_null"  # the stand-in of a computer without a sound card
    if backend is miniaudio.Backend.ALSA:
        return b":" in text  # a card; the rest are plug-ins, "null" among them
    return True


class _Device:
    """An open device. The library frees the device but not its context: five files a time.

    A device that is open while the interpreter ends would hang it: the audio thread waits for an
    interpreter that waits for the audio thread. So it is closed before that, whoever forgot it.
    """

    def __init__(self, name: str, identity: Any, backend: miniaudio.Backend, pull: Pull) -> None:
        shown = f'the sound output "{name}"' if name else "the default sound output"
        try:
            self._device = miniaudio.PlaybackDevice(
                output_format=miniaudio.SampleFormat.SIGNED16,
                nchannels=1,
                sample_rate=RATE,
                buffersize_msec=BLOCK_MS,
                callback_periods=BLOCKS,
                device_id=identity,
                backends=[backend],
                app_name="KetaMonitor",
            )
        except miniaudio.MiniaudioError as fault:
            raise SoundError(f"{shown} cannot be opened ({_words(fault)})") from fault
        samples = _blocks(pull)
        next(samples)
        try:
            self._device.start(samples)
        except miniaudio.MiniaudioError as fault:
            self.close()
            raise SoundError(f"{shown} cannot be started ({_words(fault)})") from fault
        atexit.register(self.close)

    def close(self) -> None:
        atexit.unregister(self.close)
        self._device.close()
        context, self._device._context = self._device._context, None
        if context is not None:
            miniaudio.lib.ma_context_uninit(context)


def _blocks(pull: Pull) -> Generator[bytes, int, None]:
    """The library wants a generator that is sent how many samples to yield."""
    frames = yield b""
    while True:
        frames = yield pull(frames)


def _words(fault: miniaudio.MiniaudioError) -> str:
    return " ".join(str(part) for part in fault.args)
