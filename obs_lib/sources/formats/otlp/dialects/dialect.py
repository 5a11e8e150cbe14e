"""What a dialect is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from obs_lib.sources.formats.otlp.any_value import Attributes


def _nothing(_: Attributes) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Dialect:
    """One library's way to say what a span is.

    name : in a reader's words. marks : what names of its attributes begin with.
    fields : the native fields that the attributes say; None, or left out, for what they do not say.
    is_llm : whether the span is a call to a model that answers in text; None where the dialect does not say.
    kind : what the span is, as a word that `stages` knows; None where the dialect does not say.
    documents : what a retrieval gave back, None for any other span.
    spoken : whether attributes with such a mark are its own; left out where nobody else has the mark.
    """

    name: str
    marks: tuple[str, ...]
    fields: Callable[[Attributes], dict[str, Any]] = lambda _: {}
    is_llm: Callable[[Attributes], bool | None] = _nothing
    kind: Callable[[Attributes], str | None] = _nothing
    documents: Callable[[Attributes], list[dict[str, Any]] | None] = _nothing
    spoken: Callable[[Attributes], bool] = lambda _: True
