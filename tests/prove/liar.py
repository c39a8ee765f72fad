"""A recorder that tells of one entry which it never wrote: a loss, for the count to find."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.prove.kills import Pair, _row, ledger_row, proof, run_recorder


def lying(store: Path) -> int:
    """Print an entry of another session's making behind the first, and record on."""
    said = sys.stdout.write

    def write(text: str) -> int:
        if text.startswith('{"seq": 1,'):
            entry = {**json.loads(text), "seq": 1_000_000}
            said(json.dumps(entry) + "\n")
        return said(text)

    sys.stdout.write = write  # type: ignore[method-assign, assignment]
    return run_recorder(store)


if __name__ == "__main__":
    sys.exit(0 if proof(Pair("liar", lying, ledger_row, _row), 2, 1) else 1)
