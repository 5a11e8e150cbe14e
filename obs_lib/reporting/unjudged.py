"""Answers that nobody judged because of the language that they, their prompts or their contexts are in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from obs_lib.languages import Unmeasured, language_name
from obs_lib.records import ALL, ScoreStatus
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.numbers import count

WORTH_SAYING = 0.05
"""Share of the answers over which the night's verdict says that they were not judged."""
_NAMED = 4


@dataclass(frozen=True, slots=True)
class Unjudged:
    """What the evaluator that left out most of its answers left out."""

    n: int
    of: int
    """Answers that it would have judged in its own languages, `n` included."""
    languages: Counter[str]
    """How many, by the code of the language."""

    @property
    def sentence(self) -> str:
        """In plain words, without a full stop."""
        languages = [f"{language_name(code)} {count(n)}" for code, n in _ordered(self.languages)]
        more = len(languages) - _NAMED
        named = ", ".join(languages[:_NAMED]) + (f" and {more} more" if more > 0 else "")
        return f"{count(self.n)} of {count(self.of)} answers are in languages that evaluators were not measured on ({named})"


def unjudged(inputs: ReportInputs) -> Unjudged | None:
    """None where hardly any answer was left out, so that nothing need be said of it at the head of a page."""
    found = [
        one for metric in inputs.quality if metric.evaluator and (one := _of(inputs, metric.name, metric.evaluator))
    ]
    most = max(found, key=lambda one: one.n, default=None)
    return most if most is not None and most.n > WORTH_SAYING * most.of else None


def unmeasured_by(inputs: ReportInputs) -> dict[str, list[str]]:
    """The evaluators that left out answers in a language, by its code."""
    evaluators: dict[str, set[str]] = {}
    for reason in inputs.unscored:
        if (why := Unmeasured.of_note(reason.note)) is not None:
            evaluators.setdefault(why.language, set()).add(reason.evaluator)
    return {code: sorted(names) for code, names in evaluators.items()}


def _of(inputs: ReportInputs, metric: str, evaluator: str) -> Unjudged | None:
    languages: Counter[str] = Counter()
    for reason in inputs.unscored:
        why = Unmeasured.of_note(reason.note)
        if reason.evaluator == evaluator and reason.status is ScoreStatus.SKIPPED and why is not None:
            languages[why.language] += reason.n
    row, n = inputs.today(metric, ALL), languages.total()
    if row is None or not n:
        return None
    return Unjudged(n, n + int(row["n"]) + int(row["n_failed"]), languages)


def _ordered(languages: Counter[str]) -> list[tuple[str, int]]:
    return sorted(languages.items(), key=lambda item: (-item[1], item[0]))
