"""What a log format is: a class of one's own file that says what an entry means. docs/extending.md walks through one."""

from __future__ import annotations

import traceback
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from obs_lib.connections import Connection
from obs_lib.errors import ConfigError
from obs_lib.lake.table import Table
from obs_lib.lake.tables import INTERACTIONS
from obs_lib.records import Day
from obs_lib.sources.entries import Entries, Entry, Item, PassedOver, Rejected, RejectedEntry, Row
from obs_lib.sources.options import SourceOptions
from obs_lib.sources.stages import StageNamer, StageNames

CALL = frozenset(
    {
        *("request_id", "timestamp", "model_version", "prompt", "messages", "response", "tools", "tool_calls"),
        *("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens", "finish_reason"),
        *("error", "error_kind"),
    }
)
"""What every log of calls can say."""

FOUND_OUT = frozenset({"prompt_language", "response_language", "error_logged", "repairs"})
"""Columns of interactions that no log says: they are found out of the others, in every format alike."""


class Format(ABC):
    """How one kind of log says what an interaction is. Pure: the same entries in the same order give the same rows.

    describe : what it reads, in a line, for the documentation.
    tables : those of `entries.TABLES` (INTERACTIONS, SPANS, LABELS, GPU_SAMPLES) whose rows it can give.
    version : to be raised whenever the same entry would be read differently: days of late logs are then read again. Empty for
        the formats of the package, whose version is that of the tables.
    fields : names of the fields of the native format that its interactions can have; for the documentation.
    derived : names of fields that are differences of two clock readings. A negative one is made unknown, not rejected.
    """

    describe: str
    tables: frozenset[Table]
    version: str = ""
    fields: frozenset[str] = frozenset()
    derived: frozenset[str] = frozenset()

    @classmethod
    def from_options(cls, options: SourceOptions) -> Self:
        """The format for one source; overridden by formats that read its options."""
        return cls()

    @classmethod
    def open_entries(cls, options: SourceOptions, connection: Connection | None) -> Entries:
        """Where entries come from without a path and a query; overridden by formats that a server hands out."""
        raise ConfigError(
            "a source has no place that its format can be read from", rule="a `path` or a `query`", where="sources[]"
        )

    @classmethod
    def owns(cls, item: Mapping[str, Any]) -> bool:
        """Whether an entry is of this format for certain, by its names: to tell whoever reads it as another one."""
        return False

    def unread(self, item: Mapping[str, Any]) -> Iterable[str]:
        """Names of an entry that mean nothing here, where the format knows all that mean something."""
        return ()

    @abstractmethod
    def days(self, raw: bytes) -> set[Day]:
        """The UTC days that the entry's rows can belong to, taken cheaply, without parsing it; empty where it says none."""

    @abstractmethod
    def read(self, entries: Iterable[Entry]) -> Iterator[Item]:
        """Every row of the entries, to their end.

        Entries come in reading order; what belongs together (a trace's spans) may stand apart. Never raises for what an entry
        holds: what cannot be read is a RejectedEntry, a call that is no chat is PassedOver.
        """


class StagedFormat(Format):
    """A format whose spans are stages by the names that its source gives them."""

    def __init__(self, names: StageNamer) -> None:
        self.names = names

    @classmethod
    def from_options(cls, options: SourceOptions) -> Self:
        """With the source's names of stages."""
        return cls(StageNames(options.stages))


class EntryFormat(Format):
    """A format whose entries stand for themselves: it says what one of them gives."""

    @abstractmethod
    def rows(self, entry: Entry) -> Iterable[Row | PassedOver]:
        """All rows of one entry, which is taken whole or not at all; `Rejected`, with the reason, where it cannot be read.

        An entry of no row counts as passed over where the format gives interactions.
        """

    def read(self, entries: Iterable[Entry]) -> Iterator[Item]:
        """The rows of one entry after another. An error of `rows` itself rejects the entry as well."""
        for entry in entries:
            try:
                rows = list(self.rows(entry))
            except MemoryError:
                raise
            except Exception as error:  # noqa: BLE001 - one entry must not spoil the rest
                yield RejectedEntry(entry, reason_of(error))
            else:
                yield from rows
                if not rows and INTERACTIONS in self.tables:
                    yield PassedOver(entry, NO_ROW)


NO_ROW = "entry without an interaction"


def reason_of(error: Exception) -> str:
    """Why an entry is rejected: the message of `Rejected`; of other errors their place, for their messages may hold log text.

    >>> reason_of(Rejected("request_id: missing"))
    'request_id: missing'
    """
    if isinstance(error, Rejected):
        return str(error)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename not in _OURS]
    own = [frame for frame in frames if frame.filename == frames[0].filename]  # not those of libraries that it calls
    place = f" in {Path(own[-1].filename).name}, line {own[-1].lineno}" if own else ""
    return f"{type(error).__name__}{place}"


_OURS = frozenset(str(Path(__file__).with_name(name)) for name in ("base.py", "guard.py"))
