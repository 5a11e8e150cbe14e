"""Evaluators outside the night: any file scored, and agreement with people's labels measured. Only `obs` imports it."""
