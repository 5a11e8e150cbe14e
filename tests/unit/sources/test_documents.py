"""Files are read by what is in them: lines, documents over many lines, arrays, pages of an API, CSV; packed or not."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.sources.documents import CLOSED_EARLY, documents
from obs_lib.sources.files import FileEntries

DAY = dt.date(2026, 3, 3)
ITEMS = [{"n": 1, "inner": {"list": [1, 2], "text": "}],\n{"}}, {"n": 2}, {"n": 3}]
PAGE = {"data": ITEMS, "meta": {"page": 1, "totalItems": 3}}
SHAPES: dict[str, str] = {
    "lines": "\n".join(map(json.dumps, ITEMS)),
    "documents one after another": "\n".join(json.dumps(item, indent=4) for item in ITEMS),
    "documents without a break": "".join(map(json.dumps, ITEMS)),
    "an array": json.dumps(ITEMS),
    "an array with indent": json.dumps(ITEMS, indent=2),
    "an array, an item a line": "[\n" + ",\n".join(map(json.dumps, ITEMS)) + "\n]",
    "a page": json.dumps(PAGE),
    "a page with indent": json.dumps(PAGE, indent=1),
    "pages, one a line": "\n".join(json.dumps(PAGE | {"data": [item]}) for item in ITEMS),
    "a page whose list comes last": json.dumps({"object": "list", "has_more": False, "data": ITEMS}),
    "with a byte order mark": "\ufeff" + json.dumps(ITEMS),
}


def read(path: Path, limit: int = 10_000) -> list[bytes]:
    return [entry.raw for entry in FileEntries(str(path), 1, limit).entries(DAY)]


@pytest.mark.parametrize("name", ["x.json", "x.jsonl", "x.json.gz", "x.jsonl.zst", "packed.json", "unpacked.json.gz"])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_every_shape_gives_its_items_whatever_the_file_is_called(tmp_path: Path, shape: str, name: str) -> None:
    packs: dict[str, Callable[[bytes], bytes]] = {
        "x.json.gz": gzip.compress,
        "packed.json": gzip.compress,
        "x.jsonl.zst": lambda raw: pa.compress(raw, codec="zstd", asbytes=True),
    }
    (tmp_path / name).write_bytes(packs.get(name, bytes)(shape.encode()))
    if name.startswith("unpacked") and shape.startswith("\ufeff"):
        return
    assert [json.loads(raw) for raw in read(tmp_path)] == ITEMS


def test_rows_of_csv_are_entries_without_their_empty_cells(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_bytes(b'\xef\xbb\xbfid,text,tokens\n"a","two\nlines, ""quoted""",12\nb,,\n')
    assert [json.loads(raw) for raw in read(tmp_path)] == [
        {"id": "a", "text": 'two\nlines, "quoted"', "tokens": "12"},
        {"id": "b"},
    ]


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ('[{"a": 1}, {"b": ', ['{"a": 1}', '{"b": ']),
        ('[{"a": 1}, {"b": 2}', ['{"a": 1}', '{"b": 2}', CLOSED_EARLY]),
        ('[\n  {"a": 1},\n  {"b": {"c: 2}},\n  {"d": 3}\n]', ['{"a": 1}', '{"b": {"c: 2}}', '{"d": 3}']),
        ('{\n "a": 1\n}\n{\n "b": \n}\n{\n "c": 3\n}', ['{\n "a": 1\n}', '{\n "b": \n}', '\n{\n "c": 3\n}']),
        ('{"data": [{"a": 1}, {"b"', ['{"a": 1}', '{"b"']),
        ('[{"a": 1}]\n[{"a": 2}]', ['{"a": 1}', '{"a": 2}']),
        ('[{"a": 1},{"a": 2 "x"},{"a": 3},{"a": 4}]', ['{"a": 1}', '{"a": 2 "x"}', '{"a": 3}', '{"a": 4}']),
        ('[{"a": },{"a": "{\\"a\\": 2}"},{"a": 3', ['{"a": }', '{"a": "{\\"a\\": 2}"}', '{"a": 3']),
        ('{"data": [{"a": 1}, {"a": }, {"a": 3}], "meta": {}}', ['{"a": 1}', '{"a": }', '{"a": 3}']),
        ('{"data": [{"a": 1}], "meta": ', ['{"a": 1}', ', "meta":']),
        ('{"data": [{"a": 1}], "meta": x}{"data": [{"a": 2}]}', ['{"a": 1}', ', "meta": x}', '{"a": 2}']),
    ],
)
def test_what_is_lost_is_an_entry_each_and_the_rest_is_read(text: str, given: list[str]) -> None:
    assert [item.strip() for item in documents(text)] == [item.strip() for item in given]


def test_lines_whose_first_is_damaged_are_lines(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"cut": "of\n{"a": 1}\n{"b": 2}\n', encoding="utf-8")
    assert read(tmp_path) == [b'{"cut": "of', b'{"a": 1}', b'{"b": 2}']


def test_an_object_with_a_list_and_more_is_no_page() -> None:
    text = '{"data": [{"embedding": [1]}], "model": "m", "usage": {}}'
    assert list(documents(text)) == [text]


def test_files_that_are_not_read_are_named_and_a_named_file_is_read(tmp_path: Path) -> None:
    for name in ("2026-03-03.jsonl", "app.log", "notes.txt", ".hidden", "_SUCCESS"):
        (tmp_path / name).write_text('{"a": 1}')
    assert FileEntries(str(tmp_path), 1, 100).unread == ["app.log", "notes.txt"]
    assert read(tmp_path / "app.log") == [b'{"a": 1}']
    assert read(tmp_path / "*.log") == [b'{"a": 1}']


@given(st.text(alphabet='{}[]",: \n1adt', max_size=60))
def test_no_text_is_read_for_ever_or_raises(text: str) -> None:
    assert len("".join(documents(text))) <= len(text) + len(CLOSED_EARLY) * (text.count("[") + 1)
