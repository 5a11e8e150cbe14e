"""What of the lake's rows people may see: the one place through which text from logs enters reports and messages.

Masking fails closed. Every text in every field is masked, in dataclasses, mappings and sequences however deep, but for fields
that are marked (log_text.py) to hold none of a log. So a new field that nobody thought of is masked.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, TypeVar

import pandas as pd

from obs_lib.lake.table import Table
from obs_lib.log_text import LOG_TEXT, NAME, PLAIN, SEGMENT, Holds, holds_of
from obs_lib.redaction.columns import shown_rows, shown_segment
from obs_lib.redaction.redactor import Redactor
from obs_lib.reporting.inputs import TABLE, ReportInputs

R = TypeVar("R", bound=Any)  # a dataclass


def shown_inputs(inputs: ReportInputs, redactor: Redactor) -> ReportInputs:
    """The same with everything in it that may come from a log masked as the settings say.

    Before any cut, so that no half of an address or a key is left at one; numbers, ids and what the code says stay.
    """
    return shown_record(inputs, redactor)


def shown_record(record: R, redactor: Redactor) -> R:
    """A dataclass with each of its fields as it may be shown."""
    changed = {}
    for item in dataclasses.fields(record):
        value = getattr(record, item.name)
        if isinstance(value, pd.DataFrame):
            changed[item.name] = _frame(value, item.metadata.get(TABLE), redactor)
        elif (holds := holds_of(item)) not in (NAME, PLAIN):
            changed[item.name] = _value(value, holds, redactor)
    return dataclasses.replace(record, **changed)


def _frame(frame: pd.DataFrame, table: Table | None, redactor: Redactor) -> pd.DataFrame:
    """Rows of a table by what it declares of its columns; of a frame of which nobody says whose rows it holds, every text."""
    if table is not None:
        return shown_rows(table, frame, redactor)
    masked = frame.copy()
    for name in masked.columns:
        masked[name] = pd.Series(redactor.shown_column(frame[name]), index=frame.index, dtype=frame[name].dtype)
    return masked


def _value(value: Any, holds: Holds, redactor: Redactor) -> Any:
    """What a field holds. TypeError for what cannot be searched for texts."""
    if value is None or isinstance(value, int | float | dt.date | Enum):  # Enum: words of our own
        return value
    if isinstance(value, str):
        return shown_segment(value, redactor) if holds is SEGMENT else redactor.shown(value)
    if dataclasses.is_dataclass(value):
        return shown_record(value, redactor)
    if isinstance(value, Mapping):
        return {_value(name, LOG_TEXT, redactor): _value(item, holds, redactor) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        items = [_value(item, holds, redactor) for item in value]
        if isinstance(value, tuple):
            return value._make(items) if hasattr(value, "_make") else tuple(items)  # a named one stays one
        return items
    raise TypeError(f"a {type(value).__name__} cannot be shown: mark its field in the dataclass, or search it here")
