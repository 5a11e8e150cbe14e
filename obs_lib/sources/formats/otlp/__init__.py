"""OpenTelemetry's traces and logs in the dialects that instrumentations write: GenAI, OpenInference, the Langfuse SDK."""
