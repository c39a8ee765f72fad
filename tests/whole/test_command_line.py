"""The command line against nonsense: one clear line and a status, whatever is typed.

Every command with every option it has, filled from :data:`NONSENSE`. What would search the ports
of this computer, open a window or run until it is ended is only parsed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ketamonitor.store import open_store
from tests.domain.stored import chained, started
from tests.processes import PROGRAM, ran
from ui.command import main, parser

#: Not run here: they reach for the ports of this computer, or go on until they are ended.
PARSED_ONLY = ("demo", "simulate", "devices read", "devices capture", "devices detect")
PARSED_ONLY += ("devices lamp", "devices ports")

NONSENSE = (
    *("", " ", "-", "--", "---", "-1", "0", "+0", "1e999", "nan", "inf", "9" * 5000, "1_000"),
    *("0x10", "\N{ARABIC-INDIC DIGIT SEVEN}", "1,5", "1.234,5", "%s%n", "{}", "{0.__class__}"),
    *("..", "/", "/dev/null", "/proc/self/mem", "/dev/zero", "x" * 5000),
    *("a\nb", "a\tb", "\x1b[2J", "\N{RIGHT-TO-LEFT OVERRIDE}cod", "\N{ZERO WIDTH SPACE}"),
    *("=1+1", "';--", "http://x", "sqlite://", "sqlite:///", "postgresql://nobody@nowhere/x"),
    *("socket://", "rfc2217://", "COM3", "loop://", "2026-02-30", "0001-01-01", "9999-12-31"),
    *("9999-12-31T23:59:59+23:59", "0001-01-01T00:00+14:00", "2026-11-24T07:00", "24:00"),
    *("LINDQVIST", "a,b,c", ",,", "é", "\N{PILE OF POO}", "null", "true", "[]", "KM-1"),
)

#: Files that no person writes, by name.
FILES = {
    "deep.toml": "x = " + "[" * 20_000 + "]" * 20_000,
    "huge.toml": "x = " + "9" * 10_000,
    "deep.jsonl": "[" * 100_000 + "\n",
    "huge.jsonl": '{"t_s": ' + "9" * 10_000 + ', "note": "x"}\n',
    "empty.toml": "",
    "empty.jsonl": "",
    "odd.toml": 'name = "\\u0000"\ntitle = 3\n',
    "text.txt": "\ufeffKetamine\r\n\0\x1b[2J",
}


@dataclass(frozen=True)
class Command:
    """One command of the tree: its words and its own parser."""

    words: tuple[str, ...]
    parser: argparse.ArgumentParser

    @property
    def name(self) -> str:
        return " ".join(self.words)


def commands(of: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[Command]:
    below = [a for a in of._actions if isinstance(a, argparse._SubParsersAction)]
    if not below and words:
        yield Command(words, of)
    for action in below:
        for name, inner in action.choices.items():
            yield from commands(inner, (*words, name))


COMMANDS = tuple(commands(parser()))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store, a session in it, and files that nobody writes."""
    folder = tmp_path_factory.mktemp("nonsense")
    with open_store(folder / "store.db") as store:
        store.append(chained([started()]))
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "noise.bin").write_bytes(bytes(range(256)) * 50)
    (folder / "folder").mkdir()
    return folder


@pytest.fixture(autouse=True)
def own_computer(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # some nonsense is the name of a file that can be made
    monkeypatch.setenv("KETAMONITOR_STORE", str(place / "store.db"))
    monkeypatch.setenv("KETAMONITOR_PASSWORD", "not the right one")
    monkeypatch.setenv("KETAMONITOR_PORTS", str(tmp_path / "ports.json"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("KETAMONITOR_PROTOCOLS", raising=False)


class Standard(io.TextIOWrapper):
    """A stream such as a program has, with its bytes below it."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    @property
    def text(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode("utf-8")  # type: ignore[attr-defined]


def called(words: list[str]) -> tuple[int, str, str]:
    """Status, output and errors of the command, in this process."""
    out, errors = Standard(), Standard()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        try:
            status = main(words)
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else 1
    return status, out.text, errors.text


@st.composite
def lines(draw: st.DrawFn, values: tuple[str, ...]) -> tuple[str, list[str]]:
    """A command with some of its options, each filled with nonsense or one of its choices."""
    command = draw(st.sampled_from(COMMANDS))
    words = list(command.words)
    for action in command.parser._actions:
        if isinstance(action, argparse._HelpAction | argparse._VersionAction):
            continue
        wanted = action.required or draw(st.booleans())
        if not wanted:
            continue
        known = [str(choice) for choice in action.choices or ()]
        value = st.sampled_from(values) | (st.sampled_from(known) if known else st.nothing())
        given_values = [draw(value)]
        if action.nargs in ("*", "+"):
            given_values = draw(st.lists(value, min_size=action.nargs == "+", max_size=3))
        if action.nargs == 0:
            words.append(action.option_strings[0])
        elif action.option_strings:
            # "--x=value": else a value with a dash would be taken for an option
            long = action.option_strings[-1]
            words += [f"{long}={one}" for one in given_values]
        else:
            words += given_values
    return command.name, words


def values(place: Path) -> tuple[str, ...]:
    files = [*FILES, "noise.bin", "folder", "not there", "new.csv"]
    return (*NONSENSE, *(str(place / name) for name in files), "s")


#: ``python -m tests.prove nonsense`` tries more.
EXAMPLES = int(os.environ.get("NONSENSE_LINES", "200"))


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_nonsense_is_one_line_and_a_status(place: Path, data: Any) -> None:
    name, words = data.draw(lines(values(place)))
    if name in PARSED_ONLY:
        errors = Standard()
        with contextlib.redirect_stderr(errors), contextlib.suppress(SystemExit):
            parser().parse_args(words)
        assert "Traceback" not in errors.text
        return
    status, out, errors_said = called(words)
    assert status in (0, 1, 2), words
    assert "Traceback" not in errors_said
    assert "a fault in the program" not in errors_said, words
    if status:
        assert errors_said.strip() or out.strip(), words
    assert "\x1b" not in errors_said


def test_every_command_is_tried() -> None:
    names = {command.name for command in COMMANDS}
    assert set(PARSED_ONLY) <= names
    assert {"session export", "store check", "people add", "ledger export"} <= names


# What was not foreseen ------------------------------------------------------------------------


def test_what_nobody_foresaw_is_one_line_and_a_log_without_a_value(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "LINDQVIST, Maren"

    def fails(*_: object) -> int:
        try:
            raise KeyError(secret)
        except KeyError as error:
            raise RuntimeError(f"no {secret}") from error

    monkeypatch.setattr("ketamonitor.cli.protocol.load_protocols", fails)
    status, out, errors = called(["protocol", "list"])
    assert (status, out) == (1, "")
    assert errors.startswith("ketamonitor: a fault in the program (RuntimeError in fails:")
    assert errors.count("\n") == 1
    log = place / "faults.log"
    assert str(log) in errors
    text = log.read_text(encoding="utf-8")
    assert "protocol list" in text
    assert "builtins.RuntimeError" in text
    assert "builtins.KeyError" in text
    assert "ui/command.py:" in text
    assert secret not in text + errors
    assert log.stat().st_mode & 0o777 == 0o600
    log.unlink()


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (MemoryError(), "not enough memory"),
        (OSError(24, "Too many open files"), "too many files are open"),
        (PermissionError(13, "Permission denied", "/somewhere/x"), "/somewhere/x: Permission"),
        (RecursionError("deep"), "a fault in the program (RecursionError in fails:"),
    ],
)
def test_what_the_computer_refuses_is_said_in_words(
    monkeypatch: pytest.MonkeyPatch, fault: Exception, says: str
) -> None:
    def fails(*_: object) -> int:
        raise fault

    monkeypatch.setattr("ketamonitor.cli.protocol.load_protocols", fails)
    status, _, errors = called(["protocol", "list"])
    assert status == 1
    assert says in errors
    assert errors.count("\n") == 1


def test_a_log_that_cannot_be_written_hides_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: object) -> int:
        raise RuntimeError("x")

    monkeypatch.setattr("ketamonitor.cli.protocol.load_protocols", fails)
    monkeypatch.setenv("KETAMONITOR_STORE", "/proc/nowhere/store.db")
    status, _, errors = called(["protocol", "list"])
    assert status == 1
    assert "no log could be written" in errors


# From outside ---------------------------------------------------------------------------------


def shell(words: str, place: Path) -> subprocess.CompletedProcess[str]:
    """A line of a shell in which ``K`` is the command."""
    own = {**os.environ, "K": " ".join(PROGRAM), "KETAMONITOR_STORE": str(place / "store.db")}
    return ran(["bash", "-c", words], env=own)


posix = pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX")


@posix
def test_streams_that_the_caller_closed_are_no_fault(place: Path) -> None:
    done = shell("$K protocol list >&-", place)
    assert (done.returncode, done.stderr) == (0, "")
    done = shell("$K protocol list <&-", place)
    assert (done.returncode, done.stderr) == (0, "")
    assert "iv-ketamine-40" in done.stdout
    done = shell("$K session show nosuch --json 2>&-", place)
    assert (done.returncode, done.stdout) == (1, ""), "an error is no result"
    assert shell("$K session list <&- >&- 2>&-", place).returncode == 0
    assert "there is no standard output" in shell("$K ledger export -o - >&-", place).stderr


@posix
def test_an_output_that_is_full_or_gone_ends_in_one_line(place: Path) -> None:
    if Path("/dev/full").exists():
        done = shell("$K protocol list > /dev/full", place)
        assert done.returncode == 1
        assert done.stderr == (
            "ketamonitor: the output cannot be written: No space left on device\n"
        )
    done = shell("$K protocol list | true; echo ${PIPESTATUS[0]}", place)
    assert done.stderr == ""
    assert done.stdout in ("0\n", "1\n")


@posix
def test_half_letters_on_the_command_line_are_refused(place: Path) -> None:
    done = shell(r"$K session show $'\xff\xfe'", place)
    assert done.returncode == 2
    assert done.stderr == "ketamonitor: the command line is not UTF-8 text: type it again\n"


def test_what_a_thread_did_not_catch_is_a_line_without_a_value_too(
    place: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails() -> None:
        raise KeyError("LINDQVIST")

    def in_a_thread(*_: object) -> int:
        thread = threading.Thread(target=fails)
        thread.start()
        thread.join()
        raise KeyboardInterrupt

    monkeypatch.setattr("ketamonitor.cli.protocol.load_protocols", in_a_thread)
    before = threading.excepthook
    assert called(["protocol", "list"])[0] == 130
    assert threading.excepthook is before
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith("a fault in the program (KeyError in fails:")
    log = place / "faults.log"
    assert "LINDQVIST" not in said + log.read_text(encoding="utf-8")
    log.unlink()


def test_ctrl_c_is_status_130_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("ketamonitor.cli.protocol.load_protocols", interrupted)
    assert called(["protocol", "list"]) == (130, "", "")
