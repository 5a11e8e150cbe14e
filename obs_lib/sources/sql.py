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

        start = dt.datetime.combine(day, dt.time(), dt.UTC)
        moments = {"start": start, "end": start + dt.timedelta(days=1)}
        engine = self._engine()
        try:
            with engine.connect() as base:
                streaming = base.execution_options(stream_results=True, yield_per=_ROWS)
                found = streaming.execute(text(self._query), moments)
                names = list(found.keys())
                for number, row in enumerate(found, start=1):
                    yield Entry(ORIGIN, number, as_json(dict(zip(names, row, strict=True))))
        except SQLAlchemyError as error:
            raise SourceError(
                "the database does not answer the query",
                found=self._told(error),
                where=engine.url.render_as_string(hide_password=True),
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
        url = (
            "postgresql://" + self._url.removeprefix("postgres://")
            if self._url.startswith("postgres://")
            else self._url
        )
        try:
            return create_engine(url, hide_parameters=True)
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            raise ConfigError(
                "the address of the database cannot be used",
                rule="a SQLAlchemy URL whose driver is installed",
                found=type(error).__name__,
                where="sources[].url",
            ) from None

    def _told(self, error: Exception) -> str:
        """The driver's own words, without the address."""
        cause = getattr(error, "orig", None) or error
        return (
            str(cause).replace(self._url, "the database").splitlines()[0][:200] if str(cause) else type(cause).__name__
        )
