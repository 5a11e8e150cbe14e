"""What the options of every stage have in common: which of them name a result anew, and where a relative path starts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, StringConstraints, ValidationInfo

FOLDER = "folder"
"""Key of the validation context under which the settings file's folder stands; absent for options made in code."""

NAMES_LATER = "names_later"
"""Key of the validation context that says that names of metrics are checked afterwards, when it is known which there are."""


@dataclass(frozen=True, slots=True)
class ChangesNoResult:
    """Mark of an option that cannot change a result: `Annotated[int, ChangesNoResult("how work is spread")]`.

    Fails closed: an option without this mark takes part in every digest of the options that hold it, so that what rests on
    them is made anew when it changes. An option that is marked by mistake leaves stale results in force.

    why : the reason, for whoever reads the declaration.
    """

    why: str


def deciding(options: BaseModel, sections: Collection[str] = ()) -> dict[str, Any]:
    """The options that can change results, as JSON values. sections : names of the fields to take; none for all.

    >>> class Shelf(BaseModel):
    ...     books: int = 3
    ...     room: Annotated[str, ChangesNoResult("where it stands")] = "attic"
    >>> deciding(Shelf())
    {'books': 3}
    """
    return options.model_dump(mode="json", include=set(sections) or None, exclude=_marked(options))


def from_folder(name: str, info: ValidationInfo) -> str:
    """A relative path taken from the settings file's folder; an address, and a path given in code, stay as they are."""
    folder = (info.context or {}).get(FOLDER)
    if folder is None or urlsplit(name).scheme:
        return name
    try:
        return str((folder / Path(name).expanduser()).resolve())
    except RuntimeError as error:  # ~somebody, who is not known here
        raise ValueError(str(error)) from error


SettingsPath = Annotated[str, StringConstraints(min_length=1), AfterValidator(from_folder)]
"""A path or an address; a relative path starts at the settings file's folder."""


def _marked(options: object) -> dict[Any, Any]:
    """The parts that are marked, as `model_dump(exclude=...)` takes them."""
    parts: dict[Any, Any] = {}
    if isinstance(options, BaseModel):
        for name, field in type(options).model_fields.items():
            marked = any(isinstance(mark, ChangesNoResult) for mark in field.metadata)
            parts[name] = True if marked else _marked(getattr(options, name))
    elif isinstance(options, Mapping):
        parts = {key: _marked(value) for key, value in options.items()}
    elif isinstance(options, (tuple, list)):
        parts = dict(enumerate(map(_marked, options)))
    return {name: part for name, part in parts.items() if part}
