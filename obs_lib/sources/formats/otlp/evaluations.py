"""Verdicts on interactions that stand in traces: GenAI evaluation events, OpenInference evaluations and annotations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from obs_lib.sources.entries import Entry
from obs_lib.sources.formats.otlp.any_value import Attributes
from obs_lib.sources.formats.otlp.attribute_values import indexed, number, text, unwrapped
from obs_lib.sources.formats.otlp.encoding import Record

ANNOTATED = "annotation"
"""The name of a record that holds somebody's verdict on the span that it belongs to, in attributes of `annotation.*`."""

_SOURCES = {"HUMAN": "human", "LLM": "evaluation", "AI": "evaluation", "CODE": "evaluation", "API": "api"}
"""Where nobody says who judged, it is a program: a person's word weighs more, and must not be guessed."""


def annotation(entry: Entry, of: tuple[str, str], name: Any, verdict: Any, kind: Any) -> Record:
    """A verdict as a record: a number, true or false, or a word, by a `HUMAN`, an `LLM`, `CODE`, or through an `API`.

    of : the trace and the span that it is about, "" for a trace that is not known.
    """
    said = {"score": verdict} if isinstance(verdict, (bool, int, float)) else {"label": verdict}
    named = {"name": name, "annotator_kind": kind} | said
    return Record(entry, *of, ANNOTATED, 0, {f"annotation.{part}": value for part, value in named.items()})


def of_event(attributes: Attributes) -> dict[str, Any] | None:
    """The label of a `gen_ai.evaluation.result` event, without `request_id`; None where it holds no verdict."""
    verdict = {name: attributes.get(f"gen_ai.evaluation.{name}") for name in ("name", "score.value", "score.label")}
    return _label(verdict["name"], verdict["score.value"], verdict["score.label"], "evaluation")


def of_attributes(attributes: Attributes) -> Iterator[dict[str, Any]]:
    """The labels in `evaluation.*`, `annotation.*` and their indexed lists, without `request_id`."""
    for word in ("evaluation", "annotation"):
        if not any(name.startswith(word) for name in attributes):
            continue
        single = {name: attributes.get(f"{word}.{name}") for name in ("name", "score", "label", "annotator_kind")}
        for item in (single, *unwrapped(indexed(attributes, f"{word}s"), word)):
            if isinstance(item, Mapping):
                kind = str(item.get("annotator_kind")).upper()
                source = _SOURCES.get(kind, "evaluation")
                label = _label(item.get("name"), item.get("score"), item.get("label"), source)
                if label:
                    yield label


def _label(name: Any, score: Any, word: Any, source: str) -> dict[str, Any] | None:
    value = float(score) if isinstance(score, bool) else number(score)
    numeric = type(value) in (int, float)
    name = text(name)
    if not name or (not numeric and word in (None, "")):
        return None
    return {
        "name": name,
        "source": source,
        "value": float(value) if numeric else None,
        "text": None if numeric else text(word),
        "inclusion_probability": None,
    }
