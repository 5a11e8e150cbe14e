"""`obs drift compare`: days against other days. Reads the lake, changes nothing."""

from __future__ import annotations

from typing import Annotated

import typer

from obs_lib.cli.console import Config, Json, day_of, say
from obs_lib.cli.printing import print_frame
from obs_lib.pipeline.distributions import compare_distributions
from obs_lib.pipeline.night import days_between
from obs_lib.pipeline.ranges import FALSE_ALARMS, compare_ranges
from obs_lib.pipeline.workspace import open_workspace
from obs_lib.records import Day

app = typer.Typer()
drift = typer.Typer(no_args_is_help=True)
app.add_typer(drift, name="drift", help="Days against other days.")

_SHOWN = [
    "name",
    "segment",
    "verdict",
    "effect",
    "baseline_value",
    "p_adjusted",
    "detectable",
    "n_baseline",
    "n_current",
]
_ORDER = ["DRIFTED", "UNSURE", "EXPLAINED", "STABLE", "TOO_FEW"]


@drift.command()
def compare(
    baseline: Annotated[str, typer.Option(metavar="DAYS", help="Days compared with: DAY, or FIRST..LAST.")],
    current: Annotated[str, typer.Option(metavar="DAYS", help="Days compared: DAY, or FIRST..LAST.")],
    false_alarms: Annotated[
        float, typer.Option(min=0.0001, max=0.2, help="Chance of any false alarm, over all rows.")
    ] = FALSE_ALARMS,
    distributions: Annotated[
        bool, typer.Option("--distributions", help="Compare whole distributions of columns instead.")
    ] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Hold the metrics of one range of days against those of another.

    Effects are the mean of the current days minus that of the baseline's, in the metric's unit. Verdicts are those of nights,
    with the chance of a false alarm over all rows together; what is DRIFTED comes first.

    With --distributions tokens, times, costs, scores, versions and languages by Kolmogorov-Smirnov, Wasserstein, PSI,
    Jensen-Shannon and chi-squared (Cramer's V), beside what they are between the baseline's own days; without a verdict.
    """
    ws, days = open_workspace(config), (_days(baseline), _days(current))
    if distributions:
        print_frame(compare_distributions(ws, *days), as_json=json)
        return
    rows = compare_ranges(ws, *days, false_alarms)
    rows = rows.sort_values("verdict", key=lambda verdict: verdict.map(_ORDER.index), kind="stable", ignore_index=True)
    if json:
        print_frame(rows, as_json=True)
        return
    measured = rows[rows["verdict"] != "TOO_FEW"]
    if len(measured):
        print_frame(measured[_SHOWN], as_json=False)
    say(
        f"{len(measured)} comparisons; {len(rows) - len(measured)} of too few days or answers, in --json with the reason"
    )


def _days(text: str) -> list[Day]:
    first, _, last = text.partition("..")
    return days_between(day_of(first), day_of(last or first))
