"""One decoder under the fuzzer, in a process of its own: ``python -m tests.fuzz.one DRIVER ...``.

What follows the driver's name goes to libFuzzer.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["devices"]):
    from devices.registry import driver
    from tests.fuzz.target import run


def main() -> None:
    spec = driver(sys.argv[1])
    atheris.Setup([sys.argv[0], *sys.argv[2:]], lambda data: run(spec, data) and None)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
