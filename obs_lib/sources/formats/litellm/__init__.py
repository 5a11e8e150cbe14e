"""LiteLLM's StandardLoggingPayload."""
