"""What the environment says: channels and connections. Secrets come from here, or from Airflow; never from obs.yaml."""

from __future__ import annotations

import os
import re

from obs_lib.connections import Connection
from obs_lib.errors import ConfigError

NOTIFY_VARIABLE = "OBS_NOTIFY_URLS"
CONNECTION_PREFIX = "OBS_CONNECTION_"


def notify_urls() -> tuple[str, ...]:
    """Apprise URLs of the channels that take pages, from the environment, separated by spaces."""
    return tuple(os.environ.get(NOTIFY_VARIABLE, "").split())


def environment_connection(name: str) -> Connection:
    """The connection in $OBS_CONNECTION_<NAME>, an address such as s3://key:secret@?endpoint_url=... ; ConfigError if unset."""
    variable = CONNECTION_PREFIX + re.sub(r"\W", "_", name).upper()
    address = os.environ.get(variable)
    if not address:
        raise ConfigError("a connection is named that is not known", rule=f"set in ${variable}", found=name)
    return Connection.from_uri(address)
