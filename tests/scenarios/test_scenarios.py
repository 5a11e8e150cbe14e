"""What people receive of what happens: every scenario's file, and every pair of problems."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from tests.scenarios.loader import agrees, load, row, stories, told, told_over
from tests.scenarios.play import Event, Scenario, nights, play
from tests.scenarios.world import Route


@pytest.mark.parametrize("path", stories(), ids=lambda path: path.stem)
def test_people_receive_exactly_this(path: Path) -> None:
    story = load(path)
    days = play(story.scenario)
    late, max_age_hours = story.scenario.late, story.scenario.alerts.max_age_hours
    received = told_over(nights(story.scenario), max_age_hours) if late else told(days)
    assert [
        {name: found[name] for name in expected} for expected, found in zip(story.told, received, strict=False)
    ] == [
        {name: found[name] if agrees({name: value}, found) else value for name, value in expected.items()}
        for expected, found in zip(story.told, received, strict=False)
    ]
    assert len(received) == len(story.told), received
    for expected in story.stands:
        rows = [row(expected["day"], incident) for incident in days[expected["day"] - 1]]
        assert any(agrees(expected, found) for found in rows), (expected, rows)


# Each problem as it is told alone; answers of other words change nothing else.
PROBLEMS = {
    "groundedness": {"groundedness": 0.3},
    "toxicity": {"toxicity": 0.1},
    "relevance": {"relevance": 0.35},
    "refusal": {"refusal": 0.3},
    "format": {"format": 0.25},
    "context_relevance": {"context_relevance": 0.35},
    "errors": {"errors": 0.15},
    "latency": {"slow": 2.2},
    "answers": {"words": 0.5},
}
BEGINS, LASTS = 7, 6
PAIRS = list(combinations(PROBLEMS, 2))
assert len(PAIRS) == 36


@pytest.mark.parametrize(
    "route",
    [pytest.param("docs", id="same route"), pytest.param("chat", id="another route", marks=pytest.mark.long)],
)
@pytest.mark.parametrize(("number", "first", "second"), [(n, *pair) for n, pair in enumerate(PAIRS)])
def test_no_problem_is_silent_while_another_is_open(number: int, first: str, second: str, route: str) -> None:
    """The second begins one to five days after the first, by turns."""
    begins = BEGINS + 1 + number % 5
    events = [
        Event(BEGINS, BEGINS + LASTS, "docs", PROBLEMS[first]),
        Event(begins, begins + 1, route, PROBLEMS[second]),
    ]
    received = told(play(Scenario(begins + 1, {"docs": Route(), "chat": Route()}, events)))
    assert any(found["day"] == BEGINS and found["lead"] == first for found in received), received
    (news,) = (found for found in received if found["day"] >= begins and second in found["families"])
    assert news["state"] == "NEW"
    assert news["place"] == [f"route={route}"] or "answers" in (first, second)


@pytest.mark.slow
@pytest.mark.parametrize("alike", [False, True], ids=["independent", "users of 20"])
@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in (2, 3))])
def test_a_quiet_quarter_tells_at_most_one_thing(seed: int, alike: bool) -> None:
    """Weekends of half the traffic, errors of 0.8%; answers of one user as alike as an intra-class correlation of 0.3."""
    quiet = Route(errors=0.008).changed(**({"users": 20, "icc": 0.3} if alike else {}))
    scenario = Scenario(90, {"docs": quiet, "chat": quiet}, weekend=0.5, seed=seed)
    assert len(told(play(scenario))) <= 1
