from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from obs_lib.errors import ConfigError
from obs_lib.evaluators.format import Format
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.models.testing import HashingEncoder
from obs_lib.models.vectors import gather

PERSON = {"type": "object", "required": ["age"], "properties": {"age": {"type": "integer", "minimum": 0}}}


def outcome(expected: str | None, response: str, **options: object) -> pd.Series:
    evaluator = Format(EvaluatorOptions.model_validate({"json_schemas": {"person": PERSON}, **options}))
    batch = pd.DataFrame({"response": [response], "expected_format": [expected], "error": [None]}, dtype=object)
    return evaluator.score(batch, gather([], {}, HashingEncoder())).iloc[0]


@pytest.mark.parametrize(
    ("expected", "response", "value"),
    [
        ("json", '{"a": [1, 2.5, null, true, "x"]}', 1.0),
        ("json", " 3\n", 1.0),
        ("json", '{"a": 1', 0.0),
        ("json", '```json\n{"a": 1}\n```', 0.0),
        ("json", '{"a": NaN}', 0.0),
        ("json", "-Infinity", 0.0),
        ("json", '{"a": 1, "a": 2}', 0.0),
        ("json", "{'a': 1}", 0.0),
        ("json", '\ufeff{"a": 1}', 0.0),
        ("json", "[" * 90_000, 0.0),
        ("json_schema:person", '{"age": 7}', 1.0),
        ("json_schema:person", '{"age": -7}', 0.0),
        ("json_schema:person", '{"age": "7"}', 0.0),
        ("json_schema:person", "{}", 0.0),
        ("json_schema:person", "{", 0.0),
        ("python", "def f(x):\n    return x", 1.0),
        ("python", "```python\nx = 1\n```", 0.0),
        ("python", "Here is the code:\nx = 1", 0.0),
        ("python", "x = '\\d'", 1.0),
        ("python", "x = 1\x00", 0.0),
        ("python", "(" * 90_000, 0.0),
        (r"regex:\([A-Z]\)", "(B) Minor reason", 1.0),
        (r"regex:\([A-Z]\)", "\n (B)", 1.0),
        (r"regex:\([A-Z]\)", "I choose (B)", 0.0),
    ],
)
def test_compliance(expected: str, response: str, value: float) -> None:
    assert outcome(expected, response)["value"] == value


def test_what_is_wrong_stands_in_the_evidence() -> None:
    evidence = json.loads(outcome("json_schema:person", '{"age": -7}')["evidence"])
    problem = "age: -7 is less than the minimum of 0"
    assert evidence == {"expected": "json_schema:person", "problem": problem, "path": "age"}
    assert "line 1" in json.loads(outcome("python", "def f(:")["evidence"])["problem"]


@pytest.mark.parametrize(
    ("expected", "reason"),
    [
        (None, "no format asked for"),
        ("yaml", "unknown format 'yaml'"),
        ("json:strict", "unknown format 'json:strict'"),
        ("json_schema:nobody", "unknown JSON schema 'nobody'"),
    ],
)
def test_what_cannot_be_checked_is_skipped(expected: str | None, reason: str) -> None:
    row = outcome(expected, "{}")
    assert (row["status"], row["value"], row["note"]) == ("SKIPPED", None, reason)


def test_a_huge_answer_is_skipped() -> None:
    assert outcome("json", "1" * 2000, max_format_characters=1000)["note"] == "longer than 1000 characters"


@pytest.mark.parametrize("pattern", ["(", "", "a" * 2000])
def test_a_broken_pattern_fails_with_a_note(pattern: str) -> None:
    row = outcome(f"regex:{pattern}", "x")
    assert row["status"] == "FAILED"
    assert row["note"]


def test_a_pattern_that_never_ends_fails() -> None:
    row = outcome(r"regex:(x+x+)+y", "x" * 5000, regex_timeout_s=0.2)
    assert row["status"] == "FAILED"
    assert "longer than 0.2 s" in row["note"]


def test_schemas_are_read_from_files(tmp_path: Path) -> None:
    path = tmp_path / "person.json"
    path.write_text(json.dumps(PERSON))
    assert outcome("json_schema:file", '{"age": 1}', json_schemas={"file": str(path)})["value"] == 1.0


@pytest.mark.parametrize("given", ["/no/such/file.json", {"type": "nonsense"}])
def test_a_schema_that_is_none_is_a_config_error(given: object) -> None:
    with pytest.raises(ConfigError, match=r"evaluators\.json_schemas\.broken"):
        Format(EvaluatorOptions.model_validate({"json_schemas": {"broken": given}}))


def test_a_schema_never_reaches_for_the_network() -> None:
    remote = {"$ref": "http://127.0.0.1:9/schema.json"}
    row = outcome("json_schema:remote", "{}", json_schemas={"remote": remote})
    assert row["status"] == "FAILED"
    assert "127.0.0.1" in row["note"]


def test_the_version_changes_with_a_schema() -> None:
    empty = Format(EvaluatorOptions()).version
    assert Format(EvaluatorOptions(json_schemas={"person": PERSON})).version != empty
