"""Somebody's own format, held to what a format must do, and named in what goes wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from obs_lib.errors import ObsError, SourceError
from obs_lib.extensions import Extension
from obs_lib.records import Day
from obs_lib.sources.entries import Entry, Item, PassedOver, Rejected, RejectedEntry, Row
from obs_lib.sources.formats.base import Format, reason_of

_LONGEST_REASON = 200  # characters


class GuardedFormat(Format):
    """Somebody's own format. Where it fails on an entry, that is rejected; anything else is a SourceError that names it."""

    def __init__(self, inner: Format, named: Extension) -> None:
        self._inner, self._named = inner, named
        self.describe, self.tables = inner.describe, inner.tables
        self.version, self.derived = inner.version, inner.derived

    def days(self, raw: bytes) -> set[Day]:
        """The days that the entry says; none where the format fails on it, which `read` then rejects."""
        try:
            return self.named_days(raw)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - see above
            return set()

    def read(self, entries: Iterable[Entry]) -> Iterator[Item]:
        """What the format gives, once it is known to be rows and rejected entries, and to rest on all entries."""
        reader = _Reader(self, entries)
        try:
            for item in self._inner.read(reader.entries()):
                yield self._checked(item)
        except (ObsError, MemoryError):
            raise
        except Exception as error:
            raise self._fault(f"fails: {reason_of(error)}", reader.last) from error
        if not reader.finished:
            raise self._fault("stops before the end of the entries", reader.last)
        yield from reader.rejected

    def named_days(self, raw: bytes) -> set[Day]:
        """The days that the entry says; whatever error the format makes of it."""
        days = set(self._inner.days(raw))
        if not all(type(day) is dt.date for day in days):
            raise Rejected("days: not a set of dates")
        return days

    def _checked(self, item: object) -> Item:
        match item:
            case Row(table, Entry() as entry, dict(fields), None | dt.datetime() as of) if table in self.tables:
                if of is None or of.tzinfo is not None:
                    return Row(table, entry, fields, of and of.astimezone(dt.UTC))
                raise self._fault("gives a row whose `of` has no time zone", entry)
            case Row(table, Entry() as entry):
                name = getattr(table, "name", table)
                raise self._fault(f"gives a row of {name!r} that is not made as a Row must be", entry)
            case RejectedEntry(Entry() as entry, str(reason)) if reason:
                return RejectedEntry(entry, reason[:_LONGEST_REASON])
            case PassedOver(Entry() as entry, str(what), None | dt.datetime() as of) if (
                of is None or of.tzinfo is not None
            ):
                return PassedOver(entry, what, of and of.astimezone(dt.UTC))
        raise self._fault(f"gives {type(item).__name__} where a Row or a RejectedEntry belongs", None)

    def _fault(self, what: str, entry: Entry | None) -> SourceError:
        return SourceError(
            f"the log format {self._named.name!r} of {self._named.origin} {what}",
            where=f"{entry.origin}:{entry.number}" if entry else self._named.target,
            fix="docs/extending.md says what a format must do",
        )


class _Reader:
    """Hands entries to a format: which was the last, and whether that was all. Those whose days cannot be told are rejected."""

    def __init__(self, format: GuardedFormat, entries: Iterable[Entry]) -> None:
        self._format, self._entries = format, entries
        self.last: Entry | None = None
        self.finished = False
        self.rejected: list[RejectedEntry] = []

    def entries(self) -> Iterator[Entry]:
        for entry in self._entries:
            self.last = entry
            try:
                self._format.named_days(entry.raw)
            except MemoryError:
                raise
            except Exception as error:  # noqa: BLE001 - the entry's fault is written down
                self.rejected.append(RejectedEntry(entry, reason_of(error)))
            else:
                yield entry
        self.finished = True
