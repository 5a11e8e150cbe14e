"""Every evaluator, as a tuple of objects."""

from __future__ import annotations

from obs_lib.evaluators.format import Format
from obs_lib.evaluators.groundedness import Groundedness
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.refusal import Refusal
from obs_lib.evaluators.relevance import Relevance
from obs_lib.evaluators.toxicity import Toxicity
from obs_lib.records import Evaluator


def build(options: EvaluatorOptions) -> tuple[Evaluator, ...]:
    """All evaluators, in the order of the catalogue of metrics.

    ConfigError when a JSON schema in the options cannot be read.
    """
    return (Groundedness(options), Toxicity(options), Relevance(options), Refusal(options), Format(options))
