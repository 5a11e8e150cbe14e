"""Format: is the answer, as it stands, in the format that was asked for? Exact, no model."""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from obs_lib.digests import digest_of
from obs_lib.errors import ConfigError
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.rows import Case, Outcome, failed, judge, scored, skipped

if TYPE_CHECKING:
    import pandas as pd

    from obs_lib.records import Vectors

_LONGEST_PATTERN = 1000
_EXCERPT = 200


class NotCompliant(ValueError):
    """Why an answer is not in its format. Internal: becomes a score of 0 with this text as evidence."""


class Format:
    """Implements `records.Evaluator`. 1: compliant, 0: not.

    json            one JSON value and nothing around it; no NaN or Infinity, no key twice in an object (RFC 8259).
    json_schema:N   JSON that also satisfies the schema named N in the settings.
    python          parses as Python as it stands; a Markdown fence around it is a defect, since it must be cut off first.
    regex:P         P matches at the start of the answer, surrounding space aside (`regex.match`, not a full match).
    """

    name = "format"
    needs = frozenset({"response", "expected_format", "error"})
    describe = (
        "Exact check of the whole answer against the format that the log asks for: JSON, JSON schema, Python source or "
        "regular expression."
    )

    def __init__(self, options: EvaluatorOptions) -> None:
        self._options = options
        self._schemas = {name: _read_schema(name, given) for name, given in options.json_schemas.items()}
        limits = (options.max_format_characters, options.regex_timeout_s)
        self.version = f"1-{digest_of(self._schemas, limits)[:12]}"

    def texts(self, batch: pd.DataFrame) -> list[str]:
        return []

    def score(self, batch: pd.DataFrame, vectors: Vectors) -> pd.DataFrame:
        return judge(batch, self._verdict)

    def _verdict(self, case: Case, response: str) -> Outcome:
        expected = (case.expected_format or "").strip()
        if not expected:
            return skipped("no format asked for")
        kind, _, detail = expected.partition(":")
        checks: dict[str, Callable[[str, str], None]] = {
            "json": lambda text, _: _check_json(text),
            "json_schema": self._check_schema,
            "python": lambda text, _: _check_python(text),
            "regex": self._check_regex,
        }
        if kind not in checks or (kind in ("json", "python") and detail):
            return skipped(f"unknown format {expected[:40]!r}")
        if kind == "json_schema" and detail not in self._schemas:
            return skipped(f"unknown JSON schema {detail[:40]!r}")
        if len(response) > self._options.max_format_characters:
            return skipped(f"longer than {self._options.max_format_characters} characters")
        try:
            checks[kind](response, detail)
        except NotCompliant as problem:
            return scored(0.0, {"expected": expected[:_EXCERPT], "problem": str(problem)[:_EXCERPT]})
        except TimeoutError:
            return failed(f"the pattern took longer than {self._options.regex_timeout_s} s")
        return scored(1.0)

    def _check_schema(self, text: str, name: str) -> None:
        import jsonschema
        import referencing

        value = _check_json(text)
        validator = jsonschema.Draft202012Validator(self._schemas[name], registry=referencing.Registry())
        problem = next(iter(validator.iter_errors(value)), None)
        if problem is not None:
            place = "/".join(str(part) for part in problem.absolute_path) or "(top)"
            raise NotCompliant(f"{place}: {problem.message}")

    def _check_regex(self, text: str, pattern: str) -> None:
        import regex

        if not pattern or len(pattern) > _LONGEST_PATTERN:
            raise ValueError(f"a pattern must have 1 to {_LONGEST_PATTERN} characters; found {len(pattern)}")
        compiled = regex.compile(pattern, cache_pattern=False)
        if compiled.match(text.strip(), timeout=self._options.regex_timeout_s) is None:
            raise NotCompliant("the pattern does not match at the start")


def _check_json(text: str) -> Any:
    """The value that `text` is the JSON of; NotCompliant with the reason."""

    def unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise NotCompliant("a key stands twice in an object")
        return found

    def refuse(constant: str) -> None:
        raise NotCompliant(f"{constant} is not JSON")

    try:
        return json.loads(text, object_pairs_hook=unique, parse_constant=refuse)
    except NotCompliant:
        raise
    except RecursionError:
        raise NotCompliant("nested too deeply") from None
    except ValueError as problem:
        raise NotCompliant(f"not JSON: {problem}") from None


def _check_python(text: str) -> None:
    """NotCompliant unless `text` parses. It is never compiled to code or run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as problem:
        line = (problem.text or "").strip()[:80]
        raise NotCompliant(f"line {problem.lineno}: {problem.msg}: {line}") from None
    except (RecursionError, MemoryError):
        raise NotCompliant("nested too deeply") from None
    except ValueError as problem:
        raise NotCompliant(f"not Python source: {problem}") from None


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
