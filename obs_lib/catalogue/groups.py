"""System metrics by subject: each metric stands beside what measures it, and one line in the registry names the subject."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from obs_lib.records import Metric

Reads = Literal["interactions", "sessions", "tools", "repeated prompts", "gpu_samples", "spans"]
"""What a group is measured from: interactions, their sessions, their calls of tools or their repeated prompts in every
segment, GPUs, traces."""

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class MeasuredMetric(Generic[M]):
    """A metric with the function that takes it."""

    metric: Metric
    measure: M
    """Of what the group reads: `Measure` of `summaries.arrays`, `summaries.gpu_metrics` or `summaries.stage_metrics`."""


@dataclass(frozen=True, slots=True)
class MetricGroup(Generic[M]):
    """The metrics of one subject, in the order in which every table and report has them."""

    title: str
    """As a report heads them."""
    reads: Reads
    members: tuple[MeasuredMetric[M], ...]

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The definitions alone."""
        return tuple(member.metric for member in self.members)
