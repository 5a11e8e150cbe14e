"""Write the tables of log formats, of the fields that each gives and of where they stand into docs/formats.md, from the code.

Run by `make docs`; a test fails where the page no longer says what the code does.
"""

from __future__ import annotations

import sys
from pathlib import Path

from obs_lib.lake.tables import GPU_SAMPLES, INTERACTIONS, LABELS, SPANS
from obs_lib.sources.formats.base import FOUND_OUT, Format
from obs_lib.sources.formats.langfuse.provenance import LANGFUSE
from obs_lib.sources.formats.litellm.provenance import LITELLM
from obs_lib.sources.formats.loading import format_class
from obs_lib.sources.formats.otlp.provenance import GENAI, OPENINFERENCE
from obs_lib.sources.formats.registry import BUNDLED, extension

PAGE = Path(__file__).resolve().parent.parent / "docs" / "formats.md"
BEGIN, END = "<!-- formats: made by `make docs` -->", "<!-- end of formats -->"
FIELDS_BEGIN, FIELDS_END = "<!-- fields: made by `make docs` -->", "<!-- end of fields -->"
PLACES_BEGIN, PLACES_END = "<!-- places: made by `make docs` -->", "<!-- end of places -->"
PLACES = (GENAI, OPENINFERENCE, LANGFUSE, LITELLM)
"""The formats that most logs are in."""
_TABLES = {INTERACTIONS: "interactions", SPANS: "spans", LABELS: "labels", GPU_SAMPLES: "GPU samples"}


def table() -> str:
    """The formats as a Markdown table between the two marks."""
    lines = []
    for name in BUNDLED:
        if (named := extension(name)) is not None:
            made = format_class(named)
            gives = ", ".join(text for table, text in _TABLES.items() if table in made.tables)
            lines.append(f"| `{name}` | {made.describe} | {gives} |")
    return "\n".join([BEGIN, "| format | what it reads | what it gives |", "|---|---|---|", *lines, END])


def fields_table() -> str:
    """Every field that a log can say by every format of interactions: yes, `derived` of two moments, or nothing."""
    made = {name: format_class(named) for name in BUNDLED if (named := extension(name)) is not None}
    made = {name: kind for name, kind in made.items() if INTERACTIONS in kind.tables}
    lines = [f"| field | {' | '.join(f'`{name}`' for name in made)} |", "|---|" + "---|" * len(made)]
    for field in INTERACTIONS.names:
        if field not in FOUND_OUT:
            cells = ("" if field not in kind.fields else _word(kind, field) for kind in made.values())
            lines.append(f"| `{field}` | {' | '.join(cells)} |")
    for table in (SPANS, LABELS):
        cells = ("read" if table in kind.tables else "" for kind in made.values())
        lines.append(f"| {table.name} | {' | '.join(cells)} |")
    return "\n".join([FIELDS_BEGIN, *lines, FIELDS_END])


def places_table() -> str:
    """Where each field that a log can say stands, in PLACES."""
    lines = [f"| field | {' | '.join(column.title for column in PLACES)} |", "|---|" + "---|" * len(PLACES)]
    said = (field for field in INTERACTIONS.names if field not in FOUND_OUT)
    lines += (f"| `{field}` | {' | '.join(column.cell(field) for column in PLACES)} |" for field in said)
    return "\n".join([PLACES_BEGIN, *lines, PLACES_END])


def _word(kind: type[Format], field: str) -> str:
    return "derived" if field in kind.derived else "read"


def updated(text: str) -> str:
    """The page's text with today's tables in it."""
    for begin, end, made in (
        (BEGIN, END, table()),
        (FIELDS_BEGIN, FIELDS_END, fields_table()),
        (PLACES_BEGIN, PLACES_END, places_table()),
    ):
        before, rest = text.split(begin)
        text = before + made + rest.split(end)[1]
    return text


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stderr.write(f"{PAGE.name}: {len(BUNDLED)} formats\n")
