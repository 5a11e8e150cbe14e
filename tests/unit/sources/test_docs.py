"""What docs/formats.md and docs/logs.md promise of formats, against the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from obs_lib.lake.tables import INTERACTIONS
from obs_lib.records import ERROR_KINDS
from obs_lib.sources.finish import FINISH_REASONS
from obs_lib.sources.formats.base import FOUND_OUT
from obs_lib.sources.formats.registry import BUNDLED
from obs_lib.sources.reading import DUPLICATE
from obs_lib.sources.repair import RULES
from tools.formats_table import updated

OF_THE_DAY = {"messages", "error_logged", "repairs"}  # columns that no log can give
COLUMNS = ("GenAI", "OpenInference", "Langfuse", "LiteLLM")


@pytest.fixture(scope="module")
def page(checkout: Path) -> str:
    return (checkout / "docs" / "formats.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def logs(checkout: Path) -> str:
    return (checkout / "docs" / "logs.md").read_text(encoding="utf-8")


def rows(page: str, head: str) -> list[list[str]]:
    """The cells of the table whose head begins so."""
    lines = page[page.index(head) :].splitlines()
    table = [line for line in lines[: lines.index("")] if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def test_every_field_says_of_every_format_whether_it_is_read_derived_or_absent(page: str) -> None:
    assert f"| field | {' | '.join(COLUMNS)} |" in page
    table = rows(page, "| field | GenAI |")
    assert [row[0].strip("`") for row in table] == [name for name in INTERACTIONS.names if name not in FOUND_OUT]
    for row in table:
        assert len(row) == 1 + len(COLUMNS), row[0]
        assert all(re.match("(read|derived|absent)\\b", cell) for cell in row[1:]), row[0]


def test_every_format_has_a_line_and_a_section(page: str, logs: str) -> None:
    for name in BUNDLED:
        assert re.search(rf"^\| .*`{name}`.* \|", page, flags=re.MULTILINE), name
        assert re.search(rf"^## .*`{name}`", page, flags=re.MULTILINE), name
        assert f"`{name}`" in logs, name


def test_the_tables_of_formats_are_what_the_code_says(page: str) -> None:
    assert updated(page) == page, "run `make docs`"


def test_every_rule_of_repair_stands_there_as_it_is(page: str) -> None:
    assert dict(rows(page, "| rule |")) == RULES
    assert f"`{DUPLICATE}`" in page


def test_every_word_of_ours_is_named(page: str, logs: str) -> None:
    for word in (*ERROR_KINDS, *FINISH_REASONS):
        assert f"`{word}`" in page, word
    for kind in ERROR_KINDS:
        assert f"`{kind}`" in logs, kind


def test_the_page_on_logs_names_every_field_of_the_native_format(logs: str) -> None:
    for name in {*INTERACTIONS.names, "spans"} - OF_THE_DAY:
        assert f"`{name}`" in logs, name
    assert "(formats.md)" in logs
