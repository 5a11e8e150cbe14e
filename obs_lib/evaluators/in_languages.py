"""What an evaluator may judge: texts in the languages that it was measured on. The others are skipped, and say so."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from obs_lib.evaluators.outcomes import Case, cases, reason_to_skip, skipped, to_frame
from obs_lib.evaluators.passages import read_texts
from obs_lib.languages import DETECTOR, Unmeasured, language_of
from obs_lib.records import Evaluator, Vectors

ANY = "*"
"""Among the languages of a model of one's own: it knows all of them."""


def in_languages(evaluator: Evaluator, languages: Sequence[str]) -> Evaluator:
    """The evaluator, given only what is written in these languages (ISO 639-1); itself where it knows all, or none is named."""
    return InLanguages(evaluator, tuple(languages)) if languages and ANY not in languages else evaluator


class InLanguages:
    """Implements `records.Evaluator` around one that was measured on some languages.

    Of the prompt, the answer and the contexts, those that it reads count. A text whose language is undetermined counts as
    measured: code, numbers and short answers are in no language.
    """

    def __init__(self, evaluator: Evaluator, languages: tuple[str, ...]) -> None:
        self._evaluator, self._languages = evaluator, languages
        self.name, self.needs, self.describe = evaluator.name, evaluator.needs, evaluator.describe
        self.version = f"{evaluator.version}-{'.'.join(languages)}-{DETECTOR}"

    def texts(self, batch: pd.DataFrame) -> list[str]:
        """Only those of rows that it will judge."""
        return self._evaluator.texts(batch[[reason is None for reason in self._reasons(batch)]])

    def score(self, batch: pd.DataFrame, vectors: Vectors) -> pd.DataFrame:
        """The evaluator's own rows, and SKIPPED with the language for the others."""
        reasons = self._reasons(batch)
        if not any(reasons):
            return self._evaluator.score(batch, vectors)
        left_out = [reason is not None for reason in reasons]
        rows = to_frame([skipped(reason) for reason in reasons if reason is not None], batch.index[left_out])
        if not all(left_out):
            judged = self._evaluator.score(batch[[not out for out in left_out]], vectors)
            rows = pd.concat([judged, rows.astype({"value": judged["value"].dtype})])
        return rows.loc[batch.index]

    def _reasons(self, batch: pd.DataFrame) -> list[str | None]:
        return [None if reason_to_skip(case) else self._reason(case) for case in cases(batch)]

    def _reason(self, case: Case) -> str | None:
        for name in _READ:
            if name in self.needs:
                text = case.contexts and _texts_of(case.contexts) if name == "contexts" else getattr(case, name)
                language = language_of(text)
                if language is not None and language not in self._languages:
                    return Unmeasured(name, language, self._languages).note
        return None


_READ = ("response", "prompt", "contexts")


def _texts_of(contexts: str) -> str:
    """What stands in the contexts, as one text; empty for what is no list of contexts."""
    try:
        return "\n".join(text for _, text in read_texts(contexts))
    except ValueError:
        return ""
