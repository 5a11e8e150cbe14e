"""Local first, the judge where the local evaluator is unsure, and now and then where it is sure.

Where it is unsure the judge's value stands. Where it is sure its own does; of these answers some are drawn at random and judged
as well, so that what the judge would say of all can be estimated (`summaries/cascades.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from obs_lib.catalogue.judged import CASCADE
from obs_lib.digests import digest_of
from obs_lib.errors import ConfigError
from obs_lib.evaluators.judge.evaluator import Judge
from obs_lib.evaluators.judge.options import CascadeOptions
from obs_lib.evaluators.outcomes import Outcome, cases, scored, to_frame
from obs_lib.records import Day, Evaluator, ScoreStatus, Vectors

_SCORED = ScoreStatus.SCORED.value


class _Row(NamedTuple):
    """One row of an evaluator's answer."""

    status: str
    value: float | None
    note: str
    evidence: str | None

    @property
    def outcome(self) -> Outcome:
        return Outcome(ScoreStatus(self.status), self.value, self.note, self.evidence)


class Cascade:
    """Implements `records.Evaluator` and `records.BudgetedEvaluator`. The value is in [0, 1].

    Evidence of an answer that both judged holds `cascade`: the local value, the judge's, and the probability with which the
    judge was asked (1 where the local evaluator was unsure). `cost_usd` is as of `Judge`.
    """

    def __init__(self, local: Evaluator, judge: Judge, options: CascadeOptions) -> None:
        self._local, self._judge, self._options = local, judge, options
        self.name = local.name
        self.needs = local.needs | judge.needs
        deciding = digest_of(options.model_dump(mode="json"))[:12]
        self.version = f"{CASCADE}{deciding}/{local.version}/{judge.version}"
        self.describe = (
            f"{local.describe} Where its value is within {options.unsure:g} of 0.5, and on {options.drawn:.0%} of the other "
            f"answers for comparison: {judge.describe}"
        )
        self._names: Mapping[Any, str] = {}

    def for_day(self, day: Day, all_cases: pd.DataFrame) -> Cascade:
        """The cascade for one day, whose distinct cases are all given: what is drawn is drawn by their names, hashes."""
        cascade = Cascade(self._local, self._judge.for_day(day, all_cases), self._options)
        cascade._names = dict(zip(cases(all_cases), all_cases["case"], strict=True))
        return cascade

    def for_anchors(self, day: Day) -> Cascade:
        """The cascade for the frozen anchors of one night, of which none are drawn."""
        return Cascade(self._local, self._judge.for_anchors(day), self._options)

    def still_valid(self, rows: pd.DataFrame) -> list[bool]:
        """All: what a judge is asked does not depend on the rest of the day."""
        return [True] * len(rows)

    def texts(self, batch: pd.DataFrame) -> list[str]:
        """What the local evaluator reads."""
        return self._local.texts(batch)

    def score(self, batch: pd.DataFrame, vectors: Vectors) -> pd.DataFrame:
        """The rows that `records.Evaluator` promises, and `cost_usd`."""
        local = [_Row(*row) for row in self._local.score(batch, vectors)[list(_Row._fields)].itertuples(index=False)]
        shares = [self._share(row, self._names.get(case)) for row, case in zip(local, cases(batch), strict=True)]
        asked = [place for place, share in enumerate(shares) if share]
        answers = self._judge.score(batch.iloc[asked].reset_index(drop=True))
        told = dict(zip(asked, answers.itertuples(index=False), strict=True))
        rows = [
            _joined(row, _Row(*told[place][:4]), share) if place in told else row.outcome
            for place, (row, share) in enumerate(zip(local, shares, strict=True))
        ]
        costs = [told[place].cost_usd if place in told else None for place in range(len(rows))]
        return to_frame(rows, batch.index).assign(cost_usd=pd.Series(costs, index=batch.index, dtype=object))

    def _share(self, row: _Row, name: str | None) -> float:
        """The probability with which the judge is asked, where it is; else 0."""
        if row.status != _SCORED or row.value is None:
            return 0.0
        if abs(row.value - 0.5) <= self._options.unsure:
            return 1.0
        drawn = name is not None and _chance(name) < self._options.drawn
        return self._options.drawn if drawn else 0.0


def with_cascade(local: Evaluator | None, judge: Judge) -> Evaluator:
    """The judge, or the local evaluator and the judge where its options say so. ConfigError where there is no local one."""
    if judge.options.cascade is None:
        return judge
    if local is None:
        raise ConfigError("a cascade needs a local evaluator", rule="the name of one", found=judge.name, where="judges")
    return Cascade(local, judge, judge.options.cascade)


def _joined(local: _Row, judged: _Row, share: float) -> Outcome:
    """What stands for an answer that the judge was asked about; where it gave nothing, a sure local value stands."""
    if judged.status != _SCORED or judged.value is None or local.value is None:
        return judged.outcome if share == 1 else local.outcome
    both = {"local": local.value, "judge": judged.value, "share": share}
    evidence = {**_read(judged.evidence if share == 1 else local.evidence), "cascade": both}
    return scored(judged.value if share == 1 else local.value, evidence)


def _read(evidence: str | None) -> dict[str, object]:
    read = json.loads(evidence) if evidence else {}
    return read if isinstance(read, dict) else {}


def _chance(name: str) -> float:
    """A number in [0, 1) that nobody can foresee and everybody finds again, another one than that by which cases are drawn."""
    return int(hashlib.sha256(f"cascade\x00{name}".encode()).hexdigest()[:12], 16) / 16**12
