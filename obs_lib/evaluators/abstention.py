"""Abstention: does the answer say that it does not know, or that its contexts are silent?"""

from __future__ import annotations

from obs_lib.catalogue.score import Score
from obs_lib.evaluators.claims import Sense, sense_of
from obs_lib.evaluators.outcomes import Case, Outcome, scored, skipped
from obs_lib.evaluators.passages import read_texts
from obs_lib.evaluators.rule import Rule
from obs_lib.records import Metric
from obs_lib.text import sentences

_SHOWN, _EXCERPT = 3, 300


class Abstention(Rule):
    """The share of what is said that says it does not know; above 0.5 the answer abstains."""

    declaration = Score(
        name="abstention",
        needs=frozenset({"response", "contexts", "error"}),
        metrics=(
            Metric(
                "abstention_rate",
                "Abstention rate",
                "share",
                "lower_is_better",
                None,
                "share of answers with contexts that mostly say that they do not know, or that the contexts are silent",
                evaluator="abstention",
                aggregation="share_above",
                complaint="Answers say that they do not know",
            ),
        ),
        labels=("abstained",),
        opt_in=True,
        languages=("en",),
    )
    version = "1"
    describe = (
        "Sentences that say that the answer does not know or its contexts are silent, by patterns of English, over these and "
        "the sentences that claim something. An answer that claims nothing is no hallucination: groundedness skips it."
    )

    def _verdict(self, case: Case, response: str) -> Outcome:
        if not read_texts(case.contexts):
            return skipped("no contexts")
        spans = sentences(response[: self._limit])
        silent = [span for span in spans if sense_of(span.text) is Sense.SILENT]
        claims = sum(sense_of(span.text) is Sense.CLAIM for span in spans)
        shown = [{"start": span.start, "end": span.end, "sentence": span.text[:_EXCERPT]} for span in silent[:_SHOWN]]
        return scored(len(silent) / max(len(silent) + claims, 1), {"abstains": shown, "claims": claims})
