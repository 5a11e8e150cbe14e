"""Airflow's connections as the library takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from obs_lib.connections import Connection


def connection(name: str) -> Connection:
    """The credentials behind a name that obs.yaml uses: an Airflow connection, else $OBS_CONNECTION_<NAME> of the worker.

    They stay in this process: nothing of them passes through XCom, and logs mask them.
    """
    from airflow.sdk import Connection as AirflowConnection
    from airflow.sdk.exceptions import AirflowNotFoundException
    from airflow.sdk.log import mask_secret

    from obs_lib.connections import Connection
    from obs_lib.settings.environment import environment_connection

    try:
        found = AirflowConnection.get(name)
    except AirflowNotFoundException:
        return environment_connection(name)
    mask_secret(found.password)
    return Connection(_uri(found), _host(found), found.login, found.password, found.extra_dejson)


_OF_HOOKS = frozenset(
    ("sqlalchemy_scheme", "sqlalchemy_query", "cursor", "iam", "aws_conn_id", "azure_conn_id", "redshift")
)
"""Extras by which Airflow's own hooks are told what to do; no driver knows them."""


def _uri(found: Any) -> str:
    """An address that SQLAlchemy takes: after `?` stand only the extras that are for the driver, each by its name.

    Airflow's own puts all of them into one parameter `__extra__` as soon as one is no text.
    """
    address = found.get_uri().partition("?")[0]
    extra = dict(found.extra_dejson)
    if extra.get("sqlalchemy_scheme"):
        address = str(extra["sqlalchemy_scheme"]) + "://" + address.partition("://")[2]
    known = {
        name: str(value)
        for name, value in extra.items()
        if name not in _OF_HOOKS and isinstance(value, str | int | float) and not name.startswith("extra__")
    }
    return f"{address}?{urlencode(known)}" if known else address


def _host(found: Any) -> str | None:
    """The address without credentials; of a connection of type HTTP whole, by the rule of Airflow's HTTP hook."""
    host: str | None = found.host
    if not host or "://" in host or found.conn_type not in ("http", "https"):
        return host or None
    scheme = found.schema or found.conn_type
    return f"{scheme}://{host}:{found.port}" if found.port else f"{scheme}://{host}"
