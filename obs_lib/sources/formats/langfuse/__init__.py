"""Langfuse's observations, traces and scores."""
