"""Judges in a night: made from the settings, held to the day's budget, with the ledger that all processes share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from contextlib import suppress

import pandas as pd

from obs_lib.connections import Connections
from obs_lib.evaluators.judge.asking import Rates
from obs_lib.evaluators.judge.build import build_judges, ledger_of
from obs_lib.evaluators.judge.evaluator import Judge, is_pending
from obs_lib.evaluators.judge.ledger import Ledger
from obs_lib.lake.lake import Lake
from obs_lib.lake.tables import SCORES
from obs_lib.records import BudgetedEvaluator, Day, Evaluator, ScoreStatus
from obs_lib.redaction.redactor import Redactor
from obs_lib.settings.settings import Settings
from obs_lib.summaries.confirmed import SCORE
from obs_lib.summaries.prices import price_of


def make_judges(settings: Settings, lake: Lake, connections: Connections, redactor: Redactor) -> tuple[Judge, ...]:
    """The judges that the settings name. What is sent to them is masked as what is shown is. ConfigError for a wrong one."""

    def rates(model: str) -> Rates | None:
        price = price_of(model, settings.summaries.prices)
        if price is None:
            return None
        return Rates(price.input, price.input if price.cached_input is None else price.cached_input, price.output)

    return build_judges(settings.judges, judge_ledger(lake), connections, (redactor.shown, redactor.describe), rates)


def judge_ledger(lake: Lake) -> Ledger:
    """Where verdicts are kept and spending is counted, for all processes that share the lake's folder of files."""
    return ledger_of(lake.files)


def judge_models(judges: Iterable[Judge]) -> dict[str, str]:
    """The model of each score that a judge gives in a night."""
    return {judge.name: judge.options.model for judge in judges if judge.rubric.kind == "score"}


def harm_judges(judges: Iterable[Judge]) -> list[str]:
    """The scores of judges by the rubric `toxicity` that stand beside the evaluator's, not in its place."""
    return [judge.name for judge in judges if judge.rubric.name == SCORE != judge.name]


def for_day(evaluators: Iterable[Evaluator], day: Day, all_cases: pd.DataFrame) -> tuple[Evaluator, ...]:
    """The evaluators, judges among them with the budget of that day dealt to its cases."""
    return tuple(
        evaluator.for_day(day, all_cases) if isinstance(evaluator, BudgetedEvaluator) else evaluator
        for evaluator in evaluators
    )


def begin_run(evaluators: Iterable[Evaluator]) -> None:
    """Let judges, made by `for_day`, ask in this run what failed in earlier ones. Once a run: its shards ask nothing twice."""
    for judge in _judges(evaluators):
        judge.begin_run()


def send_batches(evaluators: Iterable[Evaluator]) -> None:
    """Send what judges, made by `for_day`, ask in batches: all of them, before any is waited for."""
    for judge in _judges(evaluators):
        with suppress(Exception):  # it is tried again where the judge scores, and is then the reason in its rows
            judge.send()


def judges_last(evaluators: Iterable[Evaluator]) -> list[Evaluator]:
    """The evaluators in an order in which nothing waits for a judge that need not."""
    return sorted(evaluators, key=lambda evaluator: isinstance(evaluator, BudgetedEvaluator))


def _judges(evaluators: Iterable[Evaluator]) -> list[Judge]:
    return [evaluator for evaluator in evaluators if isinstance(evaluator, Judge)]


def still_valid(evaluators: Iterable[Evaluator], rows: pd.DataFrame) -> pd.DataFrame:
    """The earlier scores of a day without those that its judges, made by `for_day`, would not give any more."""
    for evaluator in evaluators:
        if isinstance(evaluator, BudgetedEvaluator):
            judged = rows["evaluator"] == evaluator.name
            valid = rows[judged][evaluator.still_valid(rows[judged])]
            rows = rows[~judged | rows.index.isin(valid.index)]
    return rows


def judges_failed(evaluators: Iterable[Evaluator], scores: pd.DataFrame) -> bool:
    """Whether a judge owes some case a verdict. Unlike a local evaluator it may do better when asked again."""
    judges = [evaluator.name for evaluator in evaluators if isinstance(evaluator, BudgetedEvaluator)]
    owed = (scores["status"] == ScoreStatus.FAILED.value) | scores["note"].map(is_pending).astype(bool)
    return bool((scores["evaluator"].isin(judges) & owed).any())


def waiting_days(lake: Lake, days: Iterable[Day]) -> set[Day]:
    """Those of the days some of whose scores a judge's batch is still to bring."""
    rows = lake.read_sound(SCORES, list(days), ["day", "note"], {"status": [ScoreStatus.SKIPPED.value]})
    return set(map(dt.date.fromisoformat, rows.loc[rows["note"].map(is_pending).astype(bool), "day"]))
