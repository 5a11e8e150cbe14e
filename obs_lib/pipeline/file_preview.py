"""What would be read of a file that nobody has configured a source for: its format, its fields, and what is left unread."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from obs_lib.lake.tables import INTERACTIONS
from obs_lib.pipeline.preview import HalfReads, PassedCalls, Rejects
from obs_lib.redaction.options import RedactionOptions
from obs_lib.redaction.redactor import Redactor
from obs_lib.reporting.safe import visible
from obs_lib.sources.formats.recognise import described, fields_of
from obs_lib.sources.look import FileLook, look_at
from obs_lib.sources.unread import HALF

_MOST, _LONGEST = 50, 100  # names that are told, and their characters


@dataclass(frozen=True, slots=True)
class FieldRead:
    """A field, and in how many of the interactions it is known."""

    field: str
    interactions: int


@dataclass(frozen=True, slots=True)
class EntryName:
    """A name, and in how many entries it stands."""

    name: str
    entries: int


@dataclass(frozen=True, slots=True)
class FilePreview:
    """What a file gives.

    format, reads : its format and what that reads; `certain` is false where no format knows the entries for its own, and the
    native one was tried. days : interactions by day. fields : of interactions, with the names of docs/logs.md; missing : those
    that none has although the format can give them, no_place : those that it cannot. unread : names that stand in entries and
    mean nothing to a format that knows all its names (`native`), commonest first. Texts are masked as by default settings.
    """

    file: str
    format: str
    reads: str
    certain: bool
    entries: int
    rows: dict[str, int]
    days: dict[str, int]
    fields: list[FieldRead]
    missing: list[str]
    no_place: list[str]
    unread: list[EntryName]
    rejects: list[Rejects]
    repairs: dict[str, int]
    half_read: list[HalfReads]
    passed_over: list[PassedCalls]


def preview_file(path: Path) -> FilePreview:
    """Look into the file; nothing is written anywhere. SourceError where it cannot be read."""
    look, redactor = look_at(path), Redactor(RedactionOptions())
    half, passed = _unread(look, redactor)
    given = fields_of(look.format)
    return FilePreview(
        file=str(path),
        format=look.format,
        reads=described(look.format),
        certain=look.recognised > 0,
        entries=look.entries,
        rows={table.name: n for table, n in look.rows.items()},
        days={str(day): n for day, n in sorted(look.days.items())},
        fields=[FieldRead(name, look.fields[name]) for name in INTERACTIONS.names if look.fields[name]],
        missing=[name for name in look.missing if name in given],
        no_place=[name for name in look.missing if name not in given] if look.rows[INTERACTIONS] else [],
        unread=[
            EntryName(visible(redactor.shown(name[:_LONGEST])), n)
            for name, n in sorted(look.unread_names.items(), key=lambda item: (-item[1], item[0]))[:_MOST]
        ],
        rejects=list(_rejects(look, redactor)),
        repairs=dict(sorted(look.repairs.items())),
        half_read=half,
        passed_over=passed,
    )


def _rejects(look: FileLook, redactor: Redactor) -> Iterator[Rejects]:
    for reason, of_one in sorted(look.rejects.items(), key=lambda item: (-item[1].count, item[0])):
        shown = visible(redactor.shown(of_one.excerpt))
        yield Rejects(reason, of_one.count, of_one.first.origin, of_one.first.number, shown)


def _unread(look: FileLook, redactor: Redactor) -> tuple[list[HalfReads], list[PassedCalls]]:
    half, passed = [], []
    for row, _ in sorted(look.unread.rows(), key=lambda item: (-item[0]["n"], item[0]["what"])):
        what = visible(redactor.shown(row["what"]))
        if row["kind"] == HALF:
            names = [visible(redactor.shown(name)) for name in json.loads(row["names"])]
            half.append(HalfReads(what, row["n"], names))
        else:
            passed.append(PassedCalls(what, row["n"], row["file"], row["line"]))
    return half, passed
