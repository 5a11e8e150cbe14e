"""A judge as an evaluator: which texts it needs, which cases of a day it can pay for, and a row for each."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, pstdev

import pandas as pd

from obs_lib.connections import Connection
from obs_lib.digests import digest_of
from obs_lib.errors import ObsError
from obs_lib.evaluators.judge.asking import Asker, BudgetSpent, NoVerdict, Rates
from obs_lib.evaluators.judge.batches.anthropic import AnthropicBatches, signed
from obs_lib.evaluators.judge.batches.asking import PENDING, BatchAsker, Pending
from obs_lib.evaluators.judge.batches.openai import OpenAiBatches
from obs_lib.evaluators.judge.batches.register import Register
from obs_lib.evaluators.judge.endpoint import Endpoint
from obs_lib.evaluators.judge.ledger import Ledger, Limits
from obs_lib.evaluators.judge.options import JudgeOptions
from obs_lib.evaluators.judge.prompt import Body, request_body
from obs_lib.evaluators.judge.rubric import Rubric
from obs_lib.evaluators.judge.texts import texts_of
from obs_lib.evaluators.judge.verdict import Verdict
from obs_lib.evaluators.outcomes import Case, Outcome, cases, failed, outcomes, reason_to_skip, scored, skipped
from obs_lib.records import Day, Vectors

SPENT = "budget spent"
Ask = Callable[[Body, str], Verdict]
"""The verdict on a request, and the name of the case that it is about."""


@dataclass(frozen=True, slots=True)
class JudgeRuntime:
    """What a judge works with. connect : the connection behind a name. mask : what is done to every text before it is sent."""

    ledger: Ledger
    connect: Callable[[str], Connection]
    mask: Callable[[str], str]
    rates: Rates | None
    masking: str = ""
    wait: Callable[[float], None] = time.sleep


class Judge:
    """Implements `records.Evaluator` and `records.BudgetedEvaluator`. The value is the rubric's, in [0, 1].

    Also gives the column `cost_usd`: what the row's verdicts cost when they were made, calls that led to nothing included;
    None where the price is unknown or nothing was asked. A verdict from the cache keeps its cost, so a day that is scored
    again gives the same rows.
    """

    def __init__(self, name: str, rubric: Rubric, options: JudgeOptions, runtime: JudgeRuntime) -> None:
        self.name, self.rubric, self.options, self._runtime = name, rubric, options, runtime
        self._asker = Asker(rubric, options, runtime.ledger, runtime.rates, runtime.wait)
        self._in_batch = Asker(rubric, options, runtime.ledger, _cheaper(runtime.rates, options), runtime.wait)
        self.needs = frozenset({"response", "error", *rubric.reads}) - frozenset(rubric.optional)
        deciding = options.model_dump(mode="json", exclude=_NOT_DECIDING)
        if self._batched and options.budget_usd is not None:  # the money lasts longer
            deciding["batch_price"] = options.batch_price
        self.version = f"{options.model}/{rubric.name}.{rubric.version}-{rubric.digest}/{_named(deciding, runtime)}"
        self.describe = (
            f"Verdict of {options.model} by the rubric {rubric.name}, version {rubric.version}, on the scale "
            f"{', '.join(f'{label} {value:g}' for label, value in rubric.labels.items())}; text of the logs is sent to it"
            + (f", in batches at {options.batch_price:.0%} of its price." if self._batched else ".")
        )
        self._day = ""
        self._admitted: frozenset[Case] | None = None  # None: all
        self._names: Mapping[Case, str] = {}
        self._brought = False  # whether the day's batches were waited for
        self._occasion = ""  # verdicts of one occasion are not taken from another's

    # -- what a day can pay for ------------------------------------------------------------------------------------------

    def for_day(self, day: Day, all_cases: pd.DataFrame) -> Judge:
        """The judge for one day of logs, whose distinct cases are all given (columns `case` and those of `Case`).

        The budget is dealt to cases in the order of their names, which are hashes, each at the price of its longest verdict,
        until the next one does not fit. So what is left out is drawn at random, and is the same in every shard, on every
        run, and whatever is in the cache.
        """
        judge = self._of(day)
        judge._names = dict(zip(cases(all_cases), all_cases["case"], strict=True))
        if self.options.budget_calls is not None or self.options.budget_usd is not None:
            judge._admitted = self._affordable(sorted(judge._names, key=lambda case: judge._names[case]))
        return judge

    def for_anchors(self, day: Day) -> Judge:
        """The judge for the frozen anchors of one night, which are asked anew each night: an endpoint may have changed."""
        judge = self._of(day)
        judge._occasion = f"anchors of {day}"
        return judge

    def _of(self, day: Day) -> Judge:
        judge = Judge(self.name, self.rubric, self.options, self._runtime)
        judge._asker, judge._in_batch = self._asker, self._in_batch
        judge._day = str(day)
        return judge

    def still_valid(self, rows: pd.DataFrame) -> list[bool]:
        """For earlier rows of this day (columns `case`, `note`): whether the budget still treats their case as it did."""
        if self._admitted is None:
            return [note != SPENT and not is_pending(note) for note in rows["note"]]
        admitted = {self._names[case] for case in self._admitted}
        free = {name for case, name in self._names.items() if isinstance(texts_of(case, self.rubric), Outcome)}
        settled = zip(rows["case"], rows["note"], strict=True)
        return [
            case in free or ((case in admitted) == (note != SPENT) and not is_pending(note)) for case, note in settled
        ]

    def _affordable(self, ordered: Sequence[Case]) -> frozenset[Case]:
        calls, usd, affordable = 0, 0.0, []
        pays = self._in_batch if self._batched else self._asker
        for case in ordered:
            texts = texts_of(case, self.rubric)
            if isinstance(texts, Outcome):
                continue  # costs nothing
            calls += self.options.repeats
            usd += self.options.repeats * pays.bound(request_body(self.rubric, texts, self.options))[0]
            if _more(calls, self.options.budget_calls) or _more(usd, self.options.budget_usd):
                break
            affordable.append(case)
        return frozenset(affordable)

    # -- the day's batches -----------------------------------------------------------------------------------------------

    def begin_run(self) -> None:
        """Let what failed in batches of earlier runs be asked once more, by whichever process sends first; asks nobody."""
        if self._asks_in_batches:
            self._register().begin_run(self._day)

    def send(self) -> None:
        """Send the day's batches, and do not wait for them; nothing where the judge asks one by one."""
        if self._asks_in_batches:
            with self._batches() as batches:
                batches.look(self._questions)

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

    def _endpoint(self, signed: Callable[[str], Mapping[str, str]] | None = None) -> Endpoint:
        return Endpoint(self._runtime.connect(self.options.connection), self.options.timeout_s, signed)

    def _outcomes(self, asked: Sequence[Case]) -> dict[Case, tuple[Outcome, float | None]]:
        texts = {case: texts_of(case, self.rubric) for case in asked}
        answers: dict[Case, tuple[Outcome, float | None]] = {
            case: (outcome, None) for case, outcome in texts.items() if isinstance(outcome, Outcome)
        }
        todo = {case: given for case, given in texts.items() if not isinstance(given, Outcome)}
        if self._admitted is not None:
            answers |= {case: (skipped(SPENT), None) for case in todo if case not in self._admitted}
            todo = {case: given for case, given in todo.items() if case in self._admitted}
        if todo:
            with self._asking() as ask, ThreadPoolExecutor(min(self.options.concurrency, len(todo))) as pool:
                results = pool.map(lambda case: self._outcome(ask, case, todo[case]), todo)
                answers |= dict(zip(todo, results, strict=True))
        return answers

    @property
    def _batched(self) -> bool:
        return self.options.batch != "off"

    @property
    def _asks_in_batches(self) -> bool:
        """Whether this judge is one for a day's logs, and asks in batches."""
        return self._batched and bool(self._day) and not self._occasion

    @contextmanager
    def _asking(self) -> Iterator[Ask]:
        """What gives the verdict on a request and the case that it is about: the cache or a call, or the day's batches."""
        if not self._asks_in_batches:
            with self._endpoint() as endpoint:
                yield lambda body, name: self._asker.verdict(endpoint, self.limits(), body, name, self._occasion)
            return
        with self._batches() as batches:
            if not self._brought:
                batches.bring(self._questions)
                self._brought = True
            yield lambda body, _: batches.verdict(body)

    @contextmanager
    def _batches(self) -> Iterator[BatchAsker]:
        with self._endpoint(signed if self.options.batch == "anthropic" else None) as endpoint:
            api = AnthropicBatches(endpoint) if self.options.batch == "anthropic" else OpenAiBatches(endpoint)
            wait_s = 60 * self.options.batch_wait_minutes
            yield BatchAsker(self._in_batch, api, self._register(), self.limits(), wait_s, self._runtime.wait)

    def _register(self) -> Register:
        return Register(self._runtime.ledger, self.name, f"{self.options.batch} {self.options.connection}")

    @cached_property
    def _questions(self) -> dict[str, tuple[str, Body]]:
        """All that the day asks, in the order in which its budget is dealt, whatever part of it is scored here."""
        questions = {}
        for case in sorted(self._names, key=lambda case: self._names[case]):
            texts = texts_of(case, self.rubric)
            if isinstance(texts, Outcome) or (self._admitted is not None and case not in self._admitted):
                continue
            masked = self._masked(texts)
            for repeat in range(self.options.repeats):
                body = request_body(self.rubric, masked, self.options, repeat)
                questions[self._in_batch.key(body)] = (self._names[case], body)
        return questions

    def _outcome(self, ask: Ask, case: Case, texts: Mapping[str, str]) -> tuple[Outcome, float | None]:
        """One row. Whatever goes wrong is its status and its note."""
        costs: list[float | None] = []
        verdicts: list[Verdict] = []
        try:
            masked = self._masked(texts)
            for repeat in range(self.options.repeats):
                body = request_body(self.rubric, masked, self.options, repeat)
                verdicts.append(ask(body, self._names.get(case, "")))
                costs.append(verdicts[-1].cost_usd)
        except BudgetSpent:
            return skipped(SPENT), _sum(costs)
        except Pending as problem:
            return skipped(str(problem)), None  # what the others cost is told with the rest
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
    "batch", "batch_wait_minutes", "batch_price", "cascade",
}  # fmt: skip
"""What changes how and where is asked, not what comes out. The budget does: it decides which rows have a value."""


def _named(deciding: Mapping[str, object], runtime: JudgeRuntime) -> str:
    return digest_of(deciding, runtime.masking, list(runtime.rates or ()))[:12]


def is_pending(note: str) -> bool:
    """Whether a row waits for a batch, by its note."""
    return note.startswith(PENDING)


def _cheaper(rates: Rates | None, options: JudgeOptions) -> Rates | None:
    """What tokens cost in a batch."""
    return rates and Rates(*(rate * options.batch_price for rate in rates))


def _more(amount: float, limit: float | None) -> bool:
    return limit is not None and amount > limit


def _sum(costs: Iterable[float | None]) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return round(sum(known), 9) if known else None


def _column(costs: Sequence[float | None], frame: pd.DataFrame) -> pd.Series:

    return pd.Series(list(costs), index=frame.index, dtype=object)
