"""The evaluator behind a model that the settings name for a metric."""

from __future__ import annotations

from obs_lib.evaluators.classified import Classified
from obs_lib.evaluators.entailment import Entailment
from obs_lib.evaluators.hallucinated_spans import HallucinatedSpans
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.reranked import Reranked
from obs_lib.models.classifier import Classifier, load_classifier
from obs_lib.records import Evaluator


def build_by_model(name: str, options: EvaluatorOptions) -> Evaluator:
    """The evaluator of the metric `name`, with the model in `options.models`; loads nothing yet.

    ConfigError where the model's folder shows that it cannot give this score.
    """
    model = load_classifier(name, options.models[name], f"evaluators.models.{name}")
    return evaluator_of(name, options, model)


def evaluator_of(name: str, options: EvaluatorOptions, model: Classifier) -> Evaluator:
    """The evaluator that asks a model of its kind."""
    if model.kind == "nli":
        return Entailment(name, options, model)
    if model.kind == "tokens":
        return HallucinatedSpans(name, options, model)
    if model.kind == "reranker":
        return Reranked(name, options, model)
    return Classified(name, options, model)


def load_models(options: EvaluatorOptions) -> dict[str, str]:
    """Load every model that the settings name, ask it about an empty text, and say what each is: metric to identity.

    UnknownModel for the first that does not load: for `obs config check`, so that no night has to find out.
    """
    identities: dict[str, str] = {}
    for name, chosen in sorted(options.models.items()):
        model = load_classifier(name, chosen, f"evaluators.models.{name}")
        model.load()
        identities[name] = f"{model.identity}, {model.kind}"
    return identities
