"""What comes with the package: one line each, a name and where it stands. Nothing of it is imported before it is needed."""

from __future__ import annotations

EVALUATORS: dict[str, str] = {
    "groundedness": "obs_lib.evaluators.groundedness:Groundedness",
    "toxicity": "obs_lib.evaluators.toxicity:Toxicity",
    "relevance": "obs_lib.evaluators.relevance:Relevance",
    "refusal": "obs_lib.evaluators.refusal:Refusal",
    "format": "obs_lib.evaluators.format:Format",
    "context_relevance": "obs_lib.evaluators.retrieval:ContextRelevance",
    "context_utilization": "obs_lib.evaluators.retrieval:ContextUtilization",
    "repetition": "obs_lib.evaluators.repetition:Repetition",
    "secret_leak": "obs_lib.evaluators.leaks:SecretLeak",
    "personal_leak": "obs_lib.evaluators.leaks:PersonalLeak",
    "prompt_injection": "obs_lib.evaluators.injection:PromptInjection",
    "context_injection": "obs_lib.evaluators.injection:ContextInjection",
    "language_mismatch": "obs_lib.evaluators.language_mismatch:LanguageMismatch",
    "over_refusal": "obs_lib.evaluators.over_refusal:OverRefusal",
    "abstention": "obs_lib.evaluators.abstention:Abstention",
    "accuracy": "obs_lib.evaluators.accuracy:Accuracy",
}
"""Evaluators in the order in which their metrics stand in every table and report. Anybody's follow them."""

SYSTEM: dict[str, str] = {
    "load": "obs_lib.summaries.load:LOAD",
    "errors": "obs_lib.summaries.errors:ERRORS",
    "finish": "obs_lib.summaries.finish:FINISH",
    "speed": "obs_lib.summaries.latency:SPEED",
    "usage": "obs_lib.summaries.usage:USAGE",
    "logged": "obs_lib.summaries.logged:LOGGED",
    "sessions": "obs_lib.summaries.session_metrics:SESSIONS",
    "tools": "obs_lib.summaries.tool_metrics:TOOLS",
    "consistency": "obs_lib.summaries.consistency:CONSISTENCY",
    "gpu": "obs_lib.summaries.gpu_metrics:GPU",
    "stages": "obs_lib.summaries.stage_metrics:STAGES",
}
"""Groups of system metrics in the same order."""
