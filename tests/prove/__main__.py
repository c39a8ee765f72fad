"""``python -m tests.prove [--count N] [--seed N] [NAME ...]``: the long counts, a line each.

Each proof is a function of the count and the seed that prints what it counted, and gives whether
it held. Without names all of them are run; ``--list`` names them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from tests.prove import kills, others

Proof = Callable[[int, int], bool]

#: Name: what proves it. A further long count is a further row.
PROOFS: dict[str, Proof] = {**kills.PROOFS, **others.PROOFS}


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 1 where one of them did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="rounds of each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME")
    args = parser.parse_args(arguments)
    if unknown := [name for name in args.names if name not in PROOFS]:
        parser.error(f"unknown: {', '.join(unknown)} (known: {', '.join(PROOFS)})")
    if args.list:
        print("\n".join(PROOFS))
        return 0
    held = [PROOFS[name](args.count, args.seed) for name in args.names or PROOFS]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
