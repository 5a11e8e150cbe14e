from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from obs_lib.connections import Connection
from obs_lib.errors import ConfigError
from obs_lib.lake.tables import INTERACTIONS, LABELS, QUARANTINE
from obs_lib.sources.options import SourceOptions
from obs_lib.sources.source import fingerprint_day, known_days, open_source
from tests.unit.sources.conftest import Read

DAY = dt.date(2023, 6, 2)


def folder(root: Path, name: str, *rows: dict[str, object]) -> SourceOptions:
    path = root / name
    path.mkdir()
    lines = [json.dumps({"timestamp": "2023-06-02T12:00:00Z"} | row) for row in rows]
    (path / "2023-06-02.jsonl").write_text("\n".join(lines))
    return SourceOptions(path=str(path))


def test_sources_are_merged_and_the_last_source_wins(tmp_path: Path, read: Read) -> None:
    one = folder(tmp_path, "one", {"request_id": "a", "error": "x"}, {"request_id": "b"}, {"request_id": ""})
    two = folder(tmp_path, "two", {"request_id": "b", "response": "two"}, {"request_id": "c"})
    day = read(DAY, one, two)
    rows = day.frame(INTERACTIONS).set_index("request_id")
    assert rows["response"].fillna("-").to_dict() == {"a": "-", "b": "two", "c": "-"}
    assert rows["error_logged"].to_dict() == {"a": True, "b": False, "c": False}
    assert day.frame(QUARANTINE)[["file", "line", "reason"]].values.tolist() == [
        ["1:2023-06-02.jsonl", 2, "request_id comes again later"],
        ["1:2023-06-02.jsonl", 3, "request_id: missing"],
    ]
    assert day.entries == [3, 2]
    assert known_days([open_source(each) for each in (one, two)]) == [DAY]


def test_the_fingerprint_of_a_day_covers_all_sources_and_is_empty_without_a_line(tmp_path: Path, read: Read) -> None:
    one, two = folder(tmp_path, "one", {"request_id": "a"}), folder(tmp_path, "two", {"request_id": "b"})
    both, alone = ([open_source(each) for each in some] for some in ((one, two), (one,)))
    assert fingerprint_day(both, DAY) != fingerprint_day(alone, DAY) != ""
    assert fingerprint_day(both, dt.date(2020, 1, 1)) == ""
    assert read(DAY, one, two).fingerprint == fingerprint_day(both, DAY)


def test_a_single_source_keeps_plain_file_names(tmp_path: Path, read: Read) -> None:
    one = folder(tmp_path, "one", {"request_id": ""})
    assert read(DAY, one).frame(QUARANTINE)["file"].tolist() == ["2023-06-02.jsonl"]


def test_labels_go_with_the_day_of_their_interaction(tmp_path: Path, read: Read) -> None:
    logs = folder(tmp_path, "logs", {"request_id": "a"}, {"request_id": "b"})
    labels = [
        {"request_id": "a", "label": "grounded", "value": True},
        {"request_id": "a", "label": "grounded", "value": 0.25, "source": "judge", "inclusion_probability": 0.5},
        {"request_id": "b", "label": "tone", "value": "rude"},
        {"request_id": "b", "label": "relevant_ids", "value": ["d2", "d1"]},
        {"request_id": "b", "label": "relevant_ids", "value": ["d2", 1]},
        {"request_id": "b", "label": "tone", "value": None},
        {"request_id": "of another day", "label": "grounded", "value": False},
        {"request_id": "a", "label": "grounded", "value": 1, "inclusion_probability": 0},
    ]
    (tmp_path / "labels.jsonl").write_text("\n".join(map(json.dumps, labels)))
    day = read(DAY, logs, SourceOptions(format="labels", path=str(tmp_path / "labels.jsonl")))
    rows = day.frame(LABELS).astype(object)
    assert rows.where(rows.notna(), None).values.tolist() == [
        ["a", "grounded", "human", 1.0, None, None],
        ["a", "grounded", "judge", 0.25, None, 0.5],
        ["b", "relevant_ids", "human", None, '["d2","d1"]', None],
        ["b", "tone", "human", None, "rude", None],
    ]
    assert day.frame(QUARANTINE)["reason"].tolist() == [
        "value: not a list of text",
        "value: neither text, number nor true/false",
        "inclusion_probability: not a probability in (0, 1]",
    ]
    assert day.frame(INTERACTIONS)["request_id"].tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({}, "needs a `path`"),
        ({"path": "x", "query": "select 1"}, "not both"),
        ({"query": "select :start, :end"}, "needs a `url` or a `connection`"),
        ({"query": "select 1", "url": "sqlite://"}, "must bind the day"),
        ({"query": "select :start, :end", "url": "postgresql://me:secret@db/logs"}, "free of passwords"),
        ({"path": "s3://key:secret@bucket/logs"}, "free of passwords"),
    ],
)
def test_a_source_has_one_place_and_no_password(fields: dict[str, object], rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        SourceOptions.model_validate(fields)


def test_a_connection_that_nobody_knows_is_an_error_that_names_it() -> None:
    options = SourceOptions(query="select :start, :end", connection="warehouse")
    with pytest.raises(ConfigError, match="warehouse"):
        open_source(options)
    assert "secret" not in repr(Connection.from_uri("postgresql://me:secret@db/logs"))
