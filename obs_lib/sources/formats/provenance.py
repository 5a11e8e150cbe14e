"""Where each field stands in a way to write logs: what docs/formats.md shows of it, in the names that its code asks for.

What a format says here of itself is held to its code by a test: every name stands in it, and without the names the field is not
there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One way to write a log. format : which reads it. names : by field, what it is read from, in the order that is asked in.

    notes : by field, what the names alone do not tell. derived : fields that are worked out of their names.
    """

    title: str
    format: str
    names: Mapping[str, tuple[str, ...]]
    notes: Mapping[str, str]
    derived: frozenset[str] = frozenset()

    def cell(self, field: str) -> str:
        """What the table says of a field."""
        names, note = self.names.get(field), self.notes.get(field)
        if names is None:
            return f"absent: {note}" if note else "absent"
        how = "derived" if field in self.derived else "read"
        told = ", ".join(f"`{name}`" for name in names)
        return f"{how}: {'; '.join(part for part in (told, note) if part)}" if told or note else how
