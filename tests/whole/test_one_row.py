"""A new scale is one row of ``instruments.py``, a new limit one of a protocol's file.

Both are put in here as a newcomer would, and followed from the nurse's answer to the chart.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pypdf import PdfReader

from ketamonitor.library import text_of
from tests.processes import ran

#: The command, with one row more in its table before anything else is loaded.
WITH_A_ROW = """
import sys
from ketamonitor import instruments
from ketamonitor.instruments import Instrument

row = Instrument(
    "tremor", "Tremor", "hands held out", 0, 4, 4, "made up for this test",
    levels={0: "none", 2: "seen", 4: "spills"},
)
instruments.INSTRUMENTS[row.key] = row

from ui.command import main

sys.exit(main(sys.argv[1:]))
"""

LIMIT = """
[[limit]]
metric = "tremor"
op = ">="
value = 3
priority = "medium"
source = ["proposal"]
"""


def command(*words: str) -> str:
    done = ran([sys.executable, "-c", WITH_A_ROW, *words])
    assert (done.returncode, done.stderr) == (0, ""), words
    return done.stdout


def test_a_scale_is_one_row_and_a_limit_on_it_another(tmp_path: Path) -> None:
    text = text_of("iv-ketamine-40")
    asked = text.replace('rows = ["moaas", ', 'rows = ["tremor", "moaas", ')
    assert asked != text
    protocol = tmp_path / "iv-ketamine-40.toml"
    protocol.write_text(asked + LIMIT, encoding="utf-8")
    assert "can be used" in command("protocol", "check", str(protocol))
    script = tmp_path / "nurse.jsonl"
    acts = [
        {"t_s": 1, "observation": {"tremor": 2, "moaas": 5}},
        {"t_s": 10, "observation": {"tremor": 4}},
        {"t_s": 20, "end": "done"},
    ]
    script.write_text("".join(json.dumps(act) + "\n" for act in acts), encoding="utf-8")
    store = ("--store", str(tmp_path / "store.db"))
    run = ("--protocol", str(protocol), "--script", str(script), "--for", "30", "--speed", "20")
    session = command("session", "run", "--simulated", *store, *run).split()[0]
    shown = command("session", "show", session, *store)
    assert "Tremor 2/4" in shown
    assert "Tremor 4 ≥ 3  MEDIUM raised" in shown
    out = tmp_path / "out"
    command("session", "export", session, *store, "--format", "csv", "-o", str(out))
    assert "tremor_0_to_4" in out.read_text(encoding="utf-8").splitlines()[0]
    pdf = tmp_path / "chart.pdf"
    command("session", "export", session, *store, "--format", "pdf", "-o", str(pdf))
    paper = "".join(page.extract_text() for page in PdfReader(pdf).pages)
    assert "Tremor" in paper
