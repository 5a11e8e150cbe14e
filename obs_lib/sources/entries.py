"""What flows through a source: entries as they stand in a log, and the rows that a format reads in them.

Two questions are kept apart. *Where* entries come from (files, a SQL query, an API) knows nothing of what they mean; *how* an
entry says what an interaction is (a format, `formats/base.py`) knows nothing of where it stood. A format gives fields in the
names of the native log format, unchecked; one set of rules (`validate.py`, `repair.py`) then holds for all formats alike.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from obs_lib.lake.table import Table
from obs_lib.lake.tables import GPU_SAMPLES, INTERACTIONS, LABELS, SPANS
from obs_lib.records import Day

TABLES = (INTERACTIONS, SPANS, LABELS, GPU_SAMPLES)
"""The tables that logs fill."""

CLOCKED = frozenset({"total_latency_ms", "ttft_ms", "duration_ms"})
"""What formats that log moments derive from them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a file, one row of a query, or one item of an API's answer.

    origin : where it stands: the file's path from the source's root, or the name of the query or API.
    number : its line, row or item there, from 1.
    raw : its text; JSON for everything but metrics in Prometheus text.
    day : the day that the origin's name says, None where it says none.
    cut : whether only the head was kept, because it was too long.
    """

    origin: str
    number: int
    raw: bytes
    day: Day | None = None
    cut: bool = False


class Entries(Protocol):
    """Where entries come from.

    entries : all in which rows of the day can stand, in reading order. days : those that names say. undated : the entries
    that no name gives a day. All raise SourceError when something cannot be read whole.
    """

    def entries(self, day: Day) -> Iterator[Entry]: ...

    def days(self) -> list[Day]: ...

    def undated(self) -> Iterator[Entry]: ...


@dataclass(frozen=True, slots=True)
class Row:
    """One row that an entry gives, not yet checked.

    table : one of TABLES.
    fields : by the names of the native log format (docs/logs.md) for interactions, of the table's columns for others; what is
        nested is lists and objects, not yet JSON text.
    of : the moment whose UTC day the row belongs to; None for that of its own time field. A span belongs to the day of its
        interaction. A label always belongs to the day of the interaction that it names, whenever it was given.
    repairs : names of `repair.RULES` that the format applied already.
    half_read : what a span says in attributes that nobody read, where a call's tokens arrive and its texts do not.
    """

    table: Table
    entry: Entry
    fields: dict[str, Any] = field(repr=False)
    of: dt.datetime | None = None
    repairs: tuple[str, ...] = ()
    half_read: HalfRead | None = None


@dataclass(frozen=True, slots=True)
class HalfRead:
    """A call whose texts are missing. dialect : what its names are, "unknown" where they are nobody's.

    unread : names of attributes that were seen, may hold the texts, and were not read.
    """

    dialect: str
    unread: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RejectedEntry:
    """An entry, or a part of it, that goes into quarantine, and why. The reason is shown as it is: no text of the log in it."""

    entry: Entry
    reason: str


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A call that is no chat, or an entry that holds none: no interaction, and no fault either.

    It is counted, so that nothing is lost in silence.

    what : what it is instead, in the log's word (`embeddings`), or in ours. of : its moment, where its entry is read for
    neighbouring days too; None where it counts for each day that its entry names.
    """

    entry: Entry
    what: str
    of: dt.datetime | None = None


Item = Row | RejectedEntry | PassedOver
"""What a format makes of an entry, or of a part of it."""


class Rejected(ValueError):
    """An entry or a row breaks a rule; the message is the reason that quarantine shows."""
