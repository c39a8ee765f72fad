"""The file of this computer's signals: read, written, and every way it can be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from ketamonitor.signals.settings import (
    LampSettings,
    ScreenSettings,
    SignalSettings,
    SoundSettings,
    read_settings,
    write_settings,
)

OURS = SignalSettings(
    sound=SoundSettings(enabled=False, nurse='Kopfhörer "A\\B"', room="Raum 2", volume=0.25),
    lamp=LampSettings(port="/dev/serial/by-id/usb-1", line="dtr"),
    screen=ScreenSettings(edge=False, second=False, tray=False),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "signals.toml"


def test_no_file_is_sound_on_the_default_output(path: Path) -> None:
    settings = read_settings(path)
    assert settings == SignalSettings()
    assert settings.sound == SoundSettings(enabled=True, nurse="", room="", volume=0.6)
    assert settings.lamp == LampSettings(port="", line="rts")
    assert settings.screen == ScreenSettings(edge=True, second=True, tray=True)
    assert not path.exists()


@pytest.mark.parametrize("settings", [SignalSettings(), OURS])
def test_what_is_written_is_read(path: Path, settings: SignalSettings) -> None:
    write_settings(path, settings)
    assert read_settings(path) == settings
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_what_is_left_out_has_its_usual_value(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('[sound]\nnurse = "Desk"\n')
    assert read_settings(path) == SignalSettings(sound=SoundSettings(nurse="Desk"))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[sound]\nvolume = 0.1\n", "0.2 - at `sound.volume`"),
        ("[sound]\nvolume = 1.5\n", "at `sound.volume`"),
        ("[sound]\nvolume = nan\n", "at `sound.volume`"),
        ('[sound]\nvolume = "loud"\n', "got str - at `sound.volume`"),
        ('[sound]\nenabled = "yes"\n', "at `sound.enabled`"),
        ("[sound]\nvolum = 0.5\n", "unknown field `volum` - at `sound`"),
        ('[sound]\nnurse = "two\\nlines"\n', "at `sound.nurse`"),
        ('[lamp]\nline = "cts"\n', "'cts' - at `lamp.line`"),
        ("[screen]\nedge = 1\n", "at `screen.edge`"),
        ("[loud]\n", "unknown field `loud`"),
        ("[sound\n", "is not valid TOML"),
        ("[sound]\nvolume = 0.5\nvolume = 0.6\n", "is not valid TOML"),
    ],
)
def test_a_broken_file_is_reported_with_place_and_fault_and_left_alone(
    path: Path, text: str, fault: str
) -> None:
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(ValueError, match="signals") as caught:
        read_settings(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert fault.replace("`", "") in str(caught.value)
    assert "\n" not in str(caught.value)
    assert path.read_text() == text


def test_a_file_that_is_no_text_or_no_file_is_reported(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe[sound]")
    with pytest.raises(ValueError, match="is not UTF-8 text"):
        read_settings(path)
    with pytest.raises(ValueError, match="cannot be read: Is a directory"):
        read_settings(path.parent)


def test_settings_that_could_not_be_read_again_are_not_written(path: Path) -> None:
    write_settings(path, OURS)
    for bad in (
        SoundSettings(volume=0.1),
        SoundSettings(volume=float("nan")),
        SoundSettings(nurse="two\nlines"),
    ):
        with pytest.raises(ValueError, match="not stored"):
            write_settings(path, SignalSettings(sound=bad))
    assert read_settings(path) == OURS


def test_a_folder_that_cannot_be_written_is_reported_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="cannot be written"):
        write_settings(tmp_path / "file" / "signals.toml", OURS)
    (tmp_path / "signals.toml").mkdir()
    with pytest.raises(ValueError, match="cannot be written"):
        write_settings(tmp_path / "signals.toml", OURS)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "signals.toml"]
