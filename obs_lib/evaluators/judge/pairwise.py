"""Two answers to one prompt, asked in both orders: a preference that turns with the order is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from obs_lib.errors import ConfigError
from obs_lib.evaluators.judge.evaluator import Judge


@dataclass(frozen=True, slots=True)
class Preference:
    """What a judge prefers.

    winner : "a", "b" or "tie". value : how good `a` is against `b`, 1, 0 or 0.5.
    consistent : whether both orders gave the same winner; where not, it is a tie.
    shown_first, shown_second : the winner when `a` was shown first, and when it was shown second.
    reasons : the judge's, in these two orders. cost_usd : None where the price is unknown.
    """

    winner: str
    value: float
    consistent: bool
    shown_first: str
    shown_second: str
    reasons: tuple[str, str]
    cost_usd: float | None


_OF_LABEL = {"first": ("a", "b"), "second": ("b", "a"), "tie": ("tie", "tie")}
"""The winner that a label means, when `a` is shown first, and second."""


def compare(judge: Judge, a: str, b: str, given: Mapping[str, str] | None = None) -> Preference:
    """Which of the answers `a` and `b` is better by a pairwise rubric. given : the rubric's other texts, by name.

    NoVerdict where one of both calls comes to nothing, BudgetSpent where they cannot be paid, ConfigError for a rubric of
    another kind.

    References
    ----------
    Zheng et al. (2023), Judging LLM-as-a-judge with MT-Bench and Chatbot Arena, section 3.4 (swapping positions).
    """
    if judge.rubric.kind != "pairwise":
        raise ConfigError("this rubric does not compare answers", rule="kind: pairwise", found=judge.rubric.name)
    others: dict[str, str] = {name: (given or {}).get(name, "") for name in judge.rubric.reads}
    if missing := [name for name, text in others.items() if not text and name not in judge.rubric.optional]:
        raise ConfigError("a text that the rubric reads is not given", found=", ".join(missing))
    shown = {name: text for name, text in others.items() if text}
    verdicts = []
    for first, second in ((a, b), (b, a)):
        verdicts.append(judge.ask({**shown, "first_answer": first, "second_answer": second}))
    winners = tuple(_OF_LABEL[verdict.label][place] for place, verdict in enumerate(verdicts))
    consistent = winners[0] == winners[1]
    winner = winners[0] if consistent else "tie"
    costs = [verdict.cost_usd for verdict in verdicts if verdict.cost_usd is not None]
    return Preference(
        winner=winner,
        value={"a": 1.0, "b": 0.0, "tie": 0.5}[winner],
        consistent=consistent,
        shown_first=winners[0],
        shown_second=winners[1],
        reasons=(verdicts[0].reason, verdicts[1].reason),
        cost_usd=round(sum(costs), 9) if costs else None,
    )
