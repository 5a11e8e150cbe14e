"""Where a field stands, as docs/formats.md shows it, is where the code reads it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from obs_lib.lake.tables import INTERACTIONS
from obs_lib.sources.formats import langfuse, litellm
from obs_lib.sources.formats.base import FOUND_OUT
from obs_lib.sources.formats.langfuse.provenance import LANGFUSE
from obs_lib.sources.formats.litellm.provenance import LITELLM
from obs_lib.sources.formats.otlp import genai, openinference
from obs_lib.sources.formats.otlp.provenance import GENAI, OPENINFERENCE
from obs_lib.sources.formats.provenance import Column
from tests.unit.sources.formats.format_samples import samples
from tests.unit.sources.formats.test_fields import CLASSES, fields_given
from tools.formats_table import PLACES

# Names of every record alone, without which there is none.
NEEDED = ("request_id", "timestamp", "trace_id")
NUMBERS = ("input_tokens", "output_tokens", "cost_usd", "ttft_ms", "prefill_ms", "decode_ms")


@pytest.mark.parametrize("format", ["otlp", "langfuse", "litellm"])
def test_every_field_that_a_format_gives_has_its_place(format: str) -> None:
    told = {field for column in PLACES if column.format == format for field in column.names}
    assert told == CLASSES[format].fields - FOUND_OUT


@pytest.mark.parametrize(("column", "room"), [(LANGFUSE, langfuse), (LITELLM, litellm)], ids=["langfuse", "litellm"])
def test_every_name_is_one_that_the_format_asks_for(column: Column, room: Any) -> None:
    folder = Path(room.__file__).parent
    written = {
        node.value
        for file in [
            *folder.glob("[!p]*.py"),
            *folder.glob("p[!r]*.py"),
            folder.parent / "usage.py",
            folder.parent / "tool_use.py",
        ]
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    names = {step for told in column.names.values() for name in told for step in name.split(".")}
    assert names <= written


@pytest.mark.parametrize(
    ("column", "field"),
    [(column, field) for column in (LANGFUSE, LITELLM) for field in column.names if field not in NEEDED],
    ids=lambda value: value if isinstance(value, str) else value.format,
)
def test_without_its_names_a_field_is_not_there(column: Column, field: str) -> None:
    last = {name.rpartition(".")[2] for name in column.names[field]}
    groups = [[_without(item, last) for item in group] for group in samples()[column.format]]
    given = {known for group in groups for known in fields_given(column.format, group)}
    assert field not in given


def _without(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(inner, names) for key, inner in value.items() if key not in names}
    return [_without(inner, names) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("field", "name"), [(field, name) for field in NUMBERS for name in genai.NAMES[field]])
def test_every_name_of_a_number_is_read(field: str, name: str) -> None:
    assert genai.fields({name: 2}, [])[field] in (2, 2000.0)


def test_cells_say_how() -> None:
    assert LITELLM.cell("provider") == "read: `custom_llm_provider`"
    assert LANGFUSE.cell("provider") == "absent"
    assert GENAI.cell("total_latency_ms") == "derived: end - start"
    assert OPENINFERENCE.names["contexts"] == (openinference.RETRIEVED, openinference.RERANKED)
    assert set(INTERACTIONS.names) >= set(GENAI.names)
