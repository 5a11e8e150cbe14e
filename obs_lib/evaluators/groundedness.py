"""Groundedness: is everything that the answer says supported by the contexts it was given?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import pandas as pd

from obs_lib.catalogue.score import OwnModels, Score
from obs_lib.errors import NoHead
from obs_lib.evaluators.anchors import SHIPPED
from obs_lib.evaluators.facts.contradictions import Contradiction, contradictions
from obs_lib.evaluators.heads import Head
from obs_lib.evaluators.kit import Kit, TokenEncoder
from obs_lib.evaluators.material import Material, gather_material
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.outcomes import Outcome, outcomes, scored, skipped, wanted
from obs_lib.evaluators.support import Read, Support, weigh
from obs_lib.evaluators.support_features import FEATURES, features
from obs_lib.records import Evaluator, Metric, Vectors
from obs_lib.text import sentences

CONTRADICTED = 0.3
"""What a contradiction leaves of the probability: at most this share of what the rules find are none (the model card says how
many), and the order of the answers among each other stays."""
_EXCERPT = 300
_SHOWN = 3


class Groundedness:
    """Implements `records.Evaluator`. 1: every statement is supported; under 0.5 counts as hallucination."""

    declaration = Score(
        name="groundedness",
        needs=frozenset({"response", "contexts", "error"}),
        metrics=(
            Metric(
                "hallucination_rate",
                "Hallucination rate",
                "share",
                "lower_is_better",
                0.05,
                "share of answers whose probability of being supported by their contexts is under 0.5",
                evaluator="groundedness",
                aggregation="share_below",
                severe_effect=0.05,
                complaint="Answers are not supported by their documents",
            ),
        ),
        labels=("grounded", "faithful", "supported"),
        counted="hallucinated",
        anchors=SHIPPED / "groundedness.jsonl",
        rubric="groundedness",
        languages=("en",),
        heads=("groundedness",),
        own_models=OwnModels(
            ("nli", "tokens"),
            "entailment entailed entail entails supported support supports consistent consistency factual "
            "grounded faithful attributable",
        ),
        ordinary=True,
    )
    name, needs = declaration.name, declaration.needs

    @classmethod
    def build(cls, kit: Kit) -> Evaluator:
        return cls(kit.options, kit.head(cls.name), kit.tokens)

    def __init__(self, options: EvaluatorOptions, head: Head, encoder: TokenEncoder) -> None:
        self._options, self._head, self._encoder = options, head, encoder
        self._columns = columns(head)
        limits = (options.max_characters, options.max_sentences, options.max_passages)
        self.version = f"3-{self._head.digest}-{'.'.join(map(str, limits))}"
        self.describe = (
            "Probability that the whole answer is supported by its contexts: logistic regression on the alignment of tokens "
            f"({self._head.encoder}), words and word pairs taken over, and checks of numbers, units, names, negation and "
            f"opposites; trained on {', '.join(self._head.trained_on['sets'])}. A quantity, date, name, quantifier or denial "
            f"that the contexts contradict leaves {CONTRADICTED:g} of it."
        )

    def texts(self, batch: pd.DataFrame) -> list[str]:
        return []

    def score(self, batch: pd.DataFrame, vectors: Vectors) -> pd.DataFrame:
        @cache
        def gathered(response: str, contexts: str | None) -> Material:
            return gather_material(response, contexts, self._options)

        texts = wanted(batch, lambda case, response: _texts(gathered(response, case.contexts)))
        pairs = wanted(batch, lambda case, response: self._pairs(gathered(response, case.contexts)))
        read = Read(
            dict(zip(texts, self._encoder.tokens(texts), strict=True)),
            dict(zip(pairs, self._encoder.pairs(pairs).tolist(), strict=True)) if pairs else {},
        )
        return outcomes(batch, lambda case, response: self._verdict(response, gathered(response, case.contexts), read))

    def _pairs(self, material: Material) -> list[tuple[str, str]]:
        return material.pairs if reads_pairs(self._head) and material.contexts else []

    def _probability(self, material: Material, supports: Sequence[Support]) -> float:
        head = (self._head.structured if material.structured else None) or self._head
        return head.probability(features(supports)[self._columns])

    def _verdict(self, response: str, material: Material, read: Read) -> Outcome:
        if not material.contexts:
            return skipped("no contexts")
        if not material.answer:
            return skipped("the answer claims nothing" if sentences(response) else "the answer has no words")
        supports = weigh(material, read)
        value, against = self._probability(material, supports), contradicted(material)
        return scored(value * CONTRADICTED if against else value, self._evidence(material, supports, against))

    def _evidence(
        self, material: Material, supports: Sequence[Support], against: Sequence[Contradiction]
    ) -> dict[str, object]:
        """What the contexts contradict, and the least supported sentences, each with its place and the nearest passage."""
        single = [self._probability(material, [support]) for support in supports]
        worst = sorted(range(len(supports)), key=lambda i: (round(single[i], 6), i))[:_SHOWN]
        return {
            "least_supported": [
                {
                    "start": supports[i].span.start,
                    "end": supports[i].span.end,
                    "sentence": supports[i].span.text[:_EXCERPT],
                    "supported": round(single[i], 4),
                    "nearest_passage": _nearest(material, supports[i]),
                    "not_in_contexts": list(supports[i].faults.found[:10]),
                }
                for i in worst
            ],
            **({"contradictions": [each._asdict() for each in against[:_SHOWN]]} if against else {}),
        }


def contradicted(material: Material) -> list[Contradiction]:
    """What of the answer its contexts say otherwise; a value with any is multiplied by CONTRADICTED."""
    return contradictions(material.answer, material.contexts)


def columns(head: Head) -> list[int]:
    """Where the head's features stand among FEATURES. NoHead where it has others: it was trained for another release."""
    if unknown := [name for name in head.features if name not in FEATURES]:
        raise NoHead(
            "the groundedness head weighs what is not measured",
            rule=", ".join(FEATURES),
            found=", ".join(unknown),
            where="evaluators.weights",
            fix="train the heads anew (docs/models.md, Heads for another encoder)",
        )
    return [FEATURES.index(name) for name in head.features]


def reads_pairs(head: Head) -> bool:
    return any(name.startswith("entailed") for name in head.features)


def _texts(material: Material) -> list[str]:
    return [material.response, *material.passages] if material.contexts and material.answer else []


def _nearest(material: Material, support: Support) -> str | None:
    at = support.aligned.nearest
    return material.passages[at][:_EXCERPT] if at >= 0 else None
