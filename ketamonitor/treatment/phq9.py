"""The PHQ-9: nine questions, their sum, and the one that must be passed on to somebody."""

from __future__ import annotations

from collections.abc import Sequence

#: The questions; the instrument may be shown and copied without a licence (Kroenke, Spitzer and
#: Williams, J Gen Intern Med 2001;16:606).
QUESTIONS = (
    "Little interest or pleasure in doing things",
    "Feeling down, depressed, or hopeless",
    "Trouble falling or staying asleep, or sleeping too much",
    "Feeling tired or having little energy",
    "Poor appetite or overeating",
    "Feeling bad about yourself, or that you are a failure or have let yourself or your family"
    " down",
    "Trouble concentrating on things, such as reading the newspaper or watching television",
    "Moving or speaking so slowly that others could have noticed, or being much more restless than"
    " usual",
    "Thoughts that you would be better off dead, or of hurting yourself in some way",
)

#: What the patient is told before the first one.
ASKED = "Over the last two weeks, how often has this bothered you?"

LEVELS = {0: "not at all", 1: "several days", 2: "more than half the days", 3: "nearly every day"}

#: From this sum on the band has this name (same paper).
BANDS = ((20, "severe"), (15, "moderately severe"), (10, "moderate"), (5, "mild"), (0, "minimal"))

MOST = 27


def total(answers: Sequence[int]) -> int:
    """The sum of all nine. Raises ``ValueError`` where one is missing or off the scale: a sum of
    eight would look like a better day."""
    if len(answers) != len(QUESTIONS):
        raise ValueError(f"PHQ-9 has {len(QUESTIONS)} answers, not {len(answers)}")
    for number, answer in enumerate(answers, 1):
        if isinstance(answer, bool) or answer not in LEVELS:
            raise ValueError(f"PHQ-9 question {number} goes from 0 to 3, not {answer!r}")
    return sum(answers)


def band(score: int) -> str:
    """The name of the sum's band. Raises ``ValueError`` off the scale."""
    if not 0 <= score <= MOST:
        raise ValueError(f"PHQ-9 goes from 0 to {MOST}, not {score}")
    return next(name for least, name in BANDS if score >= least)


def to_be_told(answers: Sequence[int]) -> bool:
    """Whether the last question was answered with anything but 0: somebody must hear of it."""
    return len(answers) == len(QUESTIONS) and answers[-1] > 0
