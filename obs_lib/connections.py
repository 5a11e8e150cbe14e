"""Credentials, handed in by whoever runs a step: Airflow's connections, or the environment. Never settings, never stored."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from obs_lib.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Connection:
    """What is behind a name. Nothing of it shows in a repr.

    uri : the whole as one address, such as postgresql://user:password@host/base.
    host : the address without credentials; login, password: None where there are none.
    extra : whatever else the place wants, such as {"endpoint_url": ...} for S3.
    """

    uri: str = field(repr=False)
    host: str | None = field(default=None, repr=False)
    login: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def from_uri(cls, uri: str) -> Connection:
        """Take an address apart; its query becomes `extra`.

        >>> one = Connection.from_uri("s3://key:se%2Fcret@?endpoint_url=http%3A%2F%2F127.0.0.1%3A5000")
        >>> one.login, one.password, one.extra["endpoint_url"]
        ('key', 'se/cret', 'http://127.0.0.1:5000')
        """
        parts = urlsplit(uri)
        login, password = (unquote(part) if part is not None else None for part in (parts.username, parts.password))
        place = parts.netloc.rpartition("@")[2]
        host = f"{parts.scheme}://{place}{parts.path}" if place else None
        return cls(uri, host, login or None, password, dict(parse_qsl(parts.query)))


Connections = Callable[[str], Connection]
"""The connection behind a name; ConfigError where there is none."""


def none_known(name: str) -> Connection:
    """Connections of a caller that has none."""
    raise ConfigError(
        "no connection of this name is known here",
        found=name,
        fix="set OBS_CONNECTION_<NAME>, or name an Airflow connection that exists",
    )


def http_authorization(connection: Connection) -> dict[str, str]:
    """The header by which a server knows us: a login with its password, else a password alone as bearer token; {} for none.

    ConfigError for a token that no header can hold.

    >>> http_authorization(Connection.from_uri("https://me:secret@host")), http_authorization(Connection("", password="token"))
    ({'Authorization': 'Basic bWU6c2VjcmV0'}, {'Authorization': 'Bearer token'})
    """
    secret = connection.password or ""
    if not connection.login and not (secret.isascii() and secret.isprintable()):
        raise ConfigError(
            "a connection's token cannot stand in a header",
            rule="printable ASCII",
            fix="copy it again, without what stands around it",
        )
    if connection.login:
        pair = f"{connection.login}:{connection.password or ''}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return {"Authorization": f"Bearer {connection.password}"} if connection.password else {}


def storage_options(protocol: str, connection: Connection) -> dict[str, Any]:
    """What fsspec's file system of this protocol wants to hear (s3fs, gcsfs, adlfs); unknown ones get `extra` alone."""
    extra = dict(connection.extra)
    if protocol in ("s3", "s3a"):
        _refuse_roles(extra)
        client = {name: extra.pop(name) for name in ("endpoint_url", "region_name") if extra.get(name)}
        keys = {"key": connection.login, "secret": connection.password, "token": extra.pop("aws_session_token", None)}
        return {**keys, "client_kwargs": client, **extra}
    if protocol in ("az", "abfs", "abfss", "adl"):
        return {"account_name": connection.login, "account_key": connection.password, **extra}
    return extra


def object_store_options(protocol: str, connection: Connection) -> dict[str, str]:
    """The same for Delta Lake's object store, by the names of its own environment variables."""
    extra = {str(name): str(value) for name, value in connection.extra.items() if not isinstance(value, dict)}
    if protocol in ("s3", "s3a"):
        _refuse_roles(extra)
        endpoint, region = extra.pop("endpoint_url", ""), extra.pop("region_name", "")
        named = {
            "AWS_ACCESS_KEY_ID": connection.login,
            "AWS_SECRET_ACCESS_KEY": connection.password,
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_REGION": region,
            "AWS_ALLOW_HTTP": "true" if endpoint.startswith("http://") else "",
        }
    elif protocol in ("az", "abfs", "abfss"):
        named = {"AZURE_STORAGE_ACCOUNT_NAME": connection.login, "AZURE_STORAGE_ACCOUNT_KEY": connection.password}
    else:
        named = {}
    return {name: value for name, value in named.items() if value} | extra


def _refuse_roles(extra: Mapping[str, Any]) -> None:
    """Without the role the bare keys would be tried, and where nobody expects it they may open something else."""
    named = [name for name in ("role_arn", "profile_name") if extra.get(name)]
    if named:
        raise ConfigError(
            "a connection to S3 that takes another role or profile is not supported",
            rule="keys, or none where the machine has the role itself",
            found=", ".join(named),
            where="connection",
        )
