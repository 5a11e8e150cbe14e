"""Every evaluator, as a tuple of objects."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress

from obs_lib.errors import ConfigError
from obs_lib.evaluators.accuracy import Accuracy
from obs_lib.evaluators.by_model import build_by_model
from obs_lib.evaluators.format import Format
from obs_lib.evaluators.groundedness import Groundedness, TokenEncoder
from obs_lib.evaluators.heads import Head, load_head
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.over_refusal import HEAD as REQUEST_HARM
from obs_lib.evaluators.over_refusal import OverRefusal
from obs_lib.evaluators.refusal import Refusal
from obs_lib.evaluators.relevance import Relevance
from obs_lib.evaluators.retrieval import ContextRelevance, ContextUtilization
from obs_lib.evaluators.toxicity import Toxicity
from obs_lib.records import Evaluator

TRAINED: dict[str, Callable[[EvaluatorOptions, Head, TokenEncoder], Evaluator]] = {
    "groundedness": Groundedness,
    "toxicity": lambda options, head, _: Toxicity(options, head),
    "relevance": lambda options, head, _: Relevance(options, head),
    "refusal": lambda options, head, _: Refusal(options, head),
}
"""Evaluators that read what an encoder makes of texts through a trained head."""
_ASKS = {ContextRelevance.name: Relevance.name, OverRefusal.name: Refusal.name}
"""Evaluators that ask another one, and which."""


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
    wanted : names of those that must be among them; None for all but those of `obs_lib.catalogue.OPT_IN`. Others without a
        head for this encoder are left out.

    ConfigError when a wanted one has no head for this encoder, or a JSON schema in the options cannot be read.
    """
    required = {*TRAINED} if wanted is None else {*wanted}
    required |= {asked for name, asked in _ASKS.items() if name in required}
    found: dict[str, Evaluator] = {}
    for name, make in TRAINED.items():
        with _unless(name in required):
            found[name] = (
                build_by_model(name, options)
                if name in options.models
                else make(options, load_head(name, options.weights, encoder), tokens)
            )
    found[Format.name] = Format(options)
    if Relevance.name in found:
        found[ContextRelevance.name] = ContextRelevance(options, found[Relevance.name])
    found[ContextUtilization.name] = ContextUtilization(options, encoder or "any")
    if Refusal.name in found:
        with _unless(OverRefusal.name in required):
            harm = load_head(REQUEST_HARM, options.weights, encoder)
            found[OverRefusal.name] = OverRefusal(found[Refusal.name], harm)
    found[Accuracy.name] = Accuracy(options)
    return tuple(found.values())


def _unless(required: bool) -> AbstractContextManager[None]:
    """Leaves out what has no head for the encoder, unless it is required."""
    return nullcontext() if required else suppress(ConfigError)
