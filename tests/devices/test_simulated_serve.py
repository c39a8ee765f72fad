"""Simulated monitors on pseudo-terminals and TCP, asked by a client of this test's own."""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

import pytest

from devices.simulated import SIMULATED
from devices.simulated.case import COLUMNS, CasePatient, CaseRow
from devices.simulated.faults import parse_fault
from devices.simulated.patient import Patient
from devices.simulated.ports import PortError
from devices.simulated.scenario import scenario_patient
from devices.simulated.serve import Server
from ketamonitor.clock import SteadyClock

PATIENCE_S = 10.0
NA, OA, RA, START = b"\r NA!2\r", b"\r OA!3\r", b"\r RA!6\r", b"\r NC0!E\r"
DRI_5_S = (
    b"\x7e\x31\x00" + bytes(19) + b"\xff" + bytes(18) + b"\x01\x05" + bytes(6) + b"\x00\x36\x7e"
)

pytestmark = pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs pseudo-terminals")


class Client:
    """The other end of the cable, with nothing of the program's in it."""

    def __init__(self, name: str) -> None:
        self._socket: socket.socket | None = None
        if name.startswith("socket://"):
            host, port = name.removeprefix("socket://").split(":")
            self._socket = socket.create_connection((host, int(port)), PATIENCE_S)
            self.fd = self._socket.fileno()
        else:
            self.fd = os.open(name, os.O_RDWR | os.O_NOCTTY)
            tty.setraw(self.fd)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        else:
            os.close(self.fd)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def read(self, until: bytes, patience_s: float = PATIENCE_S) -> bytes:
        """Bytes up to ``until``; fewer when nothing comes for so long or the cable is out."""
        got = b""
        while not got.endswith(until) or len(got) < 2:
            ready, _, _ = select.select([self.fd], [], [], patience_s)
            part = b""
            if ready:
                try:
                    part = os.read(self.fd, 1)
                except OSError:
                    part = b""
            if not part:
                return got
            got += part
        return got

    def ask(self, request: bytes, patience_s: float = PATIENCE_S) -> bytes:
        os.write(self.fd, request)
        return self.read(b"\r", patience_s)

    def frame(self, patience_s: float = PATIENCE_S) -> bytes:
        """The next DRI frame without flags."""
        return self.read(b"\x7e", patience_s)[1:-1]


def row(t_s: float, **values: float) -> CaseRow:
    return CaseRow(t_s, tuple(values.get(name) for name in COLUMNS[1:]))


CASE = (
    row(0, pulse=70, spo2=97, nibp_sys=120, nibp_dia=80, nibp_map=93),
    row(30, pulse=71, nibp_sys=131, nibp_dia=82, nibp_map=98),
    row(61, nibp_sys=142, nibp_dia=84),
)


class Served:
    """A server that runs in a thread, its clock, and what it announced."""

    def __init__(self, server: Server, clock: SteadyClock, names: "SimpleQueue[str]") -> None:
        self.server = server
        self.clock = clock
        self.names = names
        self.name = names.get(timeout=PATIENCE_S)

    def wait_until(self, t: float) -> None:
        """Until session second ``t`` of the server."""
        real = self.clock.real(t - self.server.elapsed())
        if real > 0:
            threading.Event().wait(real)


@contextmanager
def served(
    driver: str,
    patient: Patient,
    speed: float,
    *faults: str,
    port: str | None = None,
) -> Iterator[Served]:
    clock = SteadyClock(speed)
    names: SimpleQueue[str] = SimpleQueue()
    plan = [parse_fault(fault) for fault in faults]
    with Server(
        SIMULATED[driver], patient, clock, port=port, faults=plan, announce=names.put
    ) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield Served(server, clock, names)
        finally:
            server.stop()
            thread.join(PATIENCE_S)
            assert not thread.is_alive()


@pytest.mark.parametrize("speed", [20.0, 60.0])
def test_a_case_comes_over_a_pty_with_each_result_at_its_time(speed: float) -> None:
    with served("dinamap", CasePatient(CASE), speed) as served_, Client(served_.name) as client:
        found = []
        before = 9999
        while (t := served_.server.elapsed()) < 63:
            reply = client.ask(NA)
            after = served_.server.elapsed()
            assert len(reply) == 22
            age = int(reply[6:10])
            if reply[3:4] == b"1" and age < before:
                found.append((t - age, after - age, reply[10:19]))
            before = age
    assert [values for _, _, values in found] == [b"120080093", b"131082098", b"142084-99"]
    for (low, high, _), one in zip(found, CASE, strict=True):
        assert low - 1 <= one.t_s <= high + 1


def test_the_clock_starts_when_the_port_is_first_opened_and_runs_on_when_it_is_closed() -> None:
    with served("dinamap", CasePatient(CASE), 60) as served_:
        threading.Event().wait(0.1)  # six session seconds, if it ran
        assert served_.server.elapsed() == 0
        assert served_.server.monitor is None
        with Client(served_.name) as client:
            assert client.ask(NA)[3:10] == b"1100000"
        served_.wait_until(40)
        with Client(served_.name) as client:
            assert client.ask(NA)[10:19] == b"131082098"
            assert client.ask(OA)[3:10] == b"1097705"
        assert served_.server.monitor is not None
        texts = [one.text for one in served_.server.monitor.requests]
        assert texts == [b" NA!2", b" NA!2", b" OA!3"]


def test_a_host_starts_a_reading_over_the_wire() -> None:
    with (
        served("dinamap", scenario_patient("iv-mild", 1), 100) as served_,
        Client(served_.name) as client,
    ):
        assert client.ask(NA)[6:10] == b"9999"
        assert client.ask(START)[:3] == b" NC"
        assert client.ask(NA)[3:4] == b"0"
        served_.wait_until(26)
        reply = client.ask(NA)
        assert reply[3:4] == b"1"
        assert int(reply[6:10]) <= 5
        assert 90 < int(reply[10:13]) < 150


@pytest.mark.parametrize("speed", [1.0, 4.0])
def test_bytes_leave_at_the_pace_of_the_line(speed: float) -> None:
    with served("dinamap", CasePatient(CASE), speed) as served_, Client(served_.name) as client:
        assert client.ask(NA)
        took = []
        for _ in range(5):  # a busy computer is late, but not each time
            t = served_.server.elapsed()
            assert len(client.ask(NA)) == 22
            took.append(served_.server.elapsed() - t)
    assert min(took) >= 22 * 10 / 9600
    assert min(took) < 22 * 10 / 9600 + 0.5 * speed


def test_dri_records_come_at_once_and_every_five_seconds() -> None:
    with served("ge-dri", CasePatient(CASE), 50) as served_, Client(served_.name) as client:
        os.write(client.fd, DRI_5_S)
        stamps = []
        for _ in range(4):
            frame = client.frame()
            plain = frame.replace(b"\x7d\x5e", b"\x7e").replace(b"\x7d\x5d", b"\x7d")
            assert len(plain) == 319
            assert plain[-1] == sum(plain[:-1]) % 256
            stamps.append(int.from_bytes(plain[6:10], "little"))
    assert [stamp - stamps[0] for stamp in stamps] in (
        [0, 5, 10, 15],
        [0, 4, 9, 14],
        [0, 5, 10, 14],
    )


def test_a_link_is_made_and_removed(tmp_path: Path) -> None:
    link = tmp_path / "ttyKM"
    with served("dinamap", CasePatient(CASE), 60, port=str(link)) as served_:
        assert served_.name == str(link)
        assert os.readlink(link).startswith("/dev/")
        with Client(str(link)) as client:
            assert client.ask(NA)[1:3] == b"NA"
    assert not link.is_symlink()
    assert list(tmp_path.iterdir()) == []


def test_a_dead_link_of_an_earlier_run_is_replaced_and_anything_else_is_not(tmp_path: Path) -> None:
    link = tmp_path / "port"
    link.symlink_to("/dev/pts/999999")
    with served("dinamap", CasePatient(CASE), 60, port=str(link)):
        assert os.path.exists(link)
    link.write_text("a file")
    with pytest.raises(PortError, match="there is a file of that name"):
        Server(SIMULATED["dinamap"], CasePatient(CASE), SteadyClock(), port=str(link))
    with pytest.raises(PortError, match="cannot be made there"):
        Server(
            SIMULATED["dinamap"], CasePatient(CASE), SteadyClock(), port=str(tmp_path / "no" / "p")
        )


def test_a_pulled_cable_comes_back_behind_the_same_link(tmp_path: Path) -> None:
    link = tmp_path / "port"
    with served("dinamap", CasePatient(CASE), 60, "pull@20+30", port=str(link)) as served_:
        with Client(str(link)) as client:
            assert client.ask(NA)[1:3] == b"NA"
            assert client.read(b"never") == b""  # until it is pulled
        assert 19 <= served_.server.elapsed() <= 40
        assert not link.is_symlink()
        served_.wait_until(50)
        while not link.exists():
            threading.Event().wait(0.005)
        with Client(str(link)) as client:
            assert client.ask(NA)[10:19] == b"131082098"
    assert not link.is_symlink()


def test_a_pulled_cable_without_a_link_is_announced_when_its_name_is_new() -> None:
    with served("dinamap", CasePatient(CASE), 60, "pull@20+10") as served_:
        client = Client(served_.name)
        try:
            assert client.ask(NA)[1:3] == b"NA"
            assert client.read(b"never") == b""
            # the old terminal is still held open, so that the new one cannot take its name
            new = served_.names.get(timeout=PATIENCE_S)
            assert new != served_.name
            with Client(new) as again:
                assert again.ask(NA)[10:19] in (b"120080093", b"131082098")
        finally:
            client.close()


def test_silence_is_neither_heard_nor_answered() -> None:
    patient = scenario_patient("calm", 1)
    with served("dinamap", patient, 60, "silence@1+60") as served_, Client(served_.name) as client:
        served_.wait_until(2)
        assert client.ask(START, 0.1) == b""
        served_.wait_until(62)
        reply = client.ask(NA)
        assert reply[3:4] == b"1"
        assert served_.server.monitor is not None
        assert [one.text for one in served_.server.monitor.requests] == [b" NA!2"]


def test_noise_is_heard_between_answers_without_being_asked_for() -> None:
    with (
        served("dinamap", CasePatient(CASE), 60, "noise@1+20") as served_,
        Client(served_.name) as client,
    ):
        ready, _, _ = select.select([client.fd], [], [], PATIENCE_S)
        assert ready
        assert os.read(client.fd, 100)


def test_frozen_values_over_the_wire() -> None:
    with (
        served("dinamap", CasePatient(CASE), 60, "frozen@5+600") as served_,
        Client(served_.name) as client,
    ):
        assert client.ask(RA)[4:7] == b"070"
        served_.wait_until(40)
        assert client.ask(RA)[4:7] == b"070"
        assert client.ask(NA)[10:19] == b"120080093"


def test_tcp_serves_one_reader_after_the_other_and_comes_back_after_a_pull() -> None:
    with served(
        "dinamap", CasePatient(CASE), 60, "pull@20+10", port="socket://127.0.0.1:0"
    ) as served_:
        assert served_.name.startswith("socket://127.0.0.1:")
        assert not served_.name.endswith(":0")
        assert served_.server.elapsed() == 0
        with Client(served_.name) as client:
            assert client.ask(NA)[10:19] == b"120080093"
        with Client(served_.name) as client:
            assert client.ask(RA)[4:7] == b"070"
            assert client.read(b"never") == b""
        served_.wait_until(31)
        with Client(served_.name) as client:
            assert client.ask(NA)[10:19] == b"131082098"


@pytest.mark.parametrize(
    "url",
    [
        "socket://127.0.0.1",
        "socket://10.0.0.1:5000",
        "tcp://127.0.0.1:5",
        "socket://127.0.0.1:99999",
    ],
)
def test_a_url_that_is_none_of_ours_is_refused(url: str) -> None:
    with pytest.raises(PortError, match=r"socket://127\.0\.0\.1:PORT"):
        Server(SIMULATED["dinamap"], CasePatient(CASE), SteadyClock(), port=url)


def test_a_tcp_port_in_use_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"socket://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(PortError, match="cannot be opened"):
            Server(SIMULATED["dinamap"], CasePatient(CASE), SteadyClock(), port=url)


# The command: its own process, as it is used.

RUN = """
import sys
from ui.command import main
sys.exit(main())
"""


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", RUN, "simulate", *arguments]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_prints_its_port_serves_and_ends_cleanly(
    number: signal.Signals, tmp_path: Path
) -> None:
    case = tmp_path / "case.csv"
    case.write_text(",".join(COLUMNS) + "\n0,,70,97,,120,80,93\n")
    link = tmp_path / "port"
    line = command("--driver", "dinamap", "--case", str(case), "--speed", "60", "--port", str(link))
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        try:
            assert run.stdout is not None
            assert run.stdout.readline().strip() == str(link)
            with Client(str(link)) as client:
                assert client.ask(NA)[10:19] == b"120080093"
        finally:
            run.send_signal(number)
        _, errors = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 0
    assert errors == ""
    assert not link.is_symlink()


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--driver", "nosuch"), 2, "no simulated monitor 'nosuch'; there are dinamap, ge-dri"),
        (
            ("--driver", "dinamap", "--scenario", "storm"),
            2,
            "no scenario 'storm'; there are iv-mild",
        ),
        (
            ("--driver", "dinamap", "--fault", "fire@3"),
            2,
            "unknown fault 'fire'; the kinds are pull",
        ),
        (("--driver", "dinamap", "--speed", "0"), 2, "the speed is a number from 0.01 to 10,000"),
        (
            ("--driver", "dinamap", "--case", "/nowhere.csv"),
            1,
            "/nowhere.csv: there is no such case",
        ),
        (("--driver", "dinamap", "--port", "/nowhere/p"), 1, "/nowhere/p: the port cannot be made"),
    ],
)
def test_wrong_use_gives_one_line_and_a_status(
    arguments: tuple[str, ...], status: int, words: str
) -> None:
    run = subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert run.returncode == status
    assert words in run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert run.stdout == ""
