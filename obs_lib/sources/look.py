"""A file of which nothing is known: which format it is in, and what that format reads in it, whatever its days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from obs_lib.lake.table import Table
from obs_lib.lake.tables import INTERACTIONS
from obs_lib.records import Day
from obs_lib.sources.entries import Entry, PassedOver, Rejected, RejectedEntry
from obs_lib.sources.files import FileEntries
from obs_lib.sources.formats.parse import object_of
from obs_lib.sources.formats.recognise import owner
from obs_lib.sources.options import SourceOptions
from obs_lib.sources.reading import TIME_OF
from obs_lib.sources.repair import repair, without_negative
from obs_lib.sources.source import Source, open_source
from obs_lib.sources.unread import Unread
from obs_lib.sources.validate import check, excerpt

_LOOKED_AT = 200  # entries, to tell a format
_FOUND_OUT = ("error_logged", "repairs", "prompt_language", "response_language")  # what no log says
_ALWAYS = ("request_id", "timestamp")


@dataclass
class Reject:
    """Entries rejected for one reason, and the first of them."""

    first: Entry
    count: int = 0

    @property
    def excerpt(self) -> str:
        """The start of the first one."""
        return excerpt(self.first.raw)


@dataclass
class FileLook:
    """What a format reads in a file.

    format : its name. recognised : how many of the entries that were looked at are certainly of it; 0 where it is only a guess.
    rows : by table. fields : interactions in which each field is known. days : of the interactions.
    unread_names : names of entries that the format knows nothing of, and in how many entries each stands.
    """

    format: str
    recognised: int
    entries: int = 0
    rows: Counter[Table] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    days: Counter[Day] = field(default_factory=Counter)
    rejects: dict[str, Reject] = field(default_factory=dict)
    repairs: Counter[str] = field(default_factory=Counter)
    unread: Unread = field(default_factory=Unread)
    unread_names: Counter[str] = field(default_factory=Counter)

    @property
    def missing(self) -> list[str]:
        """Fields that no interaction has."""
        return [name for name in INTERACTIONS.names if not self.fields[name] and name not in (*_ALWAYS, *_FOUND_OUT)]


def look_at(path: Path, options: SourceOptions | None = None) -> FileLook:
    """Read the file by the format that most of its first entries are certainly of; the default one where none is.

    options : with a format that is named, and limits. SourceError where the file cannot be read.
    """
    named = options or SourceOptions(path=str(path))
    place = FileEntries(str(path), 0, named.max_line_bytes)
    owners = Counter(owner(entry) for _, entry in zip(range(_LOOKED_AT), place.every(), strict=False))
    del owners[None]
    (format, count), *_ = owners.most_common(1) or [(named.format, 0)]
    format = named.format if options is not None else str(format)
    source = open_source(SourceOptions(format=format, path=str(path), max_line_bytes=named.max_line_bytes))
    look = FileLook(format, count)
    _read(source, place.every(), look)
    return look


def _read(source: Source, entries: Iterator[Entry], look: FileLook) -> None:
    def counted() -> Iterator[Entry]:
        for entry in entries:
            look.entries += 1
            with suppress(Rejected):
                look.unread_names.update(source.format.unread(object_of(entry.raw)))
            yield entry

    for item in source.format.read(counted()):
        if isinstance(item, PassedOver):
            look.unread.pass_over(item.entry, item.what)
            continue
        try:
            if isinstance(item, RejectedEntry):
                raise Rejected(item.reason)
            fields, applied = without_negative(item.fields, source.format.derived)
            record = check(item.table, fields, source.limits)
        except Rejected as reason:
            look.rejects.setdefault(str(reason), Reject(item.entry)).count += 1
            continue
        look.rows[item.table] += 1
        if item.table is INTERACTIONS:
            look.repairs.update(repair(record, [*applied, *item.repairs]))
            look.fields.update(
                name for name, value in record.items() if value not in (None, "{}") and name in item.table.names
            )
            look.days[record[TIME_OF[INTERACTIONS]].date()] += 1
            if item.half_read is not None:
                look.unread.half_read(item.entry, item.half_read)
