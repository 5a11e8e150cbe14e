"""From a source's options to its format, and to the place where a server hands out its entries."""

from __future__ import annotations

from collections.abc import Collection

from obs_lib.connections import Connection
from obs_lib.errors import ExtensionError, ObsError
from obs_lib.extensions import Extension, load
from obs_lib.sources.entries import TABLES, Entries
from obs_lib.sources.formats.base import Format
from obs_lib.sources.formats.guard import GuardedFormat
from obs_lib.sources.formats.registry import BUNDLED, extension, known
from obs_lib.sources.options import SourceOptions


def load_format(options: SourceOptions) -> Format:
    """The format that the options name. ExtensionError where it cannot be loaded, or is none."""
    named = _extension(options)
    kind = format_class(named)
    try:
        made = kind.from_options(options)
    except ObsError:
        raise
    except Exception as error:
        raise _broken(named, "cannot be made", f"{type(error).__name__}: {error}"[:300]) from error
    return made if options.format in BUNDLED else GuardedFormat(made, named)


def open_served(options: SourceOptions, connection: Connection | None) -> Entries:
    """Where entries of the format come from without a path and a query. ConfigError where there is no such place."""
    return format_class(_extension(options)).open_entries(options, connection)


def format_class(named: Extension) -> type[Format]:
    """The class that the extension names. ExtensionError where it cannot be loaded, or is no log format."""
    kind = load(named)
    if not (isinstance(kind, type) and issubclass(kind, Format)):
        raise _broken(named, "is no log format", repr(kind)[:100])
    describe, tables = getattr(kind, "describe", None), getattr(kind, "tables", None)
    if not isinstance(describe, str):
        raise _broken(named, "does not say what it reads", f"`describe` {describe!r}"[:200])
    if not isinstance(tables, Collection) or not tables or not all(table in TABLES for table in tables):
        raise _broken(named, "does not say which rows it gives", f"`tables` {tables!r}"[:200])
    if not isinstance(kind.version, str):
        raise _broken(named, "has a version that is no text", repr(kind.version)[:200])
    return kind


def _extension(options: SourceOptions) -> Extension:
    named = extension(options.format, options.folder)
    if named is None:  # it was known when the settings were read
        raise ExtensionError("there is no such log format", rule="one of " + ", ".join(known()), found=options.format)
    return named


def _broken(named: Extension, what: str, found: str | None) -> ExtensionError:
    return ExtensionError(
        f"the log format {named.name!r} of {named.origin} {what}",
        rule="a class as docs/extending.md shows one",
        found=found,
        where=named.target,
    )
