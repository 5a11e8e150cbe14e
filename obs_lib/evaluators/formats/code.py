"""Answers that are code: Python and SQL. They are parsed, never compiled or run."""

from __future__ import annotations

import ast
import logging
import warnings
from typing import Any

from obs_lib.errors import EvaluatorError
from obs_lib.evaluators.formats.problem import NotCompliant

_EXCERPT = 80
_DEEPEST = 40
"""Brackets within brackets of SQL: a parser that tries several readings of each takes twice as long for every level."""
_STATEMENTS = (
    *("Alter", "Commit", "Create", "Describe", "Drop", "Merge", "Pragma", "Rollback", "Set", "Show", "Transaction"),
    *("TruncateTable", "Use", "Values"),
)
"""What sqlglot calls the statements that neither query nor change rows."""
_OTHER_STATEMENTS = frozenset(
    {"alter", "analyze", "create", "drop", "explain", "grant", "revoke", "truncate", "vacuum"}
)
"""First words of statements that sqlglot does not take apart."""


def check_python(text: str) -> None:
    """Parses as Python source, as it stands."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as problem:
        shown = (problem.text or "").strip()[:_EXCERPT]
        reason = f"not Python: {problem.msg}" + (f": {shown}" if shown else "")
        raise NotCompliant(reason, line=problem.lineno, column=problem.offset or None) from None
    except (RecursionError, MemoryError):
        raise NotCompliant("nested too deeply") from None
    except ValueError as problem:
        raise NotCompliant(f"not Python: {problem}") from None


def check_sql(text: str, dialect: str) -> None:
    """One SQL statement or more, in the dialect where one is named; EvaluatorError where sqlglot is not installed."""
    try:
        import sqlglot
    except ImportError as error:
        raise EvaluatorError("SQL cannot be checked", rule="sqlglot installed") from error

    if _depth(text) > _DEEPEST:
        raise NotCompliant(f"brackets nested more than {_DEEPEST} deep")
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it tells every statement that it does not take apart
    try:
        parsed = [one for one in sqlglot.parse(text, read=dialect or None) if one is not None]
    except sqlglot.errors.ParseError as problem:
        first: dict[str, Any] = problem.errors[0] if problem.errors else {}
        message = str(first.get("description") or problem).split("\n")[0].rstrip(". ")[:_EXCERPT]
        raise NotCompliant(f"not SQL: {message}", line=first.get("line"), column=first.get("col")) from None
    except sqlglot.errors.SqlglotError as problem:
        raise NotCompliant(f"not SQL: {str(problem)[:_EXCERPT]}") from None
    except RecursionError:
        raise NotCompliant("nested too deeply") from None
    if not parsed:
        raise NotCompliant("not SQL: no statement")
    for number, one in enumerate(parsed, 1):
        if not _is_statement(one):
            raise NotCompliant(f"not SQL: part {number} is no statement")


def is_dialect(name: str) -> bool:
    """Whether SQL can be asked for in this dialect; True where nothing can tell."""
    try:
        from sqlglot.dialects.dialect import Dialect, Dialects
    except ImportError:
        return True
    return not name or name in {each.value for each in Dialects} or name in Dialect.classes


def _is_statement(parsed: Any) -> bool:
    """Prose parses too: two words are a column and its alias."""
    from sqlglot import exp

    if isinstance(parsed, exp.Command):
        return str(parsed.this).lower() in _OTHER_STATEMENTS
    if isinstance(parsed, exp.Query):
        return not isinstance(parsed, exp.Table)
    named = ("DDL", "DML", *_STATEMENTS)
    return isinstance(parsed, tuple(getattr(exp, name) for name in named if hasattr(exp, name)))


def _depth(text: str) -> int:
    """How deep brackets stand in brackets, strings and comments taken for code."""
    deepest = depth = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        deepest, depth = max(deepest, depth), max(depth, 0)
    return deepest
