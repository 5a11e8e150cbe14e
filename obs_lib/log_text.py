"""What a column or a field holds, said where it is declared: masking reads nothing else.

Who adds a text and says nothing of it gets it masked.
"""

from __future__ import annotations

from dataclasses import Field
from enum import Enum
from typing import Any


class Holds(Enum):
    """What stands in a column or a field, which decides how it is stored and shown."""

    LOG_TEXT = "text of a log, or text that may quote one: masked"
    LOG_JSON = "JSON with such texts inside: they are masked, and it stays JSON"
    NAME = "a name by which rows are joined, sliced or erased, as the log gives it: stays"
    SEGMENT = "the name of a segment, which holds a tag's value: stays where it is stored, is shown masked"
    PLAIN = "numbers, and words of our own: stays"


LOG_TEXT, LOG_JSON, NAME, SEGMENT, PLAIN = Holds

_KEY = "holds"


def marked(holds: Holds) -> dict[str, Holds]:
    """What a dataclass's field holds, as its metadata: `field(metadata=marked(PLAIN))`."""
    return {_KEY: holds}


def holds_of(item: Field[Any]) -> Holds:
    """What a field was marked with; LOG_TEXT where nobody has said."""
    holds: Holds = item.metadata.get(_KEY, LOG_TEXT)
    return holds
