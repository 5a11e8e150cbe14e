"""What an evaluator that is not the one of the baseline days does to alerts: it is told by itself, and takes no part in others.

Its metrics have no baseline (`drift.evaluator_change`), so they are no signal of a change in the model. A new breach of an
objective is news only against days that the same evaluator scored.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from obs_lib.alerts.conditions import Condition, number
from obs_lib.records import ALL, Severity

MOVED = "MOVED"


@dataclass(frozen=True)
class Moved:
    """away : by evaluator, the baseline days (ISO text) that it scored otherwise. rows : the evaluators without a baseline."""

    away: Mapping[str, frozenset[str]] = field(default_factory=dict)
    rows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def comparable(self, evaluator: str | None, day: object) -> bool:
        """Whether a day's metrics of an evaluator can stand beside today's."""
        return str(day) not in self.away.get(evaluator or "", ())


def evaluators_moved(rows: pd.DataFrame | None) -> Moved:
    """Read the day's rows of `evaluator_changes`; None or none: every evaluator is the same."""
    if rows is None:
        return Moved()
    found = {str(row["evaluator"]): {str(k): v for k, v in row.items()} for row in rows.to_dict("records")}
    away = {name: frozenset(json.loads(row["away"])) for name, row in found.items()}
    return Moved(
        {name: days for name, days in away.items() if days},
        {name: row for name, row in found.items() if row["verdict"] == MOVED},
    )


def moved_conditions(moved: Moved) -> Iterator[Condition]:
    """Yield a data condition for each evaluator without a baseline: somebody should know, nobody need be woken."""
    for name, row in sorted(moved.rows.items()):
        far = number(row["largest"])
        what = (
            f"version {row['before']} became {row['version']}"
            if row["reason"] == "version"
            else f"the same version scores {row['moved']} of {row['anchors']} anchors otherwise"
        )
        fact = {
            "metric": f"{name} on the anchors, largest difference",
            "value": far,
            "unit": "probability",
            "n": int(row["anchors"]),
            "note": f"{what}; {len(json.loads(row['away']))} baseline days are not comparable"[:300],
        }
        title = f"The evaluator {name} itself moved"
        yield Condition("data", ALL, f"evaluator:{name}", Severity.P2, title, 1.0, (fact,))
