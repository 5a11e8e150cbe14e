"""Versions side by side as reports have them: those of a day, and two over any days on a page of their own."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import get_args

from obs_lib.lake.tables import INTERACTIONS, SKETCHES
from obs_lib.pipeline.shown import shown_record
from obs_lib.pipeline.versions import FALSE_ALARMS, By, SideBySide, compare_versions
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import ALL, Day
from obs_lib.reporting.version_parts import ComparedVersions, VersionLine
from obs_lib.reporting.versions_page import versions_page

_KINDS: dict[By, str] = {"model_version": "versions", "prompt_version": "prompt_versions"}
_LINE = tuple(item.name for item in fields(VersionLine))


def versions_of_day(ws: Workspace, day: Day) -> Iterator[ComparedVersions]:
    """The two commonest versions of a day, where there are two of enough answers and something of them can be compared.

    The first is the first by name, numbers in it by size, so that every day compares them in the same direction. Nothing once
    the rows of the day are gone.
    """
    counts = ws.lake.read(SKETCHES, [day], where={"kind": tuple(_KINDS.values()), "segment": (ALL,)})
    for by in get_args(By):
        of_kind = counts[(counts["kind"] == _KINDS[by]) & (counts["n"] >= ws.settings.drift.min_answers)]
        commonest = of_kind.sort_values(["n", "key"], ascending=[False, True])["key"].head(2)
        if len(commonest) < 2 or not len(ws.lake.read(INTERACTIONS, [day], ["day"])):
            continue
        first, second = sorted(map(str, commonest), key=_natural)
        found = compare_versions(ws, (first, second), [day], by=by)
        if any(line.p_adjusted is not None for line in found.lines):
            yield as_reported(found)


def page_of(ws: Workspace, found: SideBySide, false_alarms: float = FALSE_ALARMS) -> str:
    """Two versions as an HTML page, masked as the settings say."""
    return versions_page(shown_record(as_reported(found, false_alarms), ws.redactor), ws.settings.named_report)


def as_reported(found: SideBySide, false_alarms: float = FALSE_ALARMS) -> ComparedVersions:
    """The same for a report. false_alarms : those that it was found with."""
    days_a, days_b = ([dt.date.fromisoformat(day) for day in days] for days in (found.days_a, found.days_b))
    lines = [VersionLine(**{name: getattr(line, name) for name in _LINE}) for line in found.lines]
    counts = found.n_a, found.n_b, days_a, days_b, found.prompts
    return ComparedVersions(found.by, found.a, found.b, found.segment, *counts, false_alarms, lines)


def _natural(name: str) -> list[tuple[int, str]]:
    """A key that puts v9 before v10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]
