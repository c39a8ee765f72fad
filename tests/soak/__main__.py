"""Plays random courses of alarms until so many steps are done: ``python -m tests.soak``.

Every second of every course is a step, and all invariants are checked after each. The seed is
printed first. A course that breaks one is made as short as it can be, printed, and saved as a file
that ``--play FILE`` plays again.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from ketamonitor.clock import SteadyClock
from tests.domain.alarm_machine import Action, Player, begun, course

ACTIONS = 80
AT_ONCE = 4  # courses for one call of a worker
TOLD_EVERY = timedelta(seconds=30)


@dataclass(frozen=True)
class Outcome:
    """What one call of a worker came to: steps done, and the seed and fault of a broken course."""

    steps: int
    seed: int = 0
    fault: str = ""


def fault_of(actions: Sequence[Action]) -> tuple[str, Player, int]:
    """The invariant that a course breaks (empty: none), how far it got, and by which action."""
    player = begun(actions)
    for place, action in enumerate([*actions[1:], ["replay"]], 1):
        try:
            player.do(action)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            return f"{type(error).__name__}: {error}", player, place
    return "", player, len(actions)


def work(seeds: Sequence[int]) -> Outcome:
    steps = 0
    for seed in seeds:
        fault, player, _ = fault_of(course(seed, ACTIONS))
        steps += player.steps
        if fault:
            return Outcome(steps, seed, fault)
    return Outcome(steps)


def shortened(actions: Sequence[Action], fault: str) -> list[Action]:
    """As few of the actions as still break something of the same kind."""
    kind = fault.partition(":")[0]
    kept = list(actions)
    size = len(kept) // 2
    while size:
        place = 1
        while place < len(kept):
            fewer = [*kept[:place], *kept[place + size :]]
            found, _, until = fault_of(fewer)
            if found.startswith(kind):
                kept = fewer[: until + 1]
            else:
                place += size
        size //= 2
    return kept


def numbered(seed: int) -> Iterator[list[int]]:
    while True:
        yield list(range(seed, seed + AT_ONCE))
        seed += AT_ONCE


def soak(steps: int, seed: int, jobs: int, folder: Path) -> int:
    """Plays until so many steps are done. 0 = no invariant was broken."""
    clock = SteadyClock()
    began = told = clock.now()
    done, courses, batches = 0, 0, numbered(seed)
    print(f"seed {seed}: {steps} steps by {jobs} processes", flush=True)
    with ProcessPoolExecutor(jobs) as pool:
        running: set[Future[Outcome]] = {pool.submit(work, next(batches)) for _ in range(jobs)}
        while running:
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                outcome = future.result()
                done, courses = done + outcome.steps, courses + AT_ONCE
                if outcome.fault:
                    pool.shutdown(cancel_futures=True)
                    tell(outcome, folder)
                    return 1
                if done < steps:
                    running.add(pool.submit(work, next(batches)))
            if clock.now() - told > TOLD_EVERY:
                told = clock.now()
                print(f"{done} steps, {courses} courses", flush=True)
    took = (clock.now() - began).total_seconds()
    print(f"{done} steps in {courses} courses without a violation, {done / took:.0f} steps/s")
    return 0


def tell(outcome: Outcome, folder: Path) -> None:
    """Print and save the broken course, whole if it cannot be shortened."""
    actions = shortened(course(outcome.seed, ACTIONS), outcome.fault)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"alarms-{outcome.seed}.json"
    file.write_text(json.dumps(actions), encoding="utf-8")
    print(f"BROKEN by seed {outcome.seed}: {outcome.fault}")
    print(f"Shortened to {len(actions)} actions: {fault_of(actions)[0]}")
    print("\n".join(json.dumps(action) for action in actions))
    print(f"saved as {file}; play it again: python -m tests.soak --play {file}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, help="the first course's; drawn where none is given")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--out", type=Path, default=Path("out/soak"), help="for broken courses")
    parser.add_argument("--play", type=Path, metavar="FILE", help="only this course")
    args = parser.parse_args()
    if args.play:
        fault, player, place = fault_of(json.loads(args.play.read_text(encoding="utf-8")))
        print(
            f"{player.steps} steps: {fault or 'no violation'}" + (f" at {place}" if fault else "")
        )
        return int(bool(fault))
    seed = secrets.randbelow(10**9) if args.seed is None else args.seed
    return soak(args.steps, seed, args.jobs, args.out)


if __name__ == "__main__":
    raise SystemExit(main())
