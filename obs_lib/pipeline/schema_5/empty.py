"""What releases of schema 1 to 4 called a day of a table that has no rows.

A digest names the columns, so every set of columns that a table has had gives such days a name of its own, and nothing lies in
the table by which that could be told from a day whose rows are lost. So the names are written down.
"""

from __future__ import annotations

from collections.abc import Mapping

from obs_lib.lake.table import Table
from obs_lib.lake.tables import ALERTS, DRIFT, INTERACTIONS, LABELS, METRICS, SCORES

EMPTY: Mapping[Table, frozenset[str]] = {
    INTERACTIONS: frozenset(
        {"477875ebe219d29811932e43a02d4ff2", "885794dfc5246e84ce0ac95acd1da776", "cd2412c178fc649fe79ae1fa3bfc677a"}
    ),
    LABELS: frozenset({"a7e8d05c2d56046d358f1a704583351d"}),
    SCORES: frozenset({"8e9b3cbafaf9e590f09adad4385344a6", "a47dee3f194c408206a051056078af1d"}),
    METRICS: frozenset({"6ca0f74cad8bef75cfd1e29628979c9b"}),
    DRIFT: frozenset({"d87e587d59b02793d0524002a00b6c1e"}),
    ALERTS: frozenset({"0f2e9fbc0107cb2b8762e3f3124ca144", "d5c1238558f6c528e79444aabc0b435d"}),
}
"""Digests by table; none where the columns are still the same."""
