"""Write docs/lake.md's tables and sql/ anew, from what the code declares of the lake.

Run by `make docs`; a test fails where they no longer say what the code does.
"""

from __future__ import annotations

import sys
from pathlib import Path

from lake_docs import dbt, dictionary, views

SQL = Path(__file__).resolve().parent.parent / "sql"


def files() -> dict[Path, str]:
    """Every file that is made, with what it holds."""
    page = {dictionary.PAGE: dictionary.updated(dictionary.PAGE.read_text(encoding="utf-8"))}
    scripts = {SQL / name: text for name, text in views.scripts().items()}
    return page | scripts | {SQL / "dbt" / name: text for name, text in dbt.package().items()}


if __name__ == "__main__":
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    sys.stderr.write(f"{dictionary.PAGE.name} and sql/: {len(files())} files\n")
