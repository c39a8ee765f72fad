"""All benchmarks: ``python -m tests.bench [--smoke] [NAME ...]``; ``--ratios [--json]`` for the
ratios that this project promises, one line each, exit status 1 where one missed its target.

The smoke run only shows that they run.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from importlib import import_module

from tests.bench.ratios import PROMISES, tell


@dataclass(frozen=True)
class Bench:
    """A module of this folder with a ``main``, and what it is given in a smoke run and in full."""

    module: str
    smoke: tuple[float, ...] = ()
    full: tuple[float, ...] = ()

    def run(self, smoke: bool) -> None:
        # Imported late: Qt looks at the environment when it is loaded.
        import_module(f"tests.bench.{self.module}").main(*(self.smoke if smoke else self.full))


BENCHES = {
    "wire to screen": Bench("wire_to_screen", (100, 1, 600)),
    "alarm latency": Bench("alarm_latency", (10, 2.0)),
    "store": Bench("bench_store", (20, 100), (1000, 500)),
    "black box": Bench("bench_black_box", (0.1,)),
    "alarm review": Bench("alarm_review", (0.1,)),
    "treatment": Bench("treatment", (12, 200)),
    "monitors": Bench("monitors", (3.0, 0.5)),
    "reconnect": Bench("reconnect", (1,)),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these (default: all)")
    parser.add_argument("--smoke", action="store_true", help="short: figures mean little")
    parser.add_argument("--ratios", action="store_true", help="the promised ratios")
    parser.add_argument("--json", action="store_true", help="with --ratios: a JSON object a line")
    args = parser.parse_args()
    known = [one.name for one in PROMISES] if args.ratios else list(BENCHES)
    if unknown := [name for name in args.names if name not in known]:
        parser.error(f"no {', '.join(unknown)}; there are: {', '.join(known)}")
    if args.json and not args.ratios:
        parser.error("--json goes with --ratios")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    wanted = set(args.names or known)
    if args.ratios:
        return tell((one for one in PROMISES if one.name in wanted), args.smoke, args.json)
    for name, bench in BENCHES.items():
        if name in wanted:
            print(f"-- {name}", flush=True)
            bench.run(args.smoke)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
