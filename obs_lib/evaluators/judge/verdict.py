"""What a judge's reply says: one label, the reason given, and the labels' probabilities where the server told them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from obs_lib.errors import EvaluatorError
from obs_lib.evaluators.judge.rubric import Rubric
from obs_lib.text import encodable

_LEAST_MASS = 0.5
"""Probability that the alternatives shown must hold on labels together, or they say too little about the verdict."""
_REASON = 500  # characters kept


class Unreadable(EvaluatorError):
    """The reply is no verdict: cut off, refused, or not in the shape that was asked for."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One judgement.

    probabilities : of each label, adding up to 1; None where the server gave none that can be used.
    cost_usd : what the call cost when it was made, calls that led to nothing included; None where the price is unknown.
    """

    label: str
    reason: str
    probabilities: Mapping[str, float] | None = None
    cost_usd: float | None = None

    def value(self, rubric: Rubric) -> float:
        """The label's value on the rubric's scale, or the mean of all values weighed by their probabilities (G-Eval).

        References
        ----------
        Liu et al. (2023), G-Eval: NLG evaluation using GPT-4 with better human alignment, equation 1.
        """
        if self.probabilities is None:
            return rubric.labels[self.label]
        return sum(rubric.labels[label] * p for label, p in self.probabilities.items())


def read_verdict(reply: Mapping[str, Any], rubric: Rubric) -> Verdict:
    """The verdict in the body of a chat completion. Unreadable, with a reason for the score's note, where there is none."""
    choices = reply.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise Unreadable("the judge's reply holds no answer")
    if message.get("refusal") or choice.get("finish_reason") == "content_filter":
        raise Unreadable("the judge refused to judge")
    if choice.get("finish_reason") == "length":
        raise Unreadable("the judge's answer was cut off at its token limit")
    content = message.get("content")
    if not isinstance(content, str) or not content.strip():
        raise Unreadable("the judge's answer is empty")
    label, reason = _parsed(content, rubric)
    return Verdict(label, reason, label_probabilities(choice.get("logprobs"), content, rubric))


def _parsed(content: str, rubric: Rubric) -> tuple[str, str]:
    try:
        verdict = json.loads(content)
    except (ValueError, RecursionError):
        raise Unreadable("the judge's answer is not the JSON that was asked for") from None
    if not isinstance(verdict, dict) or not isinstance(verdict.get("label"), str):
        raise Unreadable("the judge's answer has no label")
    if verdict["label"] not in rubric.labels:
        raise Unreadable("the judge's label is not on the scale")
    reason = verdict.get("reason")
    if not isinstance(reason, str):
        raise Unreadable("the judge's answer gives no reason")
    return verdict["label"], encodable(reason)[:_REASON]


def label_probabilities(logprobs: Any, content: str, rubric: Rubric) -> dict[str, float] | None:
    """Probabilities of the labels at the token where the label begins, made to add up to 1.

    The alternatives at that token are matched with the labels by their first letters, which differ. None where the tokens
    are not those of `content`, or hold less than half of the probability on labels.
    """
    start, read = _label_start(content), ""
    if start is None:
        return None
    # From the end, because servers escape bytes of the reason in ways of their own.
    for text, alternatives in reversed(list(_tokens(logprobs))):
        read = text + read
        if not content.endswith(read):
            return None
        if len(read) >= len(content) - start:
            return _normalised(alternatives, read[: len(read) - (len(content) - start)], rubric)
    return None


def _tokens(logprobs: Any) -> Iterator[tuple[str, list[tuple[str, float]]]]:
    """Each token's text with its alternatives (text, probability); what is not of that shape is left out."""
    listed = logprobs.get("content") if isinstance(logprobs, dict) else None
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, dict) and isinstance(item.get("token"), str):
            top = item.get("top_logprobs")
            yield item["token"], list(_alternatives(top if isinstance(top, list) else []))


def _alternatives(top: Sequence[Any]) -> Iterator[tuple[str, float]]:
    for other in top:
        token, logprob = (other.get("token"), other.get("logprob")) if isinstance(other, dict) else (None, None)
        if (
            isinstance(token, str)
            and isinstance(logprob, int | float)
            and not isinstance(logprob, bool)
            and logprob <= 0
        ):
            yield token, math.exp(logprob)


def _label_start(content: str) -> int | None:
    """Where the value of the top-level field `label` begins. It comes last, so nothing behind it may look like it."""
    key = content.rfind('"label"')
    if key < 0:
        return None
    colon = content.find(":", key)
    quote = content.find('"', colon) if colon >= 0 else -1
    return quote + 1 if quote >= 0 else None


def _normalised(alternatives: Sequence[tuple[str, float]], before: str, rubric: Rubric) -> dict[str, float] | None:
    """The labels' shares. before : what the token holds ahead of the label, such as a quotation mark."""
    shares = dict.fromkeys(rubric.labels, 0.0)
    for token, probability in alternatives:
        if not token.startswith(before):
            continue
        piece = token[len(before) :].rstrip('"} \n')
        matching = [label for label in rubric.labels if piece and (label.startswith(piece) or piece == label)]
        if len(matching) == 1:
            shares[matching[0]] += probability
    mass = sum(shares.values())
    if not _LEAST_MASS <= mass <= 1.01:
        return None
    return {label: round(p / mass, 6) for label, p in shares.items()}
