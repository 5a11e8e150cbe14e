"""Self times and critical paths, against plain definitions on small traces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.summaries.traces import Trace, trace_of

Span = tuple[int, int, int]
"""start, end, position of the parent."""


def made(*spans: Span, stage: list[int] | None = None) -> Trace:
    start, end, parent = (list(column) for column in zip(*spans, strict=True))
    return trace_of(start, end, parent, stage or [0] * len(spans))


@st.composite
def traces(draw: st.DrawFn) -> list[Span]:
    """Any spans under 100 long (so that no overlap is allowed), their parents before or behind them, or in a circle."""
    n = draw(st.integers(1, 9))
    return [
        (start, start + draw(st.integers(0, 60)), draw(st.integers(-1, n - 1)))
        for start in (draw(st.integers(0, 60)) for _ in range(n))
    ]


@st.composite
def sequential(draw: st.DrawFn) -> list[Span]:
    """One root; the children of each span follow one another, with pauses."""
    spans = [(0, draw(st.integers(0, 5000)), -1)]
    at = 0
    while at < len(spans) and len(spans) < 30:
        first, last, _ = spans[at]
        cuts = sorted(draw(st.lists(st.integers(first, last), max_size=6)))
        spans += [(a, b, at) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
        at += 1
    return spans


def children(trace: Trace, at: int) -> list[int]:
    return [n for n, over in enumerate(trace.parent) if over == at]


def cells(trace: Trace, at: int) -> set[int]:
    return set(range(trace.start[at], trace.end[at]))


def running(trace: Trace) -> set[int]:
    """Moments in which a root was running."""
    return set().union(*(cells(trace, root) for root in children(trace, -1)))


@given(traces())
def test_spans_lie_within_their_parents_and_every_chain_ends_in_a_root(spans: list[Span]) -> None:
    trace = made(*spans)
    for at, over in enumerate(trace.parent):
        assert trace.start[at] <= trace.end[at]
        assert over == -1 or trace.start[over] <= trace.start[at] <= trace.end[at] <= trace.end[over]
        seen = 0
        while over >= 0:
            over, seen = trace.parent[over], seen + 1
            assert seen <= len(spans)


@given(traces())
def test_self_time_is_what_no_child_covers(spans: list[Span]) -> None:
    trace = made(*spans)
    for at in range(len(spans)):
        covered = set().union(*(cells(trace, child) for child in children(trace, at)))
        assert trace.own[at] == len(cells(trace, at) - covered)


@given(sequential())
def test_without_parallel_children_self_times_sum_to_the_roots_duration(spans: list[Span]) -> None:
    trace = made(*spans)
    assert sum(trace.own) == trace.duration
    assert trace.critical == trace.own  # one thing at a time: all of it is waited for


@given(traces())
def test_the_critical_path_takes_the_whole_trace_but_for_the_gaps_between_roots(spans: list[Span]) -> None:
    trace = made(*spans)
    gaps = trace.duration - len(running(trace))
    assert sum(trace.critical) == trace.duration - gaps
    assert sum(trace.critical) <= sum(trace.own)
    pieces = [set(range(first, last)) for _, first, last in trace.path]
    assert set().union(*pieces) == running(trace)
    assert sum(map(len, pieces)) == len(running(trace))  # no moment twice
    for at, first, last in trace.path:
        assert trace.start[at] <= first < last <= trace.end[at]
        assert trace.walked[at]


@given(traces())
def test_a_span_on_the_path_has_its_parent_on_it(spans: list[Span]) -> None:
    trace = made(*spans)
    assert all(trace.walked[over] for at, over in enumerate(trace.parent) if trace.walked[at] and over >= 0)


@given(traces())
def test_one_root_is_walked_as_the_definition_says(spans: list[Span]) -> None:
    spans = [(spans[0][0], spans[0][1], -1), *((a, b, max(over, 0)) for a, b, over in spans[1:])]
    trace = made(*spans)
    if children(trace, -1) != [0]:
        return  # spans in a circle

    def walk(at: int, until: int) -> list[tuple[int, int, int]]:
        inner = [n for n in children(trace, at) if trace.start[n] < trace.end[n] <= until]
        if not inner:
            return [(at, trace.start[at], until)]
        last = min(inner, key=lambda n: (-trace.end[n], trace.start[n], n))
        return [(at, trace.end[last], until), *walk(last, trace.end[last]), *walk(at, trace.start[last])]

    expected = sorted(piece for piece in walk(0, trace.end[0]) if piece[1] < piece[2])
    assert sorted(trace.path) == expected


@given(traces(), st.integers(-1000, 1000))
def test_only_the_distances_of_times_matter(spans: list[Span], shift: int) -> None:
    trace, moved = made(*spans), made(*((a + shift, b + shift, over) for a, b, over in spans))
    assert (moved.own, moved.critical, moved.walked) == (trace.own, trace.critical, trace.walked)


def test_of_parallel_children_the_last_is_waited_for() -> None:
    trace = made((0, 100, -1), (10, 60, 0), (10, 90, 0), (92, 98, 0))
    assert trace.own == [14, 50, 80, 6]
    assert trace.critical == [14, 0, 80, 6]
    assert trace.path == [(0, 98, 100), (3, 92, 98), (0, 90, 92), (2, 10, 90), (0, 0, 10)]


def test_a_child_that_another_did_not_wait_for_is_not_on_the_path() -> None:
    # The second began while the first was running: their parent's own doing led to it.
    assert made((0, 99, -1), (0, 60, 0), (40, 99, 0)).critical == [40, 0, 59]


@pytest.mark.parametrize(("overlap", "critical"), [(1000, [0, 49_000, 51_000]), (1001, [48_999, 0, 51_001])])
def test_consecutive_children_may_overlap_by_a_hundredth(overlap: int, critical: list[int]) -> None:
    trace = made((0, 100_000, -1), (0, 50_000, 0), (50_000 - overlap, 100_000, 0))
    assert trace.critical == [critical[0], critical[1], critical[2]]


def test_a_clock_that_is_off_is_cut_to_the_parent() -> None:
    trace = made((0, 100, -1), (-50, 20, 0), (90, 500, 0), (300, 400, 0))
    assert (trace.start, trace.end) == ([0, 0, 90, 100], [100, 20, 100, 100])
    assert trace.duration == 100
    assert trace.critical == [70, 20, 10, 0]


def test_several_roots_and_a_missing_parent_make_one_trace() -> None:
    trace = made((0, 40, -1), (30, 50, -1), (70, 100, -1))
    assert (trace.begin, trace.duration) == (0, 100)
    assert trace.critical == [30, 20, 30]  # 20 between 50 and 70 are nobody's


def test_spans_in_a_circle_are_roots_and_the_others_stay() -> None:
    trace = made((0, 10, 1), (0, 10, 0), (0, 10, 2), (0, 30, -1), (5, 10, 3))
    assert trace.parent == [-1, -1, -1, -1, 3]


def test_a_stage_within_itself_counts_once() -> None:
    trace = made((0, 9, -1), (0, 9, 0), (0, 9, 1), (0, 9, 2), stage=[0, 1, 0, 2])
    assert trace.outermost == [True, True, False, True]


def test_a_chain_of_any_depth() -> None:
    n = 30_000
    trace = made((0, 2 * n, -1), *((at, 2 * n - at, at - 1) for at in range(1, n)))
    assert sum(trace.critical) == sum(trace.own) == 2 * n
    assert all(trace.walked)
