"""Judges in a night: made from the settings, told what day it is, and made to forget."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from obs_lib.connections import Connections
from obs_lib.evaluators.judge.asking import Rates
from obs_lib.evaluators.judge.build import build_judges, ledger_of
from obs_lib.evaluators.judge.evaluator import Judge
from obs_lib.evaluators.judge.ledger import Ledger
from obs_lib.lake.lake import Lake
from obs_lib.records import Daily, Day, Evaluator, ScoreStatus
from obs_lib.redaction.redactor import Redactor
from obs_lib.settings.settings import Settings
from obs_lib.summaries.prices import price_of


def make_judges(settings: Settings, lake: Lake, connections: Connections, redactor: Redactor) -> tuple[Judge, ...]:
    """The judges that the settings name. What is sent to them is masked as what is shown is. ConfigError for a wrong one."""

    def rates(model: str) -> Rates | None:
        price = price_of(model, settings.summaries.prices)
        if price is None:
            return None
        return Rates(price.input, price.input if price.cached_input is None else price.cached_input, price.output)

    return build_judges(settings.judges, ledger(lake), connections, (redactor.shown, redactor.describe), rates)


def ledger(lake: Lake) -> Ledger:
    """Where verdicts are kept and spending is counted, for all processes that share the lake's folder of files."""
    return ledger_of(lake.files)


def models(judges: Iterable[Judge]) -> dict[str, str]:
    """The model of each score that a judge gives in a night."""
    return {one.name: one.options.model for one in judges if one.rubric.kind == "score"}


def of_day(evaluators: Iterable[Evaluator], day: Day, every_case: pd.DataFrame) -> tuple[Evaluator, ...]:
    """The evaluators, those among them that a day bounds told which day it is."""
    return tuple(one.of_day(day, every_case) if isinstance(one, Daily) else one for one in evaluators)


def standing(evaluators: Iterable[Evaluator], rows: pd.DataFrame) -> pd.DataFrame:
    """The earlier scores of a day without those that its evaluators, made by `of_day`, would not give any more."""
    for one in evaluators:
        if isinstance(one, Daily):
            mine = rows["evaluator"] == one.name
            kept = rows[mine][one.stands(rows[mine])]
            rows = rows[~mine | rows.index.isin(kept.index)]
    return rows


def unanswered(evaluators: Iterable[Evaluator], scores: pd.DataFrame) -> bool:
    """Whether a judge failed on some case. Unlike a local evaluator it may do better when asked again."""
    judges = [one.name for one in evaluators if isinstance(one, Daily)]
    return bool((scores["evaluator"].isin(judges) & (scores["status"] == ScoreStatus.FAILED.value)).any())
