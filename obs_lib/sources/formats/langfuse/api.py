"""Langfuse's public API as the place of a source that has neither a path nor a query."""

from __future__ import annotations

from obs_lib.connections import Connection
from obs_lib.errors import ConfigError
from obs_lib.sources.entries import Entries
from obs_lib.sources.langfuse_api import LangfuseEntries
from obs_lib.sources.options import SourceOptions


def open_api(options: SourceOptions, connection: Connection | None) -> Entries:
    """The entries that the server hands out; opens nothing yet. ConfigError without its address and keys."""
    if connection is None or not (options.url or connection.host):
        raise ConfigError(
            "Langfuse's API needs an address and keys",
            rule="`connection`, whose login is the public key and whose password is the secret key, and `url` or its host",
            where="sources[]",
        )
    return LangfuseEntries(str(options.url or connection.host), connection.login or "", connection.password or "")
