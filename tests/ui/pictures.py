"""Draws the live page from made-up sessions into PNG files, to be looked at.

``python -m tests.ui.pictures OUTDIR [--only STATE]`` draws each state by night and by day, at two
sizes and some at 150 %, and the busiest one in grey and as three kinds of colour blindness see it.
Each scale of the screen is a process of its own: Qt takes it from the environment at its start.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication

from tests.ui.made_up import NURSE, STATES, MadeUp
from tests.ui.vision import MATRICES, seen
from ui.live_page import LivePage
from ui.theme import Theme

SIZES = ((1366, 768), (1920, 1080))
#: At 150 % a screen of 1366 x 768 has 910 x 512 logical pixels, one of 1920 x 1080 1280 x 720.
SCALED = ((910, 512), (1280, 720))
#: These are drawn at 150 %, too.
ALSO_SCALED = ("alarm", "audio-paused", "interruption")
BUSIEST = "alarm"
#: A picture of its own: nothing has come from the recorder for longer than the guard waits.
STOPPED, STOPPED_S = "stopped", 5.0


def live_page(theme: Theme, made: MadeUp, width: int = 1366, height: int = 768) -> LivePage:
    """The page showing a made-up session, drawn once."""
    page = LivePage(theme, made.clock, NURSE)
    page.resize(width, height)
    page.show_update(made.update())
    page.refresh()
    return page


def draw_all(out: Path, states: list[str], scale: float) -> list[Path]:
    """Every state in both themes; returns the files."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    theme = Theme()
    theme.install(app)
    drawn = []
    for state in states:
        made = STATES["calm" if state == STOPPED else state]()
        for width, height in SIZES if scale == 1 else SCALED:
            made.handed = 0  # each page gets the session from its start
            page = live_page(theme, made, width, height)
            if state == STOPPED:
                made.clock.advance(STOPPED_S)
                page.refresh()
            page.show()
            for night in (True, False):
                theme.set_night(night)
                app.processEvents()
                at = f"{width}x{height}" + ("" if scale == 1 else f"@{scale:g}")
                path = out / f"{state}-{'night' if night else 'day'}-{at}.png"
                picture = page.grab().toImage()
                if not picture.save(str(path)):
                    raise OSError(f"{path} could not be written")
                drawn.append(path)
                if state == BUSIEST and scale == 1 and (width, height) == SIZES[0]:
                    for kind in ("grey", *MATRICES):
                        other = path.with_stem(f"{path.stem}-{kind}")
                        seen(picture, kind).save(str(other))
                        drawn.append(other)
            page.close()
            page.deleteLater()
    return drawn


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", choices=[*STATES, STOPPED])
    parser.add_argument("--scale", type=float, help="draw at this scale only (set by the program)")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    states = [args.only] if args.only else [*STATES, STOPPED]
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if args.scale is not None:
        draw_all(args.out, [s for s in states if s in ALSO_SCALED], args.scale)
        return 0
    drawn = draw_all(args.out, states, 1)
    print(f"{len(drawn)} pictures in {args.out}")
    again = [sys.executable, "-m", "tests.ui.pictures", str(args.out), "--scale", "1.5"]
    only = ["--only", args.only] if args.only else []
    done = subprocess.run(
        [*again, *only], env={**os.environ, "QT_SCALE_FACTOR": "1.5"}, check=False
    )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
