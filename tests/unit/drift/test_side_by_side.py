"""What is made of two groups: which lines there are, and one decision over all of them."""

from __future__ import annotations

import numpy as np
import pytest

from obs_lib.catalogue import all_metrics
from obs_lib.drift.options import DriftOptions
from obs_lib.drift.side_by_side import Measured, side_by_side
from obs_lib.stats.intervals import Floats
from obs_lib.stats.two_groups import Answers

OPTIONS = DriftOptions(min_share=0.0, min_relative=0.0, min_changes={"toxicity_rate": 0.0, "refusal_rate": 0.0})
SHARES = ("refusal_rate", "toxicity_rate", "hallucination_rate", "error_rate", "format_compliance")


def group(value: Floats, cells: object = 0) -> Answers:
    return Answers(value, np.ones(len(value)), None, np.broadcast_to(np.asarray(cells, np.intp), value.shape).copy())


def measured(name: str, a: Floats, b: Floats, cells: object = 0) -> Measured:
    n = min(len(a), len(b))
    return Measured(all_metrics()[name], group(a, cells), group(b, cells), (a[:n], b[:n]))


def test_each_metric_has_its_lines() -> None:
    rng = np.random.default_rng(1)
    hits = (rng.random((2, 300)) < 0.2).astype(float)
    assert [line.on for line in side_by_side([measured("refusal_rate", *hits)], OPTIONS, 0.05)] == [
        "same mix",
        "same prompts",
    ]
    apart = Measured(all_metrics()["refusal_rate"], group(hits[0], 0), group(hits[1], 1), (hits[0][:3], hits[1][:3]))
    lines = side_by_side([apart], OPTIONS, 0.05)
    assert [(line.on, line.verdict, line.note) for line in lines] == [
        ("all answers", "", ""),
        ("same mix", "too few", "they have no segment in common"),
    ]
    few = side_by_side([Measured(apart.metric, None, group(hits[0]), (hits[0][:0], hits[0][:0]))], OPTIONS, 0.05)
    assert [(line.on, line.verdict, line.note, line.n_a) for line in few] == [
        ("same mix", "too few", "needs 20 answers of each", 0)
    ]


def test_the_chance_of_any_false_difference_is_the_one_asked_for() -> None:
    """Ten tests of five metrics that do not differ, 400 times: at most 8% have any at 5%, and 1% at .1%."""
    rng = np.random.default_rng(4)
    wrong = {0.05: 0, 0.001: 0}
    for _ in range(400):
        sets = [measured(name, *(rng.random((2, 300)) < 0.15).astype(float)) for name in SHARES]
        for level in wrong:
            wrong[level] += any(line.verdict == "differs" for line in side_by_side(sets, OPTIONS, level))
    assert wrong[0.05] / 400 <= 0.08
    assert wrong[0.001] / 400 <= 0.01


def test_a_difference_too_small_to_count_is_none() -> None:
    a = np.zeros(40_000)
    a[:400] = 1
    b = np.zeros(40_000)
    b[:800] = 1
    lines = side_by_side([measured("refusal_rate", a, b)], DriftOptions(min_changes={"refusal_rate": 0.05}), 0.05)
    mix = next(line for line in lines if line.on == "same mix")
    assert mix.difference
    assert mix.difference.value == pytest.approx(0.01)
    assert (mix.verdict, mix.smallest) == ("none shown", 0.05)
    assert (mix.p_adjusted or 1) < 1e-6
