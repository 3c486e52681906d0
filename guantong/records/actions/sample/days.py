"""The days on which the story of the sample school turns, and the seed of all its chances."""

from datetime import date, timedelta
from random import Random

SEED = 54
FOUNDED = date(2012, 9, 1)
SINCE = date(2022, 1, 1)
GRADUATION = date(2022, 7, 1)
RECUT = date(2022, 9, 1)
NEXT_RECUT = date(2023, 9, 1)
TODAY = date(2023, 6, 15)
HORIZON = date(2023, 8, 1)  # plans reach up to here


def chance(*of: object) -> Random:
    """A stream of its own for each part, so that a change in one leaves the others alone."""
    return Random("/".join(map(str, (SEED, *of))))


def between(rng: Random, first: date, last: date) -> date:
    return first + timedelta(days=rng.randint(0, (last - first).days))
