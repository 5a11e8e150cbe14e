"""One day out of all configured sources."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from obs_lib.records import Day
from obs_lib.sources.native import DUPLICATE, NativeSource, SourceDay
from obs_lib.sources.options import SourceOptions

if TYPE_CHECKING:
    import pandas as pd


class Source(Protocol):
    """One place that logs come from.

    days : the days that it names, oldest first.
    fingerprint : changes exactly when what `read` gives may change; "" where the source holds nothing of the day.
    read : everything of a UTC day; SourceError when that cannot be had whole.
    """

    def days(self) -> list[Day]: ...

    def fingerprint(self, day: Day) -> str: ...

    def read(self, day: Day) -> SourceDay: ...


def open_source(options: SourceOptions) -> Source:
    """The adapter for a source's format."""
    return NativeSource(options)


def known_days(sources: Sequence[SourceOptions]) -> list[Day]:
    """The days that any source names, oldest first."""
    return sorted({day for options in sources for day in open_source(options).days()})


def fingerprint_day(sources: Sequence[SourceOptions], day: Day) -> str:
    """Digest of everything that `read_day` would read; "" where no source holds anything of the day."""
    each = [open_source(options).fingerprint(day) for options in sources]
    return hashlib.sha256("\n".join(each).encode()).hexdigest()[:32] if any(each) else ""


def read_day(sources: Sequence[SourceOptions], day: Day) -> SourceDay:
    """The day's interactions and rejected lines of all sources.

    A request that several sources hold is taken from the last of them; the others' go into quarantine. With more than one
    source, files are named after their source's number, from 1: `2:2023-06-01.jsonl`.
    """
    parts = [open_source(options).read(day) for options in sources]
    if len(parts) == 1:
        return parts[0]
    return _merge(parts)


def _merge(parts: list[SourceDay]) -> SourceDay:
    import pandas as pd

    for number, part in enumerate(parts, start=1):
        part.quarantine["file"] = f"{number}:" + part.quarantine["file"]
    rows = pd.concat([part.interactions.assign(source=n) for n, part in enumerate(parts, start=1)], ignore_index=True)
    repeated = rows.duplicated("request_id", keep="last")
    lost = _as_quarantine(rows[repeated])
    quarantine = pd.concat([*(part.quarantine for part in parts), lost], ignore_index=True)
    return SourceDay(
        rows[~repeated].drop(columns="source").reset_index(drop=True),
        quarantine.astype(dict(parts[0].quarantine.dtypes)).sort_values(["file", "line"], ignore_index=True),
    )


def _as_quarantine(rows: pd.DataFrame) -> pd.DataFrame:
    """Whole interactions given up for another source's; their line is no longer known, so they are counted from 1."""
    import pandas as pd

    return pd.DataFrame(
        {
            "file": rows["source"].astype(str) + ":(request in another source too)",
            "line": rows.groupby("source").cumcount() + 1,
            "reason": DUPLICATE,
            "excerpt": rows["request_id"].str.slice(0, 200),
        }
    )
