"""Drivers of other packages, installed beside the program: listed, or left out and logged."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from devices.registry import BUILT_IN, PLUG_INS
from tests.processes import PROGRAM, ran

#: The module of another package: a row of its own, made from nothing but the contract.
ACME = '''"""The Acme cuff.

Serves: the Acme cuff, all models that were ever made.

Cable: any cable that fits into both of its ends.

Set up: nothing is set up, it is always ready.

Gives: pulse, once in a while, when it likes to.

Cannot: measure pressures, in spite of its name.

Sureness: none at all, it exists only in a test.
"""

from dataclasses import replace

from devices.metrics import PULSE
from devices.spec import DriverSpec, LineSettings


class Decoder:
    pending = 0
    frames = 0

    def __init__(self, source):
        self.source = source

    def feed(self, data, now):
        return []

    def outgoing(self, now):
        return b""

    def wait(self, now):
        return 60.0

    def command(self, command):
        raise ValueError("no command")

    def connected(self, now):
        pass


def row(name):
    return DriverSpec(
        name=name,
        title="Acme cuff",
        models=("Acme 1",),
        line=LineSettings(baud=9600),
        metrics=(PULSE,),
        commands=frozenset(),
        interval_s=1.0,
        silent_after_s=10.0,
        decoder=Decoder,
        manual="Acme, first edition",
    )


SPEC = row("acme-cuff")
SPEC_TAKEN = row("dinamap")
NO_ROW = {"name": "acme-cuff"}
ODD_NAME = row("Acme cuff !")
ODD_METRICS = replace(row("odd-cuff"), metrics=None)
NO_DECODER = replace(row("bare-cuff"), decoder=lambda: None)
'''


@dataclass(frozen=True, slots=True)
class Site:
    """A folder in which packages are installed, as an installer would leave them."""

    folder: Path

    def install(self, package: str, code: str, **offered: str) -> None:
        """The package with its code, and a distribution that offers these objects as drivers."""
        (self.folder / package).mkdir()
        (self.folder / package / "__init__.py").write_text(code, encoding="utf-8")
        info = self.folder / f"{package}-1.0.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n"
        (info / "METADATA").write_text(metadata, encoding="utf-8")
        lines = [f"[{PLUG_INS}]", *(f"{name} = {package}:{at}" for name, at in offered.items())]
        (info / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def list_drivers(self, *more: str) -> tuple[list[dict[str, object]], str]:
        """What ``ketamonitor devices list`` prints with these packages, and what it logs."""
        path = os.pathsep.join(filter(None, [str(self.folder), os.environ.get("PYTHONPATH", "")]))
        words = [*PROGRAM, "devices", "list", "--json", *more]
        done = ran(words, env={**os.environ, "PYTHONPATH": path})
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def names(rows: list[dict[str, object]]) -> list[object]:
    return [row["name"] for row in rows]


OWN = [spec.name for spec in BUILT_IN]


def test_a_driver_of_another_package_is_listed_with_its_notes(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.install("acme_ketamonitor", ACME, acme="SPEC")
    rows, logged = site.list_drivers("--notes")
    assert names(rows) == [*OWN, "acme-cuff"]
    assert rows[-1]["title"] == "Acme cuff"
    assert "any cable that fits" in json.dumps(rows[-1]).lower()
    assert logged == ""


def test_plug_ins_that_cannot_be_used_are_left_out_and_logged(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.install("acme_ketamonitor", ACME, wrong="NO_ROW", taken="SPEC_TAKEN", gone="NOWHERE")
    site.install("broken_ketamonitor", "import a_package_that_is_not_there\n", broken="SPEC")
    site.install("failing_ketamonitor", "1 / 0\n", failing="SPEC")
    site.install("ending_ketamonitor", "raise SystemExit(3)\n", ending="SPEC")
    site.install("sound_ketamonitor", ACME.replace("acme-cuff", "sound-cuff"), sound="SPEC")
    rows, logged = site.list_drivers()
    assert names(rows) == [*OWN, "sound-cuff"]
    dinamap = next(row for row in rows if row["name"] == "dinamap")
    assert dinamap["title"] != "Acme cuff"
    assert "plug-in wrong is no DriverSpec" in logged
    assert "plug-in taken: the name dinamap is taken" in logged
    assert "plug-in gone cannot be loaded: AttributeError" in logged
    assert "plug-in broken cannot be loaded: ModuleNotFoundError" in logged
    assert "plug-in failing cannot be loaded: ZeroDivisionError" in logged
    assert "plug-in ending cannot be loaded: SystemExit" in logged
    assert "sound" not in logged
    assert "Traceback" not in logged


def test_a_row_that_would_fail_later_is_left_out_now(tmp_path: Path) -> None:
    site = Site(tmp_path)
    odd = {"name": "ODD_NAME", "metrics": "ODD_METRICS", "decoder": "NO_DECODER"}
    site.install("acme_ketamonitor", ACME, **odd)
    site.install("mute_ketamonitor", ACME.split('"""')[2], mute="SPEC")
    rows, logged = site.list_drivers("--notes")
    assert names(rows) == OWN
    assert "plug-in name is left out: its name must be of small letters" in logged
    assert "plug-in metrics is left out: its row or decoder cannot be used" in logged
    assert "plug-in decoder is left out: its row or decoder cannot be used" in logged
    assert "plug-in mute is left out: the notes have no Serves" in logged
    assert "Traceback" not in logged


def test_two_packages_that_offer_one_name_give_one_driver(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.install("acme_ketamonitor", ACME, acme="SPEC", again="SPEC")
    rows, logged = site.list_drivers()
    assert names(rows) == [*OWN, "acme-cuff"]
    assert "the name acme-cuff is taken" in logged
