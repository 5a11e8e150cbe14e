"""What of an answer and its contexts groundedness reads: the answer's claims, and the passages nearest to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from obs_lib.evaluators.claims import Sense, sense_of
from obs_lib.evaluators.evidence import Evidence
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.passages import context_set, nearest
from obs_lib.evaluators.structured import as_sentences
from obs_lib.text import Span, sentences

PASSAGE = 800
"""Characters of a context behind one reading of the encoder: what it can read of English prose at once (256 tokens)."""


@dataclass(frozen=True)
class Material:
    """Claims of an answer, and the passages that share most words with it. Order is by text.

    contexts : as they are compared; empty where the interaction has none. structured : whether most of what they say is data
    (JSON, tables, flags) that is told in sentences here.
    """

    response: str
    answer: tuple[Span, ...]
    passages: tuple[str, ...]
    contexts: tuple[str, ...]
    structured: bool = False

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """Each sentence of the answer behind the evidence that it is read beside."""
        evidence = Evidence(self.contexts)
        return [(evidence.beside(span.text), span.text) for span in self.answer]


def gather_material(response: str, contexts: str | None, options: EvaluatorOptions) -> Material:
    """What is read of an answer and the contexts of its interaction.

    ValueError when these are not the JSON list of objects that `interactions` promises.
    """
    told = {text: as_sentences(text) for text in (given[: options.max_characters] for given in context_set(contexts))}
    compared = tuple(sorted(set(told.values())))
    spoken = sentences(response[: options.max_characters])
    spans = [span for span in spoken if sense_of(span.text) is Sense.CLAIM][: options.max_sentences]
    text = response[: spans[-1].end] if spans else ""
    passages = sorted({piece for context in compared for piece in _passages(context)})
    chosen = tuple(sorted(nearest(passages, text, options.max_passages)))
    return Material(text, tuple(spans), chosen, compared, structured=_mostly_data(told))


def _mostly_data(told: Mapping[str, str]) -> bool:
    """Whether most lines of these contexts, by what was given, are not as they were given."""
    made = [
        line not in own for given, text in told.items() for own in [{*given.split("\n")}] for line in text.split("\n")
    ]
    return 2 * sum(made) > len(made)


def _passages(context: str) -> list[str]:
    """Whole sentences together, up to PASSAGE characters each."""
    cuts: list[list[Span]] = [[]]
    for span in sentences(context):
        if cuts[-1] and span.end - cuts[-1][0].start > PASSAGE:
            cuts.append([])
        cuts[-1].append(span)
    return [context[cut[0].start : cut[-1].end] for cut in cuts if cut]
