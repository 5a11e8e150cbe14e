"""All figures of a sentence together: its dates and times first, then the amounts in what is left."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from obs_lib.evaluators.facts.agreement import agree
from obs_lib.evaluators.facts.moments import Moment, read_moments, without_moments
from obs_lib.evaluators.facts.quantities import Quantity, read_quantities


class Figures(NamedTuple):
    """rest : the text with spaces in place of its figures, of the same length."""

    quantities: tuple[Quantity, ...]
    moments: tuple[Moment, ...]
    rest: str

    def known_to(self, others: Iterable[Figures]) -> bool:
        """Whether each figure here is said there too, in whatever unit or wording."""
        others = list(others)
        quantities = [each for other in others for each in other.quantities]
        moments = [each for other in others for each in other.moments]
        return all(any(agree(mine, theirs) for theirs in quantities) for mine in self.quantities) and all(
            any(mine.agrees(theirs) for theirs in moments) for mine in self.moments
        )


@lru_cache(maxsize=4096)
def read_figures(text: str) -> Figures:
    """The figures of a text.

    >>> one, other = read_figures("1,250,000 on July 4, 2024"), read_figures("on 2024-07-04 it was 1.25 million")
    >>> one.known_to([other]), read_figures("in 2023").known_to([other])
    (True, False)
    """
    moments = read_moments(text)
    rest = without_moments(text, moments)
    quantities = read_quantities(rest)
    for each in quantities:
        rest = rest[: each.start] + " " * (each.end - each.start) + rest[each.end :]
    return Figures(tuple(quantities), tuple(moments), rest)
