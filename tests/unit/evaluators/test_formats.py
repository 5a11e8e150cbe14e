"""Each kind of format: what complies, what does not, and where a failure says it is."""

from __future__ import annotations

import json
import sys
import time

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obs_lib.evaluators.format import Format
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.models.testing import HashingEncoder
from obs_lib.models.vectors import gather

PERSON = {"type": "object", "required": ["age"], "properties": {"age": {"type": "integer", "minimum": 0}}}
EVALUATOR = Format(EvaluatorOptions(json_schemas={"person": PERSON}))


def outcome(expected: str, response: str) -> pd.Series:
    batch = pd.DataFrame({"response": [response], "expected_format": [expected], "error": [None]}, dtype=object)
    return EVALUATOR.score(batch, gather([], {}, HashingEncoder())).iloc[0]


def problem(expected: str, response: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(outcome(expected, response)["evidence"])
    return found


@pytest.mark.parametrize(
    ("expected", "response", "value"),
    [
        ("xml", '\n<?xml version="1.0" encoding="latin-1"?>\n<a b="1"><c/>é</a>\n', 1.0),
        ("xml", "<a><b></a>", 0.0),
        ("xml", "<a/><b/>", 0.0),
        ("xml", "just text", 0.0),
        ("xml", "<a>" * 20_000 + "</a>" * 5_000, 0.0),
        ("xml", "<a>" * 14_000 + "</a>" * 14_000, 1.0),
        ("xml", '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', 0.0),
        ("markdown_table", "| a | b |\n|---|:-:|\n| 1 | x\\|y |\n", 1.0),
        ("markdown_table", "a | b\n-- | --\n1 | 2", 1.0),
        ("markdown_table", "Here it is:\n| a | b |\n|---|---|", 0.0),
        ("markdown_table", "| a | b |\n|---|\n| 1 | 2 |", 0.0),
        ("markdown_table", "| a | b |\n|---|---|\n| 1 |", 0.0),
        ("markdown_table", "| a | b |\n|---|---|\n| 1 | 2 |\n\nThat is all.", 0.0),
        ("markdown_table", "|" * 90_000, 0.0),
        ("code_fence", "```\nx\n```", 1.0),
        ("code_fence", "~~~~ js\n```\n~~~~\n", 1.0),
        ("code_fence:python", "```py\nx\n```", 1.0),
        ("code_fence:python", "```sql\nx\n```", 0.0),
        ("code_fence", "Look:\n```\nx\n```", 0.0),
        ("code_fence", "```\nx\n```\nThere.", 0.0),
        ("code_fence", "```\nx", 0.0),
        ("code_fence", "x = 1", 0.0),
        ("code_fence", "```\nx\n```\n```\ny\n```", 0.0),
        ("no_fence", "Use `x` or ```x``` in a line", 1.0),
        ("no_fence", "```x``` opens a line", 1.0),
        ("no_fence", "Look:\n  ```\nx\n  ```", 0.0),
        ("max_words:3", "one two three", 1.0),
        ("max_words:3", "one two three four", 0.0),
        ("min_words:2", "one", 0.0),
        ("words:2-3", " one two ", 1.0),
        ("max_chars:3", " abc ", 1.0),
        ("chars:4-9", "abc", 0.0),
        ("json;max_chars:9", '{"a": 1}', 1.0),
        ("json; max_chars:5", '{"a": 1}', 0.0),
        ("no_fence;regex:a;b", "a;b", 1.0),
        ("no_fence;regex:a;b", "a", 0.0),
    ],
)
def test_compliance(expected: str, response: str, value: float) -> None:
    assert outcome(expected, response)["value"] == value


@pytest.mark.parametrize(
    "expected", ["words", "max_words:many", "words:9-3", "max_lines:3", "xml:a", "json;yaml", "no_fence:x", "markdown"]
)
def test_an_unknown_format_is_skipped_whatever_stands_beside_it(expected: str) -> None:
    row = outcome(expected, "x")
    assert (row["status"], row["note"][:14]) == ("SKIPPED", "unknown format")


@pytest.mark.parametrize(
    ("expected", "response", "value"),
    [
        ("sql", "SELECT a, count(*) FROM t WHERE b > 1 GROUP BY a", 1.0),
        ("sql", "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x; DELETE FROM t WHERE a = ';'", 1.0),
        ("sql", "EXPLAIN SELECT 1", 1.0),
        ("sql", "SELECT FROM WHERE", 0.0),
        ("sql", "SELECT * FORM t", 0.0),
        ("sql", "Here is the query: SELECT 1", 0.0),
        ("sql", "hello world", 0.0),
        ("sql", "Call me later", 0.0),
        ("sql", "-- nothing", 0.0),
        ("sql", "SELECT `a` FROM `t`", 0.0),
        ("sql:mysql", "SELECT `a` FROM `t` LIMIT 3, 4", 1.0),
        ("sql:tsql", "SELECT TOP 3 * FROM [t]", 1.0),
        ("sql", "SELECT " + "(" * 45_000, 0.0),
        ("sql", "SELECT " + "NOT " * 20_000 + "1", 0.0),
        ("sql", "'" * 90_001, 0.0),
    ],
)
def test_sql_parses_in_its_dialect(expected: str, response: str, value: float) -> None:
    assert outcome(expected, response)["value"] == value


def test_sql_without_its_parser_fails_and_an_unknown_dialect_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "sqlglot", None)
        row = outcome("sql", "SELECT 1")
        assert (row["status"], "sqlglot installed" in row["note"]) == ("FAILED", True)
    assert outcome("sql:klingon", "SELECT 1")["note"] == "unknown SQL dialect 'klingon'"


FENCED = "a Markdown fence around it; inside, "


@pytest.mark.parametrize(
    ("expected", "response", "says", "place"),
    [
        ("json", '{"a": 1,\n "b": }', "line 2, column 7: not JSON: Expecting value", {"line": 2, "column": 7}),
        ("json", '{"a": 1, "a": 2}', "the key 'a' stands twice in an object", {}),
        ("json_schema:person", '{"age": "x"}', "age: 'x' is not of type 'integer'", {"path": "age"}),
        (
            *("python", "x = 1\ny = (", "line 2, column 5: not Python: '(' was never closed: y = ("),
            {"line": 2, "column": 5},
        ),
        ("xml", "\n<a>\n</b>", "line 3, column 3: not XML: mismatched tag", {"line": 3, "column": 3}),
        ("markdown_table", "|a|b|\n|-|-|\n|1|", "line 3: 1 cells where the header has 2", {"line": 3}),
        ("no_fence", "so\n```\nx\n```", "line 2: a Markdown fence", {"line": 2}),
        ("max_words:2", "one two three", "3 words where at most 2 were asked for", {}),
        ("code_fence:sql", "```py\nx\n```", "line 1: a fence of python, not sql", {"line": 1}),
        ("python", "```python\nx = 1\n```", f"line 1: {FENCED}it is valid python", {"line": 1}),
        (
            *(
                "json",
                "Sure:\n```json\n[1]\n```",
                "a Markdown fence and other text around it; inside, it is valid json",
            ),
            {"line": 2},
        ),
        (
            *("json", "```json\n[1,\n}\n```", f"{FENCED}line 3, column 1: not JSON: Expecting value"),
            {"line": 3, "column": 1},
        ),
    ],
)
def test_a_failure_says_what_and_where(expected: str, response: str, says: str, place: dict[str, object]) -> None:
    found = problem(expected, response)
    assert says in str(found["problem"])
    assert {name: found[name] for name in ("line", "column", "path") if name in found} == place


def test_everything_that_is_wrong_is_told() -> None:
    found = problem("json;no_fence;max_chars:5", "```\n{}\n```")
    assert "inside, it is valid json" in str(found["problem"])
    assert found["further"] == ["line 1: a Markdown fence", "10 characters where at most 5 were asked for"]


def test_entities_are_refused_and_not_expanded() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    start = time.monotonic()
    found = problem("xml", f'<!DOCTYPE a [<!ENTITY l0 "ha">{laughs}]><a>&l9;</a>')
    assert "declares the entity 'l0'" in str(found["problem"])
    assert time.monotonic() - start < 1


@settings(max_examples=60)
@given(text=st.text(alphabet="`~ |-:\n\\a<>&;{}[](),'\"", max_size=300))
@pytest.mark.parametrize("expected", ["xml", "markdown_table", "code_fence:a", "no_fence", "python;json", "words:3-4"])
def test_any_text_has_a_verdict_and_a_place_inside_it(expected: str, text: str) -> None:
    row = outcome(expected, text)
    assert row["status"] == ("SCORED" if text.strip() else "SKIPPED")
    if row["value"] == 0.0:
        line = json.loads(row["evidence"]).get("line")
        assert line is None or 1 <= line <= text.count("\n") + 2


@given(rows=st.lists(st.lists(st.text(alphabet="ab |", max_size=5), min_size=3, max_size=3), max_size=5))
def test_a_table_that_was_written_as_one_is_one(rows: list[list[str]]) -> None:
    lines = [["a", "b", "c"], ["---"] * 3, *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    assert outcome("markdown_table", table)["value"] == 1.0
    assert outcome("code_fence", f"```\n{table}\n```")["value"] == 1.0
    assert outcome("markdown_table", table + "\n| x |")["value"] == 0.0
