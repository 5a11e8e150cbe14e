"""Format: is the answer, as it stands, in the format that was asked for? Exact, no model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from obs_lib.catalogue.score import Score
from obs_lib.digests import digest_of
from obs_lib.errors import ConfigError
from obs_lib.evaluators.anchors import SHIPPED
from obs_lib.evaluators.formats.code import check_python, check_sql, is_dialect
from obs_lib.evaluators.formats.data import check_json, check_schema, check_xml
from obs_lib.evaluators.formats.fences import check_fence, check_no_fence, fences, text_outside
from obs_lib.evaluators.formats.layout import check_length, check_pattern, check_table, read_bounds
from obs_lib.evaluators.formats.problem import NotCompliant
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.outcomes import Case, Outcome, failed, scored, skipped
from obs_lib.evaluators.rule import Rule
from obs_lib.records import Metric

_EXCERPT = 200
_BARE = frozenset({"json", "json_schema", "python", "sql", "xml", "markdown_table"})
"""What stands by itself: a Markdown fence around it must be cut off before it can be used."""

Check = Callable[[str], object]


class Format(Rule):
    """1: compliant, 0: not, with what is wrong and where as evidence.

    json, json_schema:N, xml   one value or document and nothing around it; N names a schema of the settings.
    python, sql, sql:DIALECT   parses as it stands.
    regex:P                    P matches at the start of the answer, space around it aside (`regex.match`, no full match).
    markdown_table             one table and nothing else, every row as wide as its header.
    code_fence, code_fence:L   one fenced block (of language L) and nothing else; no_fence: none anywhere.
    max_words:N, min_words:N, words:A-B, and the same with chars.

    Several with `;` between them must all hold; a pattern takes all that follows it, so it stands last.
    """

    declaration = Score(
        name="format",
        needs=frozenset({"response", "expected_format", "error"}),
        metrics=(
            Metric(
                "format_compliance",
                "Format compliance",
                "share",
                "higher_is_better",
                0.95,
                "share of answers in the format that was asked for",
                evaluator="format",
                aggregation="share_above",
                complaint="Answers break their format",
            ),
        ),
        labels=("valid_format",),
        pass_fail=True,
        anchors=SHIPPED / "format.jsonl",
    )
    describe = (
        "Exact check of the whole answer against the format that the log asks for: JSON, JSON schema, Python, SQL, XML, "
        "regular expression, Markdown table, code fence or none, length."
    )

    def __init__(self, options: EvaluatorOptions) -> None:
        super().__init__(options)
        self._options = options
        self._schemas = {name: _read_schema(name, given) for name, given in options.json_schemas.items()}
        limits = (options.max_format_characters, options.regex_timeout_s)
        self.version = f"2-{digest_of(self._schemas, limits)[:12]}"

    def _verdict(self, case: Case, response: str) -> Outcome:
        expected = (case.expected_format or "").strip()
        if not expected:
            return skipped("no format asked for")
        checks: list[tuple[str, Check]] = []
        for part in _parts(expected):
            check = self._check(part)
            if isinstance(check, str):
                return skipped(check)
            checks.append((part, check))
        if len(response) > self._options.max_format_characters:
            return skipped(f"longer than {self._options.max_format_characters} characters")
        try:
            problems = [problem for part, check in checks if (problem := _problem(part, check, response))]
        except TimeoutError:
            return failed(f"the pattern took longer than {self._options.regex_timeout_s} s")
        return scored(0.0, _evidence(expected, problems)) if problems else scored(1.0)

    def _check(self, part: str) -> Check | str:
        """The check that a format asks for, or why there is none."""
        plain: dict[str, Check] = {
            "json": check_json,
            "python": check_python,
            "xml": check_xml,
            "markdown_table": check_table,
            "no_fence": check_no_fence,
        }
        kind, _, detail = part.partition(":")
        bounds = read_bounds(part)
        if part in plain:
            return plain[part]
        if bounds is not None:
            return lambda text: check_length(text, bounds)
        if kind == "json_schema":
            schema = self._schemas.get(detail)
            return f"unknown JSON schema {detail[:40]!r}" if schema is None else lambda text: check_schema(text, schema)
        if kind == "sql":
            known = is_dialect(detail)
            return (lambda text: check_sql(text, detail)) if known else f"unknown SQL dialect {detail[:40]!r}"
        if kind == "regex":
            return lambda text: check_pattern(text, detail, self._options.regex_timeout_s)
        if kind == "code_fence":
            return lambda text: check_fence(text, detail)
        return f"unknown format {part[:40]!r}"


def _parts(expected: str) -> list[str]:
    """The formats that must all hold.

    >>> _parts("json; max_chars:80;regex:a;b")
    ['json', 'max_chars:80', 'regex:a;b']
    """
    parts: list[str] = []
    rest = expected
    while rest := rest.strip():
        part, _, rest = (rest, "", "") if rest.startswith("regex:") else rest.partition(";")
        parts += [part.strip()] if part.strip() else []
    return parts


def _problem(part: str, check: Check, response: str) -> NotCompliant | None:
    """Why the answer fails the check; None where it does not. What only a fence spoils says so."""
    try:
        check(response)
    except NotCompliant as problem:
        return _behind_fence(part, check, response) or problem
    return None


def _behind_fence(part: str, check: Check, response: str) -> NotCompliant | None:
    """The problem of an answer whose content stands in its one Markdown fence; None where there is no such fence."""
    kind = part.partition(":")[0]
    fenced = fences(response) if kind in _BARE else []
    if len(fenced) != 1:
        return None
    fence = fenced[0]
    around = "a Markdown fence" + (" and other text" if text_outside(response, fenced) else "") + " around it"
    try:
        check(fence.inside)
    except NotCompliant as problem:
        inside = problem.below(fence.opening)
        problem_inside = f"{around}; inside, {inside}"
        return NotCompliant(problem_inside, line=inside.line or fence.opening, column=inside.column, path=inside.path)
    return NotCompliant(f"{around}; inside, it is valid {kind}", line=fence.opening)


def _evidence(expected: str, problems: list[NotCompliant]) -> dict[str, object]:
    """The first problem with its place, and what else is wrong."""
    first = problems[0]
    place = {"line": first.line, "column": first.column, "path": first.path}
    return {
        "expected": expected[:_EXCERPT],
        "problem": str(first)[:_EXCERPT],
        **{name: value for name, value in place.items() if value is not None},
        **({"further": [str(problem)[:_EXCERPT] for problem in problems[1:]]} if problems[1:] else {}),
    }


def _read_schema(name: str, given: str | dict[str, Any]) -> dict[str, Any]:
    """The schema, checked to be one. ConfigError when its file cannot be read or it is no schema."""
    import jsonschema

    where = f"evaluators.json_schemas.{name}"
    try:
        schema = json.loads(Path(given).expanduser().read_text(encoding="utf-8")) if isinstance(given, str) else given
        jsonschema.Draft202012Validator.check_schema(schema)
    except (OSError, ValueError, jsonschema.SchemaError) as error:
        reason = error.message if isinstance(error, jsonschema.SchemaError) else str(error)
        raise ConfigError(
            "not a JSON schema", rule="a readable JSON schema", found=reason[:200], where=where
        ) from error
    return dict(schema)
