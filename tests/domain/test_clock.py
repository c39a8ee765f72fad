"""The steady clock: it only counts, and its hour is that of the clock on the wall."""

from __future__ import annotations

import os
import sys

import pytest

from tests.processes import ran

#: A station that was started the evening before the clocks go back in Berlin (25 Oct 2026).
OVER_NIGHT = """
from datetime import UTC, datetime, timedelta
from ketamonitor.clock import SteadyClock
clock = SteadyClock()
began = clock.now()
clock._start = datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC).astimezone()
before = clock.now()
clock._start += timedelta(seconds=2)
after = clock.now()
print(before.strftime("%H:%M %z"), after.strftime("%H:%M %z"), (after - before).seconds)
"""


@pytest.mark.skipif(os.name == "nt", reason="TZ is read on POSIX systems only")
def test_after_the_end_of_summer_time_it_is_the_hour_of_the_wall_and_no_second_is_lost() -> None:
    done = ran([sys.executable, "-c", OVER_NIGHT], env={**os.environ, "TZ": "Europe/Berlin"})
    assert done.stderr == ""
    assert done.stdout.split() == ["02:59", "+0200", "02:00", "+0100", "2"]
