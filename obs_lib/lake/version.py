"""Which schema version a lake has: a property of its table `days`, to which every reader and every step comes first.

A lake of an earlier version is brought over by `pipeline/migrate.py`; one of a later version is refused, because what this
release does not know it would write over. The property lies in the table's log, so a process that was started before the lake
was brought over sees it at its next step.
"""

from __future__ import annotations

from deltalake import DeltaTable

from obs_lib.errors import LakeError

SCHEMA_VERSION = 5
"""Raised whenever a table, a column or a stored name is called otherwise than before."""

FIRST = 4
"""Of lakes that do not say which version they have: 1 to 4, which are brought over alike."""

_PROPERTY = "obs.schemaVersion"


def property_of(version: int = SCHEMA_VERSION) -> dict[str, str]:
    """The property, as the configuration of a table takes it."""
    return {_PROPERTY: str(version)}


def version_of(days: DeltaTable) -> int:
    """The version of the lake whose table `days` this is."""
    return int(days.metadata().configuration.get(_PROPERTY) or FIRST)


def set_version(days: DeltaTable, version: int = SCHEMA_VERSION) -> None:
    """From this commit on the lake is of that version."""
    days.alter.set_table_properties(property_of(version), raise_if_not_exists=False)


def refuse_later(days: DeltaTable, root: str) -> None:
    """LakeError where a later release has written the lake."""
    version = version_of(days)
    if version > SCHEMA_VERSION:
        raise LakeError(
            "this lake was written by a later release",
            rule=f"schema version {SCHEMA_VERSION} or before",
            found=f"schema version {version}",
            where=root,
            fix="run that release or a later one",
        )


def refuse_others(days: DeltaTable, root: str) -> None:
    """LakeError unless the lake is of this release's version."""
    refuse_later(days, root)
    version = version_of(days)
    if version < SCHEMA_VERSION:
        raise LakeError(
            "this lake was written by an earlier release",
            rule=f"schema version {SCHEMA_VERSION}",
            found=f"schema version {version}{' or before' if version == FIRST else ''}",
            where=root,
            fix="`obs maintain --migrate`, which the next night does by itself",
        )
