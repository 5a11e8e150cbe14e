"""A line that one format cannot read, and another one could: whoever reads the reason is told which."""

from __future__ import annotations

from functools import cache

from obs_lib.sources.entries import Entry, Rejected
from obs_lib.sources.formats.base import Format
from obs_lib.sources.formats.loading import format_class
from obs_lib.sources.formats.parse import object_of
from obs_lib.sources.formats.registry import BUNDLED, extension


def hint(entry: Entry, read_as: Format) -> str:
    """What to add to the reason why an entry is rejected; "" where it is of its own format, or of none that is known."""
    if entry.cut or type(read_as) not in _classes().values():
        return ""
    known = owner(entry)
    if known is None or _classes()[known] is type(read_as):
        return ""
    return f"; format `{known}` reads it: {_classes()[known].describe}"


def owner(entry: Entry) -> str | None:
    """The format that an entry is certainly of; None for none."""
    try:
        item = object_of(entry.raw)
    except Rejected:
        return None
    return next((name for name, kind in _classes().items() if kind.owns(item)), None)


def described(name: str) -> str:
    """What a bundled format reads."""
    return _classes()[name].describe


def fields_of(name: str) -> frozenset[str]:
    """The fields that a bundled format can give."""
    return _classes()[name].fields


@cache
def _classes() -> dict[str, type[Format]]:
    named = {name: extension(name) for name in BUNDLED}
    return {name: format_class(one) for name, one in named.items() if one is not None}
