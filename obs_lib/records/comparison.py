"""How a day stands against its baseline days, and whether its evaluators are theirs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from obs_lib.records.logs import Day


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a day stands from its baseline, and what chance alone would give. Measuring only: knows no threshold."""

    name: str
    """One of `catalogue.distances.DISTANCES`, `change:<metric>`, or `token_adjusted:<metric>`."""
    segment: str
    statistic: float | None
    """The distance itself, in `unit`; None when it could not be measured (note says why)."""
    null_mean: float | None
    """Mean of the statistic if nothing had changed; None if unknown."""
    null_high: float | None
    """95% quantile of the statistic if nothing had changed (of a change, 97.5%); None if unknown."""
    p_value: float | None
    """Chance of a statistic at least this extreme if nothing had changed, in (0, 1]; None if unknown."""
    effect: float | None
    """The size that a reader judges, in `unit`: today minus baseline for a change, statistic minus null mean for a distance;
    None when it could not be measured."""
    unit: str
    n_baseline: int
    """Observations of the baseline: pairs of a prompt and a day, tokens, or interactions."""
    n_current: int
    """Observations of today: prompts, tokens, or interactions."""
    baseline_days: tuple[Day, ...]
    """The days that were ready and used."""
    baseline_value: float | None = None
    """What the baseline shows, for a change; None for distances."""
    nights: int = 1
    """How many last nights together are held against the baseline; of a change the number that tells most."""
    std_error: float | None = None
    """Of a change, that of `effect` if nothing had changed, in `unit`; None for distances and where unknown."""
    freedom: float | None = None
    """Degrees of freedom with which that is known; None where it is."""
    note: str = ""


class DriftVerdict(StrEnum):
    """What the decision makes of a distance, seeing all distances of the day at once.

    UNSURE: it would be DRIFTED if nothing else had been looked at; among all that was, chance may have made it.
    EXPLAINED: the metric changed, and the length of prompts and answers says why (at equal tokens it is STABLE).
    """

    STABLE = "STABLE"
    DRIFTED = "DRIFTED"
    UNSURE = "UNSURE"
    EXPLAINED = "EXPLAINED"
    TOO_FEW = "TOO_FEW"


class EvaluatorVerdict(StrEnum):
    """SAME: as on every baseline day. MIXED: some baseline days were scored otherwise and are left out. MOVED: so many were
    that the others do not make a baseline.
    """

    SAME = "SAME"
    MIXED = "MIXED"
    MOVED = "MOVED"


@dataclass(frozen=True, slots=True)
class EvaluatorChange:
    """One evaluator of a day against the baseline days, by its version and its scores on the anchors."""

    evaluator: str
    version: str
    verdict: EvaluatorVerdict
    away: tuple[Day, ...] = ()
    """Baseline days that are not comparable, oldest first."""
    comparable: int = 0
    """How many other baseline days there are."""
    reason: str = ""
    """`version` or `scores`, of the latest day away; empty for none."""
    anchors: int = 0
    """How many anchors both days scored."""
    moved: int = 0
    """How many of them stand beyond the band."""
    largest: float | None = None
    """The largest difference, in score units; None where a score came or went, and where nothing is away."""
    worst: str = ""
    """The anchor with it; empty where nothing is away."""
    before: str = ""
    """The version of the latest day away; empty for none."""
