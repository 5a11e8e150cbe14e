"""Whether the arguments of a call fit the JSON schema that its tool was offered with (draft 2020-12).

Schema and arguments come from logs, so anybody may have written them: nothing is fetched, no regular expression is run
(`pattern` says nothing), and what refers to itself too often is given up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

_MOST_REFERENCES = 1_000  # followed in one check; schemas that double with every reference would never end
_CACHED = 16_384
_EXPRESSIONS = ("pattern", "patternProperties")


class _GivenUp(Exception):
    """A schema that refers to itself too often."""


def fits(schema: str, arguments: str) -> bool | None:
    """Whether the arguments fit; None for a schema that is none. Both are canonical JSON, of objects."""
    return _fits(schema, arguments)


@lru_cache(_CACHED)
def _fits(schema: str, arguments: str) -> bool | None:
    import jsonschema

    left = [_MOST_REFERENCES]

    def counted(keyword: str) -> Any:
        check = jsonschema.Draft202012Validator.VALIDATORS[keyword]

        def follow(*given: Any) -> Iterator[Any]:
            left[0] -= 1
            if left[0] < 0:
                raise _GivenUp
            yield from check(*given) or ()

        return follow

    references = {keyword: counted(keyword) for keyword in ("$ref", "$dynamicRef")}
    counting = jsonschema.validators.extend(jsonschema.Draft202012Validator, references)  # type: ignore[no-untyped-call]
    return _check(counting, schema, arguments)


def _check(validator: Any, schema: str, arguments: str) -> bool | None:
    import referencing

    try:
        checker = validator(_harmless(json.loads(schema)), registry=referencing.Registry())
        return next(iter(checker.iter_errors(json.loads(arguments))), None) is None
    except Exception:  # noqa: BLE001 - a schema of a log may break anything that reads it, and then says nothing
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
