"""One trace: how its spans stand in each other, where its time went, and what it waited for.

Times are whole microseconds, so that sums come out exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_OVERLAP = 100  # the hundredth part of a parent that consecutive children may overlap by and still count as such


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace's spans as lists of one length, in the order in which they were given.

    parent : position of the span that each one stands in; -1 for a root.
    start, end : clipped to the parent: a child of a machine whose clock is off stays within what waited for it.
    outermost : whether the span stands in no other one of its stage.
    own : self time: the span's without that of its children; time that several of them share counts once.
    critical : the span's own time on the critical path. walked : whether the path goes through the span or its children.
    path : the critical path as (span, start, end), the latest first.
    """

    parent: list[int]
    start: list[int]
    end: list[int]
    outermost: list[bool]
    own: list[int]
    critical: list[int]
    walked: list[bool]
    path: list[tuple[int, int, int]]

    @property
    def begin(self) -> int:
        """The start of the earliest span."""
        return min(self.start)

    @property
    def duration(self) -> int:
        """From the earliest start to the latest end."""
        return max(self.end) - min(self.start)


def trace_of(start: Sequence[int], end: Sequence[int], parent: Sequence[int], stage: Sequence[int]) -> Trace:
    """Measure one trace of at least one span.

    Parameters
    ----------
    start, end : of each span, end not before start.
    parent : position of each span's parent; -1 where it has none or where it was not logged.
    stage : a number from 0 on for each stage.

    Spans whose parents go round in a circle are roots.

    The critical path is walked back from the end of the root: at each point it goes to the child that finished last
    before it, and what no child fills is the span's own. Consecutive children may overlap by a hundredth of their parent,
    as clocks and rounding have it. Of several roots the walk follows, at each point, the one that ended last and had
    begun before it, cut there. So the path takes the trace's whole time but for the gaps in which no root was running.

    References
    ----------
    Zhang et al. (2022), CRISP: Critical Path Analysis of Large-Scale Microservice Architectures, USENIX ATC; Jaeger's critical
    path. Both know one root only; Jaeger allows no overlap.
    """
    low, high, above = list(start), list(end), list(parent)
    inside: list[list[int]] = [[] for _ in low]
    roots: list[int] = []
    for at, over in enumerate(above):
        (inside[over] if over >= 0 else roots).append(at)
    order = list(roots)
    outermost = [True] * len(low)
    stages = [1 << number for number in stage]  # of the span and all that it stands in
    for at in order:  # grows while it is gone through: parents before their children
        first, last, known = low[at], high[at], stages[at]
        for child in inside[at]:
            low[child] = min(max(low[child], first), last)
            high[child] = min(max(high[child], first), last)
            outermost[child] = not known & stages[child]
            stages[child] |= known
        order += inside[at]
    if len(order) < len(low):
        reached = set(order)
        return trace_of(start, end, [over if at in reached else -1 for at, over in enumerate(parent)], stage)
    for children in inside:
        children.sort(key=low.__getitem__)
    own = [high[at] - low[at] - _covered(inside[at], low, high) for at in range(len(low))]
    path, walked = _walk(sorted(roots, key=low.__getitem__), inside, low, high)
    critical = [0] * len(low)
    for at, begun, ended in path:
        critical[at] += ended - begun
    return Trace(above, low, high, outermost, own, critical, walked, path)


def _covered(children: list[int], low: list[int], high: list[int]) -> int:
    """Length of the union of the children, which come by their start."""
    total, until = 0, low[children[0]] if children else 0
    for child in children:
        if high[child] > until:
            total += high[child] - max(low[child], until)
            until = high[child]
    return total


def _walk(
    roots: list[int], inside: list[list[int]], low: list[int], high: list[int]
) -> tuple[list[tuple[int, int, int]], list[bool]]:
    """The critical path and the spans that it enters; roots and children come by their start."""
    path: list[tuple[int, int, int]] = []
    walked = [False] * len(low)
    todo: list[tuple[int, int]] = []  # spans and the moments from which they are walked back
    until = max(high[root] for root in roots)
    for root in sorted(roots, key=high.__getitem__, reverse=True):
        if low[root] < until:
            todo.append((root, min(high[root], until)))
            until = low[root]
    while todo:
        at, until = todo.pop()
        walked[at] = True
        allowed = until + (high[at] - low[at]) // _OVERLAP
        last = until
        for child in sorted(inside[at], key=high.__getitem__, reverse=True) if inside[at] else ():
            ended = min(high[child], last)
            if low[child] < until and ended <= allowed and low[child] < ended:
                ended = min(ended, until)
                if ended < until:
                    path.append((at, ended, until))
                todo.append((child, ended))
                until = low[child]
                allowed = until + (high[at] - low[at]) // _OVERLAP
        if low[at] < until:
            path.append((at, low[at], until))
    path.sort(key=lambda piece: (-piece[2], -piece[1]))
    return path, walked
