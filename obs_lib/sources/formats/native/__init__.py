"""The project's own log format."""
