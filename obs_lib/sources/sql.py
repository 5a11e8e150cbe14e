"""Entries of a SQL query, streamed in batches, with the day as bound parameters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from obs_lib.errors import ConfigError, SourceError
from obs_lib.records import Day
from obs_lib.sources.content import as_json
from obs_lib.sources.entries import Entry

ORIGIN = "query"
_ROWS = 1_000  # fetched at once
_IN_UTC = {
    "postgresql": "SET TIME ZONE 'UTC'",
    "mysql": "SET time_zone = '+00:00'",
    "mariadb": "SET time_zone = '+00:00'",
}
"""How a session is told that times without an offset are UTC, for comparing them with `:start` and `:end`, by dialect."""


class SqlEntries:
    """The rows of a query, each as JSON with the columns' names. Cheap to construct; connects when read.

    url : SQLAlchemy URL. query : binds `:start` and `:end`, moments in UTC between which the day lies (end excluded).
    """

    def __init__(self, url: str, query: str) -> None:
        self._url, self._query = url, query

    def entries(self, day: Day) -> Iterator[Entry]:
        """The rows of the day, in the order in which the database gives them.

        SourceError when the database cannot be asked or does not understand the query.
        """
        from sqlalchemy import text
        from sqlalchemy.exc import SQLAlchemyError

        engine = self._engine()
        dialect = engine.dialect.name
        try:
            with engine.connect() as base:
                if dialect in _IN_UTC:
                    base.execute(text(_IN_UTC[dialect]))
                streaming = base.execution_options(stream_results=True, yield_per=_ROWS)
                result = streaming.execute(text(self._query), _bounds(day, dialect))
                names = list(result.keys())
                for number, row in enumerate(result, start=1):
                    yield Entry(ORIGIN, number, as_json(dict(zip(names, row, strict=True))))
        except (
            SQLAlchemyError,
            ValueError,
            OverflowError,
        ) as error:  # drivers raise the last two for years beyond 9999
            raise SourceError(
                "the database does not answer the query",
                found=_driver_words(error, engine.url.password),
                # without what follows `?`, where drivers take passwords too
                where=engine.url.set(query={}).render_as_string(hide_password=True),
                fix="try the query there, with :start and :end bound, and see that this machine may connect",
            ) from None  # the cause holds the address with its password
        finally:
            engine.dispose()

    def days(self) -> list[Day]:
        """A query names no days."""
        return []

    def undated(self) -> Iterator[Entry]:
        """A query can only be asked for a day."""
        return iter(())

    def _engine(self) -> Any:
        try:
            from sqlalchemy import create_engine
        except ImportError as error:
            raise ConfigError(
                "SQL sources need SQLAlchemy", where="sources[].query", fix="pip install 'llm-night-watch[sql]'"
            ) from error
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError

        # Airflow writes the scheme as Heroku did, and so do many people.
        old = self._url.startswith("postgres://")
        url = "postgresql://" + self._url.removeprefix("postgres://") if old else self._url
        try:
            return create_engine(url, hide_parameters=True)
        except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
            # These two name a module; the others repeat the address.
            harmless = isinstance(error, NoSuchModuleError | ImportError)
            raise ConfigError(
                "the address of the database cannot be used",
                rule="a SQLAlchemy URL whose driver is installed",
                found=str(error) if harmless else type(error).__name__,
                where="sources[].url",
            ) from None


def _bounds(day: Day, dialect: str) -> dict[str, object]:
    """`:start` and `:end`. SQLite has no type for moments: there they are the text that begins all other ways to write them."""
    start = dt.datetime.combine(day, dt.time(), dt.UTC)
    moments = {"start": start, "end": start + dt.timedelta(days=1)}
    if dialect == "sqlite":
        return {name: f"{moment:%Y-%m-%d %H:%M:%S}" for name, moment in moments.items()}
    return dict(moments)


def _driver_words(error: Exception, password: object) -> str:
    """The driver's own words, in one line, without the password."""
    cause = getattr(error, "orig", None) or error
    words = (str(cause).splitlines() or [type(cause).__name__])[0]
    return (words.replace(str(password), "***") if password else words)[:200]
