"""Fuzzes every decoder and keeps what is worth keeping: ``python -m tests.fuzz [--seconds N]``.

The corpus of each driver lies in ``tests/fuzz/corpus``; a script that breaks a rule is added to
it at once, so that the tests fail until the decoder is mended, and go on holding it afterwards.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

from devices.registry import BUILT_IN
from devices.spec import DriverSpec
from tests.devices.kits import Kit
from tests.fuzz.keep import worth_keeping
from tests.fuzz.target import read_corpus, script_of, write_corpus

ROOT = Path(__file__).parents[2]
LONGEST = 3000


def seeds(spec: DriverSpec) -> list[bytes]:
    """The driver's own frames, and all of them in one script."""
    module = type(spec.decoder("x")).__module__.rpartition(".")[2]
    kit: Kit = import_module(f"tests.devices.kits.{module}").KIT
    singles = [script_of([frame]) for frame in (*kit.frames, *kit.requests)]
    return [*singles, script_of([*kit.frames, *kit.frames])]


def fuzz(spec: DriverSpec, seconds: int) -> str:
    """Fuzzes one decoder; one line on what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        corpus, broken = Path(folder) / "corpus", Path(folder) / "broken"
        for place in (corpus, broken):
            place.mkdir()
        kept = read_corpus(spec.name)
        for number, script in enumerate([*kept, *seeds(spec)]):
            (corpus / f"{number}").write_bytes(script)
        options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-timeout=20"]
        found = libfuzzer(spec, [*options, f"-artifact_prefix={broken}/", str(corpus)])
        if "Done " not in found and not any(broken.iterdir()):
            return f"{spec.name:<14} STOPPED\n{found[-1500:]}"  # and what was kept stays
        faults = [file.read_bytes() for file in broken.iterdir()]
        merged = worth_keeping(spec, (file.read_bytes() for file in corpus.iterdir()))
        write_corpus(spec.name, [*merged, *faults])
    runs = next((line for line in found.splitlines() if line.startswith("Done ")), "stopped")
    fault = "" if not faults else f"  BROKEN by {faults[0].hex()}\n{found[-1500:]}"
    return f"{spec.name:<14} {runs}; {len(kept)} scripts before, {len(merged)} now{fault}"


def libfuzzer(spec: DriverSpec, options: list[str]) -> str:
    command = [sys.executable, "-m", "tests.fuzz.one", spec.name, *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="for each decoder")
    parser.add_argument("--driver", action="append", help="only these")
    args = parser.parse_args()
    chosen = [spec for spec in BUILT_IN if not args.driver or spec.name in args.driver]
    broken = False
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for line in pool.map(lambda spec: fuzz(spec, args.seconds), chosen):
            print(line, flush=True)
        return int(broken)


if __name__ == "__main__":
    raise SystemExit(main())
