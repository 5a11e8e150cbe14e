"""A source: where entries come from, the format that they are in, and what a row may be."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from obs_lib.connections import Connections, none_known, storage_options
from obs_lib.records import Day
from obs_lib.sources.entries import Entries, Entry
from obs_lib.sources.files import FileEntries
from obs_lib.sources.formats.base import Format
from obs_lib.sources.formats.loading import load_format, open_served
from obs_lib.sources.options import SourceOptions
from obs_lib.sources.sql import SqlEntries
from obs_lib.sources.validate import Limits


@dataclass(frozen=True)
class Source:
    """Entries, the format that they are in, and what a row may be."""

    place: Entries
    format: Format
    limits: Limits

    def days(self) -> list[Day]:
        """The days that the source names, oldest first: of dated files by their names, of other entries by their times."""
        days = set(self.place.days())
        for entry in self.place.undated():
            days |= self.format.days(entry.raw)
        return sorted(days)

    def unread(self) -> list[str]:
        """Files that lie beside the logs and are not read."""
        return self.place.unread if isinstance(self.place, FileEntries) else []

    def entries(self, day: Day) -> Iterator[Entry]:
        """The entries that may give rows of the day; most others are passed over without parsing them.

        An entry that names no day at all can only be rejected, or be a label: it counts for the day of its file's name,
        and in a file without a date for every day that is read.
        """
        for entry in self.place.entries(day):
            named = self.format.days(entry.raw)
            if day in named or (not named and entry.day in (day, None)):
                yield entry

    def fingerprint(self, day: Day) -> str:
        """Digest of the entries that `read_day` would take, of where they stand, the limits in force, and the format's version.

        It rests on content alone: touching, compressing again or a neighbour's file that holds nothing of this day change
        nothing. Empty text where there is no entry.
        """
        seal = Seal(self)
        for _ in seal.over(self.entries(day)):
            pass
        return seal.digest


class Seal:
    """Takes the digest of entries while somebody else goes through them."""

    def __init__(self, source: Source) -> None:
        read_as = repr(source.limits) + source.format.version  # without a version as it always was
        self._state, self._last, self.count = hashlib.sha256(read_as.encode()), "", 0

    def over(self, entries: Iterator[Entry]) -> Iterator[Entry]:
        """The same entries."""
        for entry in entries:
            if entry.origin != self._last:
                self._state.update(b"\x00origin\x00" + entry.origin.encode("utf-8", "replace") + b"\x00")
                self._last = entry.origin
            self._state.update(b"%d:%d:" % (entry.number, len(entry.raw)) + entry.raw)
            self.count += 1
            yield entry

    @property
    def digest(self) -> str:
        """Empty text where there was no entry."""
        return self._state.hexdigest()[:32] if self.count else ""


def open_source(options: SourceOptions, connections: Connections = none_known) -> Source:
    """The source that the options name. Opens nothing yet; ConfigError where a connection or a format is not known."""
    limits = Limits(options.max_text_chars, options.naive_times == "utc")
    return Source(_place(options, connections), load_format(options), limits)


def known_days(sources: Sequence[Source]) -> list[Day]:
    """The days that any source names, oldest first."""
    return sorted({day for source in sources for day in source.days()})


def fingerprint_day(sources: Sequence[Source], day: Day) -> str:
    """Digest of everything that `read_day` would read; "" where no source holds anything of the day."""
    return digest_of_all([source.fingerprint(day) for source in sources])


def digest_of_all(digests: list[str]) -> str:
    """Name of what all sources hold, from what each holds; "" where none holds anything."""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()[:32] if any(digests) else ""


def _place(options: SourceOptions, connections: Connections) -> Entries:
    """Where the options say that entries come from."""
    known = connections(options.connection) if options.connection else None
    if options.query is None and options.path is None:
        return open_served(options, known)
    if options.query is not None:
        return SqlEntries(known.uri if known else str(options.url), options.query)
    path = str(options.path)
    protocol = path.partition("://")[0] if "://" in path else "file"
    credentials = storage_options(protocol, known) if known else {}
    return FileEntries(path, options.look_around_days, options.max_line_bytes, credentials)
