"""Write the table of every setting into docs/settings.md, from the options themselves.

Run by `make docs`; a test fails where the page no longer says what the code does.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, to_jsonable_python

from obs_lib.settings.settings import Settings

PAGE = Path(__file__).resolve().parent.parent / "docs" / "settings.md"
BEGIN, END = "<!-- settings: made by `make docs` -->", "<!-- end of settings -->"
_MARKS: dict[Any, str] = {tuple: "[]", dict: ".<name>"}


def rows(model: type[BaseModel], prefix: str = "") -> list[tuple[str, str, str]]:
    """(key, default, description) of every field, sections opened.

    A list of sections is written `name[].key`, sections under names of one's own `name.<name>.key`.
    """
    listed = []
    for attribute, field in model.model_fields.items():
        name = field.alias or attribute  # as obs.yaml has it
        inner = _section(field)
        if inner is not None:
            kind = get_origin(field.annotation)
            if kind is dict:
                listed.append(_row(prefix + name, field))
            listed += rows(inner, f"{prefix}{name}{_MARKS.get(kind, '')}.")
        else:
            listed.append(_row(prefix + name, field))
    return listed


def table() -> str:
    """The settings as a Markdown table between the two marks."""
    lines = [f"| `{key}` | {default} | {text} |" for key, default, text in rows(Settings)]
    return "\n".join([BEGIN, "| setting | default | what it is |", "|---|---|---|", *lines, END])


def updated(text: str) -> str:
    """The page's text with today's table in it."""
    before, rest = text.split(BEGIN)
    return before + table() + rest.split(END)[1]


def _section(field: FieldInfo) -> type[BaseModel] | None:
    kinds = [kind for kind in (field.annotation, *get_args(field.annotation)) if kind not in (NoneType, Ellipsis)]
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def _row(key: str, field: FieldInfo) -> tuple[str, str, str]:
    return key, _default(field), (field.description or "").replace("|", "\\|")


def _default(field: FieldInfo) -> str:
    value: Any = field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return "required"
    return f"`{json.dumps(to_jsonable_python(value))}`"


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stderr.write(f"{PAGE.name}: {len(rows(Settings))} settings\n")
