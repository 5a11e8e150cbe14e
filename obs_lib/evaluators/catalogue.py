"""Every evaluator, as a tuple of objects."""

from __future__ import annotations

from collections.abc import Callable

from obs_lib.errors import ConfigError
from obs_lib.evaluators.accuracy import Accuracy
from obs_lib.evaluators.by_model import build_by_model
from obs_lib.evaluators.format import Format
from obs_lib.evaluators.groundedness import Groundedness, TokenEncoder
from obs_lib.evaluators.heads import Head, load_head
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.refusal import Refusal
from obs_lib.evaluators.relevance import Relevance
from obs_lib.evaluators.retrieval import ContextRelevance, Utilisation
from obs_lib.evaluators.toxicity import Toxicity
from obs_lib.records import Evaluator

TRAINED: dict[str, Callable[[EvaluatorOptions, Head, TokenEncoder], Evaluator]] = {
    "groundedness": Groundedness,
    "toxicity": lambda options, head, _: Toxicity(options, head),
    "relevance": lambda options, head, _: Relevance(options, head),
    "refusal": lambda options, head, _: Refusal(options, head),
}
"""Evaluators that read what an encoder makes of texts through a trained head."""


def build(
    options: EvaluatorOptions,
    tokens: TokenEncoder,
    encoder: str | None = None,
    wanted: tuple[str, ...] | None = None,
) -> tuple[Evaluator, ...]:
    """All evaluators that fit the encoder, in the order of the catalogue of metrics.

    Parameters
    ----------
    tokens : reads texts token by token, where a text's one vector is too coarse.
    encoder : name of the weights behind the vectors, as in `Encoder.weights`; None: those that the heads were trained on.
    wanted : names of those that must be among them; None for all. Others without a head for this encoder are left out.

    ConfigError when a wanted one has no head for this encoder, or a JSON schema in the options cannot be read.
    """
    if wanted is not None and ContextRelevance.name in wanted:
        wanted = (*wanted, Relevance.name)  # which it asks
    found: list[Evaluator] = []
    for name, make in TRAINED.items():
        try:
            found.append(
                build_by_model(name, options)
                if name in options.models
                else make(options, load_head(name, options.weights, encoder), tokens)
            )
        except ConfigError:
            if wanted is None or name in wanted:
                raise
    relevance = next((one for one in found if one.name == Relevance.name), None)
    found.append(Format(options))
    if relevance is not None:
        found.append(ContextRelevance(options, relevance))
    return (*found, Utilisation(options, encoder or "any"), Accuracy(options))
