"""All benchmarks: ``python -m tests.bench [--smoke]``; the smoke run only shows that they run."""

from __future__ import annotations

import argparse
import os

from tests.bench import alarm_review, bench_black_box, bench_store, monitors, reconnect, treatment


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="short: figures mean little")
    args = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    # Imported late: Qt looks at the environment when it is loaded.
    from tests.bench import alarm_latency, wire_to_screen

    print("-- wire to screen", flush=True)
    if args.smoke:
        wire_to_screen.main(rounds=100, hours=1, records=600)
    else:
        wire_to_screen.main()
    print("-- alarm latency", flush=True)
    alarm_latency.main(*((10, 2.0) if args.smoke else (200, 10.0)))
    print("-- store", flush=True)
    bench_store.main(*((20, 100) if args.smoke else (1000, 500)))
    print("-- black box", flush=True)
    bench_black_box.main(*((0.1,) if args.smoke else ()))
    print("-- alarm review", flush=True)
    alarm_review.main(*((0.1,) if args.smoke else ()))
    print("-- treatment", flush=True)
    treatment.main(*((12, 200) if args.smoke else ()))
    print("-- monitors", flush=True)
    monitors.main(*((3.0, 0.5) if args.smoke else (30.0, 8.0)))
    print("-- reconnect", flush=True)
    reconnect.main(1 if args.smoke else 200)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
