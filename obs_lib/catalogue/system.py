"""System metrics: what requests, GPUs and the stages of traces say, in groups that stand in one registry.

A group is declared in the file that measures it (summaries/), which the registry names by `module:object` and imports when
a function here is first asked: this room itself imports no stage.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from obs_lib.catalogue import bundled
from obs_lib.catalogue.groups import MetricGroup, Reads
from obs_lib.catalogue.registry import Registry, kept
from obs_lib.errors import ExtensionError
from obs_lib.extensions import Extension
from obs_lib.records import Metric

_OF_REQUESTS = frozenset({"interactions", "sessions", "tools", "repeated prompts"})


def _group(extension: Extension, thing: object, known: Mapping[str, MetricGroup[Any]]) -> MetricGroup[Any]:
    if not isinstance(thing, MetricGroup):
        raise ExtensionError(
            f"{extension.name!r} is no group of metrics",
            rule="a catalogue.groups.MetricGroup",
            found=type(thing).__name__,
            where=extension.target,
        )
    names = {metric.name for group in known.values() for metric in group.metrics}
    if taken := sorted(names & {metric.name for metric in thing.metrics}):
        raise ExtensionError(
            f"{extension.name!r} has metrics whose names are taken",
            rule="a name of its own",
            found=", ".join(taken),
            where=extension.target,
        )
    return thing


GROUPS: Registry[MetricGroup[Any]] = Registry(bundled.SYSTEM, None, _group)


def groups(reads: Reads) -> tuple[MetricGroup[Any], ...]:
    """The groups that are measured from a table of the lake, in the order in which every table and report has them."""
    return tuple(group for group in GROUPS.entries().values() if group.reads == reads)


def request_groups() -> tuple[MetricGroup[Any], ...]:
    """The groups of `all` and of the segments by tag; those of sessions, tools and repeated prompts on days that have any."""
    return tuple(group for group in GROUPS.entries().values() if group.reads in _OF_REQUESTS)


@kept(lambda: GROUPS)
def system() -> tuple[Metric, ...]:
    """Metrics of requests, their sessions, calls of tools and repeated prompts, of `all` and of the segments by tag."""
    return tuple(metric for group in request_groups() for metric in group.metrics)


@kept(lambda: GROUPS)
def gpu() -> tuple[Metric, ...]:
    """Metrics of GPUs, of `all` and the segments `gpu=<host>/<index>`, on days with samples only."""
    return tuple(metric for group in groups("gpu_samples") for metric in group.metrics)


@kept(lambda: GROUPS)
def stages() -> tuple[Metric, ...]:
    """Metrics of the stages of traces, of the segments `records.STAGE_SEGMENTS` alone; no other metric has those."""
    return tuple(metric for group in groups("spans") for metric in group.metrics)
