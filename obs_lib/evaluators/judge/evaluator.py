"""A judge as an evaluator: which texts it needs, which cases of a day it can pay for, and a row for each."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import fmean, pstdev

import pandas as pd

from obs_lib.connections import Connection
from obs_lib.digests import digest_of
from obs_lib.errors import ObsError
from obs_lib.evaluators.accuracy import read_references
from obs_lib.evaluators.judge.asking import Asker, BudgetSpent, NoVerdict, Rates
from obs_lib.evaluators.judge.endpoint import Endpoint
from obs_lib.evaluators.judge.ledger import Ledger, Limits
from obs_lib.evaluators.judge.options import JudgeOptions
from obs_lib.evaluators.judge.prompt import request_body
from obs_lib.evaluators.judge.rubric import Rubric
from obs_lib.evaluators.judge.verdict import Verdict
from obs_lib.evaluators.outcomes import (
    NO_SESSION,
    Case,
    Outcome,
    cases,
    failed,
    outcomes,
    reason_to_skip,
    scored,
    skipped,
)
from obs_lib.evaluators.passages import read_texts
from obs_lib.records import Day, Vectors

SPENT = "budget spent"


@dataclass(frozen=True, slots=True)
class JudgeRuntime:
    """What a judge works with. connect : the connection behind a name. mask : what is done to every text before it is sent."""

    ledger: Ledger
    connect: Callable[[str], Connection]
    mask: Callable[[str], str]
    rates: Rates | None
    masking: str = ""
    wait: Callable[[float], None] | None = None


class Judge:
    """Implements `records.Evaluator` and `records.BudgetedEvaluator`. The value is the rubric's, in [0, 1].

    Also gives the column `cost_usd`: what the row's verdicts cost when they were made, calls that led to nothing included;
    None where the price is unknown or nothing was asked. A verdict from the cache keeps its cost, so a day that is scored
    again gives the same rows.
    """

    def __init__(self, name: str, rubric: Rubric, options: JudgeOptions, runtime: JudgeRuntime) -> None:
        self.name, self.rubric, self.options, self._runtime = name, rubric, options, runtime
        self._asker = Asker(
            rubric, options, runtime.ledger, runtime.rates, **({"wait": runtime.wait} if runtime.wait else {})
        )
        self.needs = frozenset({"response", "error", *rubric.reads}) - frozenset(rubric.optional)
        deciding = options.model_dump(mode="json", exclude=_NOT_DECIDING)
        self.version = f"{options.model}/{rubric.name}.{rubric.version}-{rubric.digest}/{_named(deciding, runtime)}"
        self.describe = (
            f"Verdict of {options.model} by the rubric {rubric.name}, version {rubric.version}, on the scale "
            f"{', '.join(f'{label} {value:g}' for label, value in rubric.labels.items())}; text of the logs is sent to it."
        )
        self._day = ""
        self._admitted: frozenset[Case] | None = None  # None: all
        self._names: Mapping[Case, str] = {}
        self._occasion = ""  # verdicts of one occasion are not taken from another's

    # -- what a day can pay for ------------------------------------------------------------------------------------------

    def for_day(self, day: Day, all_cases: pd.DataFrame) -> Judge:
        """The judge for one day of logs, whose distinct cases are all given (columns `case` and those of `Case`).

        The budget is dealt to cases in the order of their names, which are hashes, each at the price of its longest verdict,
        until the next one does not fit. So what is left out is drawn at random, and is the same in every shard, on every
        run, and whatever is in the cache.
        """
        judge = Judge(self.name, self.rubric, self.options, self._runtime)
        judge._asker = self._asker
        judge._day = str(day)
        judge._names = dict(zip(cases(all_cases), all_cases["case"], strict=True))
        if self.options.budget_calls is not None or self.options.budget_usd is not None:
            judge._admitted = self._affordable(sorted(judge._names, key=lambda case: judge._names[case]))
        return judge

    def for_anchors(self, day: Day) -> Judge:
        """The judge for the frozen anchors of one night, which are asked anew each night: an endpoint may have changed."""
        judge = Judge(self.name, self.rubric, self.options, self._runtime)
        judge._asker = self._asker
        judge._day = str(day)
        judge._occasion = f"anchors of {day}"
        return judge

    def still_valid(self, rows: pd.DataFrame) -> list[bool]:
        """For earlier rows of this day (columns `case`, `note`): whether the budget still treats their case as it did."""
        if self._admitted is None:
            return [note != SPENT for note in rows["note"]]
        admitted = {self._names[case] for case in self._admitted}
        free = {name for case, name in self._names.items() if isinstance(self._texts(case), Outcome)}
        settled = zip(rows["case"], rows["note"], strict=True)
        return [case in free or (case in admitted) == (note != SPENT) for case, note in settled]

    def _affordable(self, ordered: Sequence[Case]) -> frozenset[Case]:
        calls, usd, affordable = 0, 0.0, []
        for case in ordered:
            texts = self._texts(case)
            if isinstance(texts, Outcome):
                continue  # costs nothing
            calls += self.options.repeats
            usd += self.options.repeats * self._asker.bound(request_body(self.rubric, texts, self.options))[0]
            if _more(calls, self.options.budget_calls) or _more(usd, self.options.budget_usd):
                break
            affordable.append(case)
        return frozenset(affordable)

    # -- scoring ---------------------------------------------------------------------------------------------------------

    def texts(self, batch: pd.DataFrame) -> list[str]:
        """None: a judge reads no vectors."""
        return []

    def score(self, batch: pd.DataFrame, vectors: Vectors | None = None) -> pd.DataFrame:
        """The rows that `records.Evaluator` promises, and `cost_usd`. Equal cases are asked once."""
        asked = [case for case in dict.fromkeys(cases(batch)) if reason_to_skip(case) is None]
        answers = self._outcomes(asked)
        frame = outcomes(batch, lambda case, _: answers[case][0])
        costs = [answers[case][1] if case in answers else None for case in cases(batch)]
        return frame.assign(cost_usd=_column(costs, frame))

    def ask(self, texts: Mapping[str, str]) -> Verdict:
        """One verdict on texts by name, masked first. NoVerdict, BudgetSpent or ConfigError where there is none."""
        body = request_body(self.rubric, self._masked(texts), self.options)
        with self._endpoint() as endpoint:
            return self._asker.verdict(endpoint, self.limits(), body, "")

    def check(self) -> None:
        """ConfigError where the connection is not known or has no address; asks nobody."""
        with self._endpoint():
            pass

    def _endpoint(self) -> Endpoint:
        return Endpoint(self._runtime.connect(self.options.connection), self.options.timeout_s)

    def _outcomes(self, asked: Sequence[Case]) -> dict[Case, tuple[Outcome, float | None]]:
        texts = {case: self._texts(case) for case in asked}
        answers: dict[Case, tuple[Outcome, float | None]] = {
            case: (outcome, None) for case, outcome in texts.items() if isinstance(outcome, Outcome)
        }
        todo = {case: given for case, given in texts.items() if not isinstance(given, Outcome)}
        if self._admitted is not None:
            answers |= {case: (skipped(SPENT), None) for case in todo if case not in self._admitted}
            todo = {case: given for case, given in todo.items() if case in self._admitted}
        if todo:
            with (
                self._endpoint() as endpoint,
                ThreadPoolExecutor(min(self.options.concurrency, len(todo))) as pool,
            ):
                results = pool.map(lambda case: self._outcome(endpoint, case, todo[case]), todo)
                answers |= dict(zip(todo, results, strict=True))
        return answers

    def _texts(self, case: Case) -> dict[str, str] | Outcome:
        """What the rubric reads of a case; or the row of one that cannot be judged."""
        reason = reason_to_skip(case)
        if reason is not None:
            return skipped(reason)
        given: dict[str, str | None] = {"prompt": case.prompt, "response": case.response}
        listed: dict[str, Callable[[], str | None]] = {
            "contexts": lambda: _numbered([text for _, text in read_texts(case.contexts)]),
            "reference": lambda: _alternatives(read_references(case.reference)),
            "session": lambda: _conversation(case.session),
        }
        for name in (name for name in listed if name in self.rubric.reads):
            try:
                given[name] = listed[name]()
            except (ValueError, RecursionError) as problem:
                return failed(f"{name} cannot be read: {type(problem).__name__}")
        texts: dict[str, str] = {}
        for name in self.rubric.reads:
            text = given.get(name)
            if text and text.strip():
                texts[name] = text
            elif name not in self.rubric.optional:
                return skipped({"contexts": "no contexts", "session": NO_SESSION}.get(name, f"there is no {name}"))
        return texts

    def _outcome(self, endpoint: Endpoint, case: Case, texts: Mapping[str, str]) -> tuple[Outcome, float | None]:
        """One row. Whatever goes wrong is its status and its note."""
        costs: list[float | None] = []
        verdicts: list[Verdict] = []
        try:
            masked = self._masked(texts)
            for repeat in range(self.options.repeats):
                body = request_body(self.rubric, masked, self.options, repeat)
                name = self._names.get(case, "")
                verdicts.append(self._asker.verdict(endpoint, self.limits(), body, name, self._occasion))
                costs.append(verdicts[-1].cost_usd)
        except BudgetSpent:
            return skipped(SPENT), _sum(costs)
        except NoVerdict as problem:
            return failed(str(problem)), _sum([*costs, problem.cost_usd])
        except ObsError as problem:
            return failed(str(problem)), _sum(costs)
        except Exception as problem:  # noqa: BLE001 - one case must not lose the batch; its text may hold anything
            return failed(f"the judge broke down ({type(problem).__name__})"), _sum(costs)
        return self._scored(verdicts), _sum(costs)

    def _masked(self, texts: Mapping[str, str]) -> dict[str, str]:
        return {name: self._runtime.mask(text) for name, text in texts.items()}

    def _scored(self, verdicts: Sequence[Verdict]) -> Outcome:
        values = [verdict.value(self.rubric) for verdict in verdicts]
        evidence: dict[str, object] = {"label": verdicts[0].label, "reason": verdicts[0].reason}
        if verdicts[0].probabilities is not None:
            evidence["probabilities"] = {label: round(p, 4) for label, p in verdicts[0].probabilities.items()}
        if len(verdicts) > 1:
            spread = {"values": [round(value, 4) for value in values], "standard_deviation": round(pstdev(values), 4)}
            evidence |= {"repeats": spread, "labels": [verdict.label for verdict in verdicts]}
        return scored(fmean(values), evidence)

    def limits(self) -> Limits:
        """What the ledger must know of this judge. Outside of a night the budget is that of the calendar day (UTC)."""
        options = self.options
        return Limits(
            judge=self.name,
            day=self._day or f"by hand {dt.datetime.now(dt.UTC).date()}",
            server=f"{options.connection} {options.model}",
            calls=options.budget_calls,
            usd=options.budget_usd,
            slots=options.concurrency,
            requests_per_minute=options.requests_per_minute,
            tokens_per_minute=options.tokens_per_minute,
            lease_s=2 * options.timeout_s + 5,
        )


_NOT_DECIDING = {
    "rubric", "connection", "concurrency", "requests_per_minute", "tokens_per_minute", "timeout_s", "attempts",
}  # fmt: skip
"""What changes how and where is asked, not what comes out. The budget does: it decides which rows have a value."""


def _named(deciding: Mapping[str, object], runtime: JudgeRuntime) -> str:
    return digest_of(deciding, runtime.masking, list(runtime.rates or ()))[:12]


def _numbered(texts: Sequence[str]) -> str | None:
    return "\n\n".join(f"[{number}] {text}" for number, text in enumerate(texts, 1)) or None


def _conversation(session: str | None) -> str | None:
    """A session as a judge reads it, each turn under who spoke."""
    turns = json.loads(session) if session else []
    return "\n\n".join(f"{turn['role']}: {turn['content']}" for turn in turns) or None


def _alternatives(references: Sequence[str]) -> str | None:
    """One reference as it is; of several, any one is right, and a judge must know that."""
    if len(references) > 1:
        return f"Any one of these is right:\n\n{_numbered(references)}"
    return references[0] if references else None


def _more(amount: float, limit: float | None) -> bool:
    return limit is not None and amount > limit


def _sum(costs: Iterable[float | None]) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return round(sum(known), 9) if known else None


def _column(costs: Sequence[float | None], frame: pd.DataFrame) -> pd.Series:

    return pd.Series(list(costs), index=frame.index, dtype=object)
