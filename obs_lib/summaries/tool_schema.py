"""Whether the arguments of a call fit the JSON schema that its tool was offered with (draft 2020-12).

Schema and arguments come from logs, so anybody may have written them: nothing is fetched, no regular expression is run
(`pattern` says nothing), and what refers to itself too often is given up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

_MOST_REFERENCES = 1_000  # followed in one check; schemas that double with every reference would never end
_SCHEMAS, _CHECKS = 1_024, 16_384  # remembered


class _GivenUp(Exception):
    """A schema that refers to itself too often."""


@lru_cache(_CHECKS)
def fits(schema: str, arguments: str) -> bool | None:
    """Whether the arguments fit; None for a schema that is none. Both are canonical JSON, of objects."""
    checker = _checker(schema)
    return None if checker is None else checker.fits(json.loads(arguments))


class _Checker:
    """One schema. Raises nothing: a schema of a log may break anything that reads it, and then says nothing."""

    def __init__(self, schema: Any) -> None:
        import jsonschema
        import referencing

        of_draft = jsonschema.Draft202012Validator
        references = {name: self._counted(of_draft.VALIDATORS[name]) for name in ("$ref", "$dynamicRef")}
        counting = jsonschema.validators.extend(of_draft, references)  # type: ignore[no-untyped-call]
        self._validator = counting(_harmless(schema), registry=referencing.Registry())
        self._left = 0

    def fits(self, arguments: Any) -> bool | None:
        self._left = _MOST_REFERENCES
        try:
            return next(iter(self._validator.iter_errors(arguments)), None) is None
        except Exception:  # noqa: BLE001
            return None

    def _counted(self, check: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
        def follow(*given: Any) -> Iterator[Any]:
            self._left -= 1
            if self._left < 0:
                raise _GivenUp
            yield from check(*given) or ()

        return follow


@lru_cache(_SCHEMAS)
def _checker(schema: str) -> _Checker | None:
    try:
        return _Checker(json.loads(schema))
    except Exception:  # noqa: BLE001
        return None


def _harmless(schema: Any) -> Any:
    """The schema without regular expressions, and without `$schema`, which would have another validator read a part of it."""
    if isinstance(schema, list):
        return [_harmless(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {name: _harmless(item) for name, item in schema.items() if not _is_expression(name, item)}
    if isinstance(schema.get("patternProperties"), dict):
        kept.pop("additionalProperties", None)  # which says what is left over of them
    return kept


def _is_expression(name: str, item: Any) -> bool:
    """A property may bear a keyword's name; what it holds is then no text."""
    return (name in ("pattern", "$schema") and isinstance(item, str)) or name == "patternProperties"
