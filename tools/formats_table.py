"""Write the table of log formats into docs/formats.md, from the formats themselves.

Run by `make docs`; a test fails where the page no longer says what the code does.
"""

from __future__ import annotations

import sys
from pathlib import Path

from obs_lib.lake.tables import GPU_SAMPLES, INTERACTIONS, LABELS, SPANS
from obs_lib.sources.formats.loading import format_class
from obs_lib.sources.formats.registry import BUNDLED, extension

PAGE = Path(__file__).resolve().parent.parent / "docs" / "formats.md"
BEGIN, END = "<!-- formats: made by `make docs` -->", "<!-- end of formats -->"
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


def updated(text: str) -> str:
    """The page's text with today's table in it."""
    before, rest = text.split(BEGIN)
    return before + table() + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stderr.write(f"{PAGE.name}: {len(BUNDLED)} formats\n")
