"""Two groups of answers, such as those of two model versions, compared metric by metric; all comparisons decided at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from obs_lib.catalogue.distances import CHANGE
from obs_lib.drift.change import least_answers
from obs_lib.drift.decision import Decision, decide
from obs_lib.drift.options import NIGHTS_A_QUARTER, DriftOptions
from obs_lib.records import ALL, Distance, DriftVerdict, Metric
from obs_lib.stats.intervals import Estimate, Floats
from obs_lib.stats.mix import Decomposition, decompose
from obs_lib.stats.pairs import pairs_apart
from obs_lib.stats.two_groups import Answers, Difference, Kind

On = Literal["all answers", "mix", "same mix", "same prompts"]
_VERDICTS = {
    DriftVerdict.DRIFTED: "differs",
    DriftVerdict.UNSURE: "unsure",
    DriftVerdict.STABLE: "none shown",
    DriftVerdict.TOO_FEW: "too few",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric's values in both groups; None for a group without any.

    pairs : values of the first and of the second group for the same prompts, shape (prompts,) each.
    """

    metric: Metric
    a: Answers | None
    b: Answers | None
    pairs: tuple[Floats, Floats]

    @property
    def kind(self) -> Kind:
        """What becomes of the values."""
        return Kind(self.metric.unit == "share", self.metric.quantile)


@dataclass(frozen=True, slots=True)
class Line:
    """A metric of both groups, on some of their answers.

    on : "all answers"; "mix", the part of their difference that another mix of segments makes; "same mix", the part that is
    left, both weighted to the mean of their mixes; "same prompts", those that both answered within the same
    segments.
    """

    metric: str
    unit: str
    on: On
    n_a: int
    n_b: int
    """Answers of each group; on the same prompts, prompts."""
    a: Estimate | None
    b: Estimate | None
    difference: Difference | None
    """Second minus first; None where it was not measured."""
    verdict: str = ""
    """"differs", "unsure" (it would, had nothing else been looked at), "none shown" or "too few"; empty of "all answers" and
    "mix", which are not tested."""
    p_adjusted: float | None = None
    """For all tests together; None where nothing was tested."""
    smallest: float | None = None
    """The smallest difference that counts, in `unit`."""
    detectable: float | None = None
    """The smallest difference that these answers would have shown with 80%, in `unit`."""
    note: str = ""


def side_by_side(measured: Sequence[Measured], options: DriftOptions, false_alarms: float) -> list[Line]:
    """Return the lines of every metric, in order. false_alarms : chance of any, over all tests, if nothing differs; to 0.2."""
    lines = [line for one in measured for line in _lines(one, options)]
    tested = [position for position, line in enumerate(lines) if line.verdict]
    limits = options.model_copy(update={"false_alarms_a_quarter": false_alarms * NIGHTS_A_QUARTER})
    for position, decision in zip(tested, decide([_distance(lines[at]) for at in tested], limits), strict=True):
        lines[position] = _decided(lines[position], decision)
    return lines


def _lines(one: Measured, options: DriftOptions) -> Iterator[Line]:
    sizes = [0 if group is None else len(group) for group in (one.a, one.b)]
    least = least_answers(one.metric, options.min_answers)
    if one.a is None or one.b is None or min(sizes) < least:
        yield _line(one, "same mix", sizes, note=f"needs {least} answers of each")
    else:
        yield from _mixed(one, decompose(one.a, one.b, one.kind), sizes)
    first, second = one.pairs
    if one.metric.quantile is None and len(first) >= options.min_prompts:
        apart = pairs_apart(first, second, shares=one.kind.share)
        means = Estimate(float(first.mean())), Estimate(float(second.mean()))
        yield _line(one, "same prompts", [len(first), len(second)], means, apart)


def _mixed(one: Measured, found: Decomposition, sizes: list[int]) -> Iterator[Line]:
    """All answers, and what of their difference is mix; where there is one mix alone, only that."""
    if found.alike is None or found.behaviour is None or found.mix is None:
        yield _line(one, "all answers", sizes, (found.a.estimate, found.b.estimate), found.whole)
        yield _line(one, "same mix", sizes, note="they have no segment in common")
        return
    if found.mix.std_error:
        yield _line(one, "all answers", sizes, (found.a.estimate, found.b.estimate), found.whole)
        yield _line(one, "mix", sizes, (None, None), Difference(*found.mix[:4]))
    alike = found.alike[0].estimate, found.alike[1].estimate
    yield _line(one, "same mix", sizes, alike, found.behaviour)


def _line(
    one: Measured,
    on: On,
    sizes: list[int],
    levels: tuple[Estimate | None, Estimate | None] = (None, None),
    apart: Difference | None = None,
    note: str = "",
) -> Line:
    verdict = _VERDICTS[DriftVerdict.TOO_FEW] if on.startswith("same") else ""
    return Line(one.metric.name, one.metric.unit, on, sizes[0], sizes[1], *levels, apart, verdict, note=note)


def _distance(line: Line) -> Distance:
    """The difference as the nightly decision asks for it, the first group in the place of the baseline."""
    apart = line.difference
    tested = apart is not None and apart.p_value is not None
    return Distance(
        name=CHANGE + line.metric,
        segment=ALL,
        statistic=apart.value if apart else None,
        null_mean=0.0,
        null_high=None,
        p_value=apart.p_value if apart else None,
        effect=apart.value if apart and tested else None,
        unit=line.unit,
        n_baseline=line.n_a,
        n_current=line.n_b,
        baseline_days=(),
        baseline_value=line.a.value if line.a else None,
        std_error=apart.std_error if apart else None,
        freedom=apart.freedom if apart else None,
    )


def _decided(line: Line, decision: Decision) -> Line:
    return replace(
        line,
        verdict=_VERDICTS[decision.verdict],
        p_adjusted=decision.p_adjusted,
        smallest=decision.threshold,
        detectable=decision.detectable,
    )
