"""Dialects without a shape of their own: known by a name, read by the conventions that they follow."""

from __future__ import annotations

NAMED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Langfuse SDK", ("langfuse.",)),
    ("OpenInference", ("openinference.", "llm.input_messages", "llm.output_messages", "llm.token_count")),
    ("LiteLLM", ("litellm.", "metadata.user_api_key", "gen_ai.cost.")),
    ("OpenLLMetry", ("traceloop.", "llm.request.type", "llm.vendor", "llm.usage.")),
    ("vLLM", ("gen_ai.latency.",)),
    ("Semantic Kernel", ("gen_ai.operation.duration", "semantic_kernel.")),
    ("GenAI conventions", ("gen_ai.",)),
)
"""What readers call it, and how its names begin; narrower ones first."""
