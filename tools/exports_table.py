"""Write the table of Prometheus' metrics into docs/exports.md, from their declarations.

Run by `make docs`; a test fails where the page no longer says what the code does.
"""

from __future__ import annotations

import sys
from pathlib import Path

from obs_lib.exports.metrics import FAMILIES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "exports.md"
BEGIN, END = "<!-- metrics: made by `make docs` -->", "<!-- end of metrics -->"


def table() -> str:
    """The metrics as a Markdown table between the two marks."""
    lines = [
        f"| `{one.name}` | {', '.join(f'`{label}`' for label in one.labels) or '-'} | {one.help} |" for one in FAMILIES
    ]
    return "\n".join([BEGIN, "| metric | labels beside `watch` | what it is |", "|---|---|---|", *lines, END])


def updated(text: str) -> str:
    """The page's text with today's table in it."""
    before, rest = text.split(BEGIN)
    return before + table() + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stderr.write(f"{PAGE.name}: {len(FAMILIES)} metrics\n")
