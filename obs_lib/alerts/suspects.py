"""What else is otherwise on the day on which an incident begins: suspects, likeliest first, each with its evidence.

A version first seen that day; an evaluator that moved; a stage that began to fail or slow down; a share of traffic that moved;
longer prompts; a change in how the logs are written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from obs_lib.alerts.evaluators import Moved
from obs_lib.alerts.place import Place, within
from obs_lib.records import ALL, STAGE_SEGMENTS, Signal, Suspect

_NEW_SHARE = 0.02  # of a segment's interactions that a version has on its first day, below which it explains nothing
_MOVED_SHARE = 0.15  # by which a segment's part of the traffic moved
_LONGER = 1.3  # times the tokens of a prompt in the baseline

Counts = Mapping[tuple[str, str, str], int]
"""Interactions by (segment, field, value), such as ("route=docs", "model_version", "m-2")."""


@dataclass(frozen=True)
class Traffic:
    """Who and what was asked on a day, beside how well."""

    versions: Counts = field(default_factory=dict)
    requests: Mapping[str, float] = field(default_factory=dict)
    """Interactions by segment."""
    prompt_tokens: Mapping[str, float] = field(default_factory=dict)
    """Mean input tokens of a request, by segment."""
    writing: Mapping[str, int] = field(default_factory=dict)
    """How many interactions each rule repaired, and how many lines were rejected for each reason."""


def suspects(today: Traffic, window: Sequence[Traffic], signals: Sequence[Signal], moved: Moved) -> tuple[Suspect, ...]:
    """The suspects of a day, likeliest first; none where no baseline day is known."""
    if not window:
        return ()
    return (
        *_new_versions(today, window),
        *_moved_evaluators(moved),
        *_stages(signals),
        *_traffic(today, window),
        *_longer(today, window),
        *_writing(today, window),
    )


def suspected(suspect: Suspect, place: Place) -> bool:
    """Whether a suspect lies where a cause does; a stage must be part of it."""
    return suspect.segment in place if suspect.kind == "stage" else within(suspect.segment, place)


def _new_versions(today: Traffic, window: Sequence[Traffic]) -> Iterator[Suspect]:
    known = {key for day in window for key in day.versions}
    # Once for the narrowest segment: what is new in a route is new in the whole.
    routes = {segment for day in window for segment in day.requests}
    # In a segment that is new itself, a version that others had is none.
    fresh = {
        key: n
        for key, n in today.versions.items()
        if key not in known and (key[0] in routes or (ALL, *key[1:]) not in known)
    }
    for (segment, name, value), n in sorted(fresh.items(), key=lambda item: (item[0][0] == ALL, item[0])):
        total = today.requests.get(segment, 0)
        inside = any(s != ALL and (f, v) == (name, value) for s, f, v in fresh)
        if total and n >= _NEW_SHARE * total and not (segment == ALL and inside):
            yield Suspect(
                "version", segment, f"{name.replace('_', ' ')} {value} first seen: {n / total:.0%} of {n_of(total)}"
            )


def _moved_evaluators(moved: Moved) -> Iterator[Suspect]:
    for name in sorted(moved.evaluators):
        yield Suspect("evaluator", ALL, f"the evaluator {name} itself moved")


def _stages(signals: Sequence[Signal]) -> Iterator[Suspect]:
    """Those that fail before those that are slow: a stage that waits for what fails is slow too."""
    for signal in sorted(signals, key=lambda signal: signal.metric != "stage_error_rate"):
        if signal.segment in STAGE_SEGMENTS and signal.value is not None:
            stage = signal.segment.partition("=")[2]
            if signal.metric == "stage_error_rate":
                before = "" if signal.baseline is None else f", {signal.baseline:.0%} before"
                yield Suspect("stage", signal.segment, f"stage {stage} fails in {signal.value:.0%} of its runs{before}")
            elif signal.baseline:
                yield Suspect(
                    "stage", signal.segment, f"stage {stage} takes {signal.value / signal.baseline:.1f} times as long"
                )


def _traffic(today: Traffic, window: Sequence[Traffic]) -> Iterator[Suspect]:
    whole = today.requests.get(ALL)
    for segment, n in sorted(today.requests.items()):
        past = [day.requests.get(segment, 0.0) / day.requests[ALL] for day in window if day.requests.get(ALL)]
        if segment == ALL or not whole or not past:
            continue
        now, before = n / whole, fmean(past)
        if abs(now - before) >= _MOVED_SHARE:
            yield Suspect("traffic", segment, f"{segment} has {now:.0%} of the requests, {before:.0%} before")


def _longer(today: Traffic, window: Sequence[Traffic]) -> Iterator[Suspect]:
    for segment, tokens in sorted(today.prompt_tokens.items()):
        past = [day.prompt_tokens[segment] for day in window if day.prompt_tokens.get(segment)]
        if past and tokens >= _LONGER * fmean(past):
            yield Suspect("prompts", segment, f"prompts have {tokens / fmean(past):.1f} times as many tokens")


def _writing(today: Traffic, window: Sequence[Traffic]) -> Iterator[Suspect]:
    known = {rule for day in window for rule in day.writing}
    for rule, n in sorted(today.writing.items(), key=lambda item: (-item[1], item[0])):
        if rule not in known:
            yield Suspect("logs", ALL, f"logs are written otherwise: {rule} ({n:,})")


def n_of(requests: float) -> str:
    """A number of requests in words."""
    return f"{requests:,.0f} requests"
