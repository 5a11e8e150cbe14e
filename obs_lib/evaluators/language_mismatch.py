"""Language mismatch: is the answer in another language than the prompt? A rule over detected languages, no trained head."""

from __future__ import annotations

import re

from obs_lib.catalogue.score import Score
from obs_lib.evaluators.anchors import SHIPPED
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.outcomes import Case, Outcome, scored, skipped
from obs_lib.evaluators.rule import Rule
from obs_lib.languages import DETECTOR, are_kin, language_name, language_of, names_language
from obs_lib.records import Metric
from obs_lib.text import sentences

_ENDS = 12  # parts at the beginning and at the end of a prompt, where what is asked stands
_QUOTING = re.compile('[:\N{FULLWIDTH COLON}"“”„«»]')  # between what is asked and the text that it is asked of
_TRANSLATING = re.compile(
    r"translat|übersetz|vertal|översätt|oversett|traduc|traduz|tradui|tradur|traducción|перев(?:од|ед|ест)|перекла|tłumacz"
    r"|překlad|přelož|çevir|ترجم|תרג|अनुवाद|翻译|翻譯|翻訳|訳し|번역|แปล|dịch|terjemah|fordít|käännä|μεταφρά",
    re.IGNORECASE,
)


class LanguageMismatch(Rule):
    """1 where the answer is in a language in which nothing of the prompt is, else 0.

    Languages that are easily taken for each other count as one (`languages.are_kin`). Skipped where either language is
    undetermined, and where the prompt asks for a translation or names a language: then another one may be what was asked for.
    """

    declaration = Score(
        name="language_mismatch",
        needs=frozenset({"prompt", "response", "error"}),
        metrics=(
            Metric(
                "language_mismatch_rate",
                "Answers in another language",
                "share",
                "lower_is_better",
                None,
                "share of answers that are in another language than their prompt, of those where both languages can be told",
                evaluator="language_mismatch",
                aggregation="share_above",
                smallest_effect=0.02,
                complaint="Answers are in another language than asked",
            ),
        ),
        labels=("other_language",),
        counted="in another language",
        pass_fail=True,
        anchors=SHIPPED / "language_mismatch.jsonl",
        rare=True,
    )
    describe = (
        f"Whether the answer is in a language in which no part of the prompt is ({DETECTOR}); prompts that name a language "
        "or ask for a translation are left out."
    )

    def __init__(self, options: EvaluatorOptions) -> None:
        super().__init__(options)
        self.version = f"1-{DETECTOR}-{self._limit}"

    def _verdict(self, case: Case, response: str) -> Outcome:
        prompt = (case.prompt or "")[: self._limit]
        if not prompt.strip():
            return skipped("there is no prompt")
        answered = language_of(response)
        if answered is None:
            return skipped("the answer's language cannot be told")
        asked = _languages(prompt)
        if not asked:
            return skipped("the prompt's language cannot be told")
        if _TRANSLATING.search(prompt):
            return skipped("the prompt asks for a translation")
        if names_language(prompt):
            return skipped("the prompt names a language")
        other = not any(are_kin(answered, language) for language in asked)
        evidence = {"prompt": ", ".join(map(language_name, asked)), "answer": language_name(answered)}
        return scored(float(other), evidence)


def _languages(prompt: str) -> list[str]:
    """The languages of the prompt and of its parts, in order: sentences, cut where something is quoted."""
    parts = [part for span in sentences(prompt) for part in _QUOTING.split(span.text)]
    shown = parts if len(parts) <= 2 * _ENDS else [*parts[:_ENDS], *parts[-_ENDS:]]
    return list(dict.fromkeys(code for text in (prompt, *shown) if (code := language_of(text)) is not None))
