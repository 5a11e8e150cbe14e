"""One verdict: from the cache, or from the server within limits, with retries and what it cost."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from obs_lib.digests import digest_of
from obs_lib.errors import EvaluatorError
from obs_lib.evaluators.judge.endpoint import CallFailed, Endpoint
from obs_lib.evaluators.judge.ledger import BudgetSpent, Ledger, Limits
from obs_lib.evaluators.judge.options import JudgeOptions
from obs_lib.evaluators.judge.prompt import Body
from obs_lib.evaluators.judge.rubric import Rubric
from obs_lib.evaluators.judge.verdict import Unreadable, Verdict, read_verdict
from obs_lib.http import RetryPolicy

_BYTES_A_TOKEN = 3  # English has four and more, Chinese about three: rather too many tokens than too few
_MILLION = 1e6


class Rates(NamedTuple):
    """USD per million tokens."""

    input: float
    cached_input: float
    output: float


class NoVerdict(EvaluatorError):
    """Every call came to nothing. cost_usd : what they cost nevertheless; None where the price is unknown."""

    def __init__(self, what: str, cost_usd: float | None) -> None:
        super().__init__(what)
        self.cost_usd = cost_usd


class Asker:
    """Asks one judge. Safe to use from many threads.

    rates : None where the model has no price. wait : what waits; seconds to None.
    """

    def __init__(
        self,
        rubric: Rubric,
        options: JudgeOptions,
        ledger: Ledger,
        rates: Rates | None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rubric, self._options, self._ledger, self._rates, self._wait = rubric, options, ledger, rates, wait
        self._retry = RetryPolicy(attempts=options.attempts)
        self._left_out: set[str] = set()  # steps that the server made us go down; only ever grows

    def bound(self, body: Body) -> tuple[float, int]:
        """The most that a call should cost, in USD (0 without a price) and in tokens."""
        asked = sum(len(message["content"].encode()) for message in body["messages"]) // _BYTES_A_TOKEN + 1
        most = self._options.max_output_tokens
        usd = (asked * self._rates.input + most * self._rates.output) / _MILLION if self._rates else 0.0
        return usd, asked + most

    def key(self, body: Body, occasion: str = "") -> str:
        """The name of a request, under which its verdict is kept."""
        asked_on = [occasion] if occasion else []
        return digest_of("judge", self._rubric.digest, list(self._rubric.labels), body, *asked_on)

    def verdict(self, endpoint: Endpoint, limits: Limits, body: Body, name: str, occasion: str = "") -> Verdict:
        """The verdict on a request; `name` is the case's. NoVerdict or BudgetSpent where there is none."""
        key = self.key(body, occasion)
        known = self._ledger.known(key)
        if known is not None:
            return known
        verdict = self._asked(endpoint, limits, body)
        self._ledger.keep(key, name, limits.day, verdict)
        return verdict

    def _asked(self, endpoint: Endpoint, limits: Limits, body: Body) -> Verdict:
        cost, attempt = 0.0, 0
        while True:
            attempt += 1
            try:
                reply, paid = self._call(endpoint, limits, self.supported(body))
            except CallFailed as failure:
                cost += self.bound(body)[0] if failure.billed else 0.0
                if failure.unsupported and self.step_down(failure.unsupported, self.supported(body)):
                    attempt -= 1  # a question about what the server can do, not about the answer
                elif not failure.again or attempt >= self._retry.attempts:
                    tried = f" ({attempt} calls)" if attempt > 1 else ""
                    raise NoVerdict(str(failure) + tried, self._money(cost)) from None
                else:
                    self._back_off(limits, failure, attempt)
                continue
            return self.read(reply, cost + paid)

    def read(self, reply: Mapping[str, Any], cost: float) -> Verdict:
        """The verdict in a reply, with what it cost in USD. NoVerdict where there is none."""
        try:
            verdict = read_verdict(reply, self._rubric)
            if verdict.probabilities is None and self._options.probabilities == "required":
                raise Unreadable("the judge's server gives no token probabilities that can be used")
        except Unreadable as problem:
            raise NoVerdict(str(problem), self._money(cost)) from None
        return replace(verdict, cost_usd=self._money(cost))

    def _call(self, endpoint: Endpoint, limits: Limits, body: Body) -> tuple[dict[str, Any], float]:
        """One call within the limits, and what it cost in USD."""
        usd, tokens = self.bound(body)
        while not isinstance(slot := self._ledger.reserve(limits, usd, tokens), int):
            self._wait(slot * random.uniform(1.0, 1.2))  # noqa: S311 - so that those who wait do not march in step
        cost = usd
        try:
            reply = endpoint.complete(body)
            cost = self.cost(reply.get("usage"), usd)
        except CallFailed as failure:
            cost = usd if failure.billed else 0.0
            raise
        finally:
            self._ledger.settle(limits, slot, cost - usd)
        return reply, cost

    def _back_off(self, limits: Limits, failure: CallFailed, attempt: int) -> None:
        """Wait as long as the server says, else twice as long each time; by chance a little longer, against stampedes."""
        if failure.wait_s is not None:
            self._ledger.pause(limits, failure.wait_s)
        self._wait(self._retry.pause_s(attempt, failure.wait_s))

    def supported(self, body: Body) -> Body:
        """The body without what the server was found not to know."""
        asked = {
            name: value for name, value in body.items() if name not in ("response_format", "logprobs", "top_logprobs")
        }
        if "logprobs" in body and "logprobs" not in self._left_out:
            asked |= {"logprobs": body["logprobs"], "top_logprobs": body["top_logprobs"]}
        kind = body.get("response_format", {}).get("type", "text")
        if kind in self._left_out:
            kind = "json_object" if kind == "json_schema" and "json_object" not in self._left_out else "text"
        if kind == "json_object":
            asked["response_format"] = {"type": "json_object"}
        elif kind == "json_schema":
            asked["response_format"] = body["response_format"]
        return asked

    def step_down(self, unsupported: str, sent: Body) -> bool:
        """Whether there is a plainer way to ask than `sent` was, which is taken from now on."""
        if unsupported == "logprobs" and self._options.probabilities == "auto" and "logprobs" in sent:
            self._left_out.add("logprobs")
            return True
        if unsupported == "response_format" and self._options.output == "auto" and "response_format" in sent:
            self._left_out.add(str(sent["response_format"]["type"]))
            return True
        return False

    def cost(self, usage: Any, otherwise: float) -> float:
        """USD for the tokens that the server counted; `otherwise` where it counted none that can be believed."""
        if self._rates is None:
            return 0.0
        given, made, cached = _tokens(usage, "prompt_tokens"), _tokens(usage, "completion_tokens"), 0
        if given is None or made is None:
            return otherwise
        details = usage.get("prompt_tokens_details")
        cached = min(_tokens(details, "cached_tokens") or 0, given)
        rates = self._rates
        return ((given - cached) * rates.input + cached * rates.cached_input + made * rates.output) / _MILLION

    def _money(self, usd: float) -> float | None:
        return round(usd, 9) if self._rates is not None and math.isfinite(usd) else None


def _tokens(counted: Any, name: str) -> int | None:
    tokens = counted.get(name) if isinstance(counted, Mapping) else None
    plausible = isinstance(tokens, int) and not isinstance(tokens, bool) and 0 <= tokens < 1_000_000_000
    return tokens if plausible else None


__all__ = ["Asker", "BudgetSpent", "NoVerdict", "Rates"]
