"""Where a change lies: the smallest set of segments that explains the whole, and how much of it is mix.

Segments of one dimension (`route=a`, `route=b`) share no interaction; segments of two dimensions may. A stage of the traces
(`stage=retrieval`) slices time, not interactions: it says what failed, not where.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from obs_lib.records import ALL, STAGE_SEGMENTS

MOST_UNEXPLAINED = 0.4  # part of the change of the segments that explain it, that the others may show
_COVERED = 0.8  # part of the interactions that segments must hold to be decomposed

Place = frozenset[str]
"""Segments in which something is otherwise; `{ALL}` for the whole. Never empty."""

EVERYWHERE: Place = frozenset({ALL})


@dataclass(frozen=True, slots=True)
class Level:
    """One metric in one segment, today and in the baseline."""

    value: float
    """Today's."""
    baseline: float
    """Mean of the baseline days."""
    n: int
    """Interactions today."""
    n_baseline: int
    """Interactions of the baseline days together."""


@dataclass(frozen=True, slots=True)
class Decomposition:
    """The change of a whole over the segments of one dimension, which add up to it as far as they cover it."""

    mix: float
    """What it would have changed by if every segment had stayed as it was and only their shares had moved; metric's unit."""
    behaviour: float
    """What it changed by because segments behave otherwise, at today's shares; metric's unit."""


def dimension(segment: str) -> str | None:
    """What a segment is a value of: `route` of `route=docs`; None of the whole.

    >>> dimension("route=a=b"), dimension("all")
    ('route', None)
    """
    name, separator, _ = segment.partition("=")
    return name if separator else None


def overlap(one: Place, other: Place) -> bool:
    """Whether two places may share an interaction.

    >>> overlap(frozenset({"route=a"}), frozenset({"route=b"})), overlap(frozenset({"route=a"}), EVERYWHERE)
    (False, True)
    """
    if ALL in one or ALL in other or one & other:
        return True
    mine, theirs = ({dimension(s) for s in place if s not in STAGE_SEGMENTS} for place in (one, other))
    return not mine & theirs


def within(segment: str | None, place: Place) -> bool:
    """Whether a segment may share an interaction with a place; None is the whole.

    >>> within("route=a", frozenset({"route=b"})), within(None, frozenset({"route=b"}))
    (False, True)
    """
    return overlap(frozenset({segment or ALL}), place)


def place_of(signalling: Iterable[str], levels: Mapping[str, Level]) -> Place:
    """The smallest set of segments that explains a metric's change.

    signalling : segments in which the change is a signal, at least one. levels : the metric by segment, signal or not.
    Stages that signal are part of the place beside the interactions'. Where every segment of a dimension changed, or none
    explains the whole, the place is the whole.
    """
    changed = frozenset(signalling)
    stages = changed & frozenset(STAGE_SEGMENTS)
    of_requests = changed - stages
    parts = of_requests - {ALL}
    names = {name for segment in levels if (name := dimension(segment)) is not None} - {"stage"}
    candidates = [_smallest(name, parts, levels) for name in sorted(names)]
    explained = [place for place in candidates if place is not None]
    if explained:
        return min(explained, key=lambda place: (len(place), sorted(place))) | stages
    if not of_requests:
        return stages
    return (EVERYWHERE if ALL in of_requests or (len(parts) > 1 and _all_of_one(parts, levels)) else parts) | stages


def decompose(whole: Level, parts: Iterable[Level]) -> Decomposition | None:
    """Mix and behaviour of a whole's change over the segments of one dimension; None where they do not cover it.

    With shares w and levels m, before 0 and today 1: mix = sum (w1 - w0) m0, behaviour = sum w1 (m1 - m0).
    """
    listed = list(parts)
    if not listed or not whole.n or not whole.n_baseline:
        return None
    now, before = sum(part.n for part in listed), sum(part.n_baseline for part in listed)
    if now < _COVERED * whole.n or before < _COVERED * whole.n_baseline:
        return None
    shares = [(part.n / now, part.n_baseline / before) for part in listed]
    mix = sum((today - then) * part.baseline for part, (today, then) in zip(listed, shares, strict=True))
    behaviour = sum(today * (part.value - part.baseline) for part, (today, _) in zip(listed, shares, strict=True))
    return Decomposition(mix, behaviour)


def _smallest(name: str, parts: Place, levels: Mapping[str, Level]) -> Place | None:
    """The segments of a dimension that changed, where the others did not; None where they did, or there are none."""
    members = {segment: level for segment, level in levels.items() if dimension(segment) == name}
    chosen = parts & members.keys()
    others = members.keys() - chosen
    if not chosen or not others:
        return None
    changed, left = (_mean_effect([members[segment] for segment in group]) for group in (chosen, others))
    # Small segments show no signal of their own, and move all the same where the cause lies above them.
    return None if changed and left / changed > MOST_UNEXPLAINED else frozenset(chosen)


def _mean_effect(levels: Collection[Level]) -> float:
    """Mean change over segments, each weighing as its interactions."""
    return sum(level.n * (level.value - level.baseline) for level in levels) / max(sum(level.n for level in levels), 1)


def _all_of_one(parts: Place, levels: Mapping[str, Level]) -> bool:
    """Whether the segments are every segment of some dimension."""
    names = {dimension(segment) for segment in parts}
    return any({s for s in levels if dimension(s) == name} <= parts for name in names)
