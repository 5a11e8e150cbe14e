"""Whether two lakes hold the same results: `python tools/compare_lakes.py LAKE LAKE [TABLE ...]`.

Compares the digest of every table and day, taken anew of the rows themselves; by default what is measured and decided, not
what is said of it (reports) nor when (operations). Of a lake of an older schema compare a copy after `obs maintain --migrate`.
Ends with 1 where anything differs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from obs_lib.lake.digests import digest_of_rows
from obs_lib.lake.lake import Lake
from obs_lib.lake.options import LakeOptions
from obs_lib.lake.rows import rows_of
from obs_lib.lake.table import Table
from obs_lib.lake.tables import TABLES
from obs_lib.records import Day

MEASURED = ("interactions", "spans", "labels", "scores", "embeddings", "anchors", "metrics", "sketches", "drift")


def main(arguments: list[str]) -> int:
    if len(arguments) < 2:
        print(__doc__)
        return 2
    lakes = [Lake(LakeOptions(root=root)) for root in arguments[:2]]
    names = arguments[2:] or MEASURED
    unequal = 0
    for table in (table for table in TABLES if table.name in names):
        left, right = (digests(lake, table) for lake in lakes)
        different = sorted(day for day in left.keys() | right.keys() if left.get(day) != right.get(day))
        unequal += len(different)
        days = f"; different: {', '.join(map(str, different))}" if different else ""
        print(f"{table.name:<14} {len(left.keys() | right.keys()) - len(different):>4} days equal{days}")
    return 1 if unequal else 0


def digests(lake: Lake, table: Table) -> dict[Day, str]:
    """The digest of each of the table's days that has a row."""
    return {day: digest for day in days(lake) if (digest := _digest(lake, table, day)) is not None}


def days(lake: Lake) -> Iterable[Day]:
    """The days that the lake knows, oldest first."""
    return sorted({record.day for record in lake.records()})


def _digest(lake: Lake, table: Table, day: Day) -> str | None:
    rows = lake.rows(table, [day]).to_pandas()
    return digest_of_rows(rows_of(table, day, rows)) if len(rows) else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
