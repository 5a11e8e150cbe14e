"""Answers that are data: JSON and XML."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from xml.parsers import expat

from obs_lib.evaluators.formats.problem import NotCompliant


def check_json(text: str) -> Any:
    """One JSON value and nothing around it (RFC 8259): no NaN or Infinity, no key twice in an object. Gives the value."""

    def unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for key, value in pairs:
            if key in members:
                raise NotCompliant(f"the key {key[:40]!r} stands twice in an object")
            members[key] = value
        return members

    def refuse(constant: str) -> None:
        raise NotCompliant(f"{constant} is not JSON")

    try:
        return json.loads(text, object_pairs_hook=unique, parse_constant=refuse)
    except NotCompliant:
        raise
    except RecursionError:
        raise NotCompliant("nested too deeply") from None
    except json.JSONDecodeError as problem:
        reason = f"not JSON: {problem.msg}"
        raise NotCompliant(reason, line=problem.lineno, column=problem.colno) from None
    except ValueError as problem:
        raise NotCompliant(f"not JSON: {problem}") from None


def check_schema(text: str, schema: dict[str, Any]) -> None:
    """JSON that satisfies the schema (draft 2020-12). A schema never reaches for the network."""
    import jsonschema
    import referencing

    value = check_json(text)
    validator = jsonschema.Draft202012Validator(schema, registry=referencing.Registry())
    problem = next(iter(validator.iter_errors(value)), None)
    if problem is not None:
        place = "/".join(str(part) for part in problem.absolute_path) or "(top)"
        raise NotCompliant(problem.message, path=place)


def check_xml(text: str) -> None:
    """A well-formed XML document. Nothing is fetched, and no tree is built.

    Entities that it declares are refused, not read: they can grow without bound, or name files.
    """
    parser = expat.ParserCreate("utf-8")

    def refuse(name: str, *_: object) -> None:
        line, column = parser.CurrentLineNumber, parser.CurrentColumnNumber + 1
        raise NotCompliant(f"it declares the entity {name[:40]!r}, which is not read", line=line, column=column)

    parser.EntityDeclHandler = refuse
    # Space before the XML declaration is an error of its own, which nobody means; lines keep their numbers without it.
    start = text.lstrip()
    skipped = text[: len(text) - len(start)].count("\n")
    try:
        parser.Parse(start.rstrip().encode("utf-8"), True)
    except UnicodeEncodeError:
        raise NotCompliant("not XML: half a surrogate pair") from None
    except expat.ExpatError as problem:
        reason = f"not XML: {expat.errors.messages[problem.code]}"
        raise NotCompliant(reason, line=problem.lineno + skipped, column=problem.offset + 1) from None
    except NotCompliant as problem:
        raise problem.below(skipped) from None
