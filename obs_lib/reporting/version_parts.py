"""Two versions of a model or of its prompt side by side, as a report has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from obs_lib.log_text import NAME, PLAIN, SEGMENT, marked
from obs_lib.records import Day
from obs_lib.stats.intervals import Estimate
from obs_lib.stats.two_groups import Difference


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A metric of both versions on some of their answers."""

    metric: str = field(metadata=marked(PLAIN))
    unit: str = field(metadata=marked(PLAIN))
    on: str = field(metadata=marked(PLAIN))
    """"all answers", "mix" (the part of their difference that another mix of segments makes), "same mix", "same prompts"."""
    n_a: int
    n_b: int
    """Answers of each; on the same prompts, prompts."""
    a: Estimate | None
    b: Estimate | None
    difference: Difference | None
    """Second minus first, in `unit`; None where it was not measured."""
    verdict: str = field(metadata=marked(PLAIN))
    """"differs", "unsure", "none shown", "too few"; empty of what is not tested."""
    p_adjusted: float | None
    detectable: float | None
    """The smallest difference that these answers would have shown with 80%, in `unit`."""
    note: str = field(metadata=marked(PLAIN))
    """Why there is no difference; empty where there is one."""


@dataclass(frozen=True, slots=True)
class ComparedVersions:
    """Two versions and what became of each metric."""

    by: str = field(metadata=marked(PLAIN))
    """The column that names them: "model_version" or "prompt_version"."""
    a: str = field(metadata=marked(NAME))
    b: str = field(metadata=marked(NAME))
    segment: str = field(metadata=marked(SEGMENT))
    n_a: int
    n_b: int
    days_a: Sequence[Day]
    days_b: Sequence[Day]
    """Days that have answers of each, oldest first."""
    prompts: int
    """Prompts that both answered, within the same segments."""
    false_alarms: float
    """Chance of any false difference, over all lines, if nothing differs."""
    lines: Sequence[VersionLine]

    @property
    def days(self) -> list[Day]:
        """Days that have answers of either, oldest first."""
        return sorted({*self.days_a, *self.days_b})

    @property
    def share_a_day(self) -> bool:
        """Whether some day has answers of both: else whatever changed between their days is part of the differences."""
        return not set(self.days_a).isdisjoint(self.days_b)
