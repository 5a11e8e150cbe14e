"""Every dialect that is read; a new one is its own file and a line here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from obs_lib.sources.formats.otlp.any_value import Attributes
from obs_lib.sources.formats.otlp.dialects import claude_code
from obs_lib.sources.formats.otlp.dialects.claude_code import CLAUDE_CODE
from obs_lib.sources.formats.otlp.dialects.copilot import COPILOT
from obs_lib.sources.formats.otlp.dialects.dialect import Dialect
from obs_lib.sources.formats.otlp.dialects.google_adk import GOOGLE_ADK
from obs_lib.sources.formats.otlp.dialects.langsmith import LANGSMITH
from obs_lib.sources.formats.otlp.dialects.logfire import LOGFIRE
from obs_lib.sources.formats.otlp.dialects.mlflow import MLFLOW
from obs_lib.sources.formats.otlp.dialects.openllmetry import OPENLLMETRY
from obs_lib.sources.formats.otlp.dialects.plain import NAMED
from obs_lib.sources.formats.otlp.dialects.pydantic_ai import PYDANTIC_AI
from obs_lib.sources.formats.otlp.dialects.strands import STRANDS
from obs_lib.sources.formats.otlp.dialects.vercel import VERCEL

DIALECTS: tuple[Dialect, ...] = (
    *(VERCEL, GOOGLE_ADK, PYDANTIC_AI, LOGFIRE, MLFLOW, LANGSMITH, STRANDS, CLAUDE_CODE, COPILOT, OPENLLMETRY),
)
"""Those that have a shape of their own, the first that says something first."""

_MARKS = tuple(mark for dialect in DIALECTS for mark in dialect.marks)


def of(attributes: Attributes) -> list[Dialect]:
    """The dialects that the attributes are written in."""
    own = [name for name in attributes if name.startswith(_MARKS)]
    marked = [dialect for dialect in DIALECTS if any(name.startswith(dialect.marks) for name in own)] if own else []
    return [dialect for dialect in marked if dialect.spoken(attributes)]


def name_of(attributes: Attributes) -> str:
    """The dialect's name for readers, also of those that have no shape of their own; "unknown" for none."""
    spoken = [dialect.name for dialect in of(attributes) if dialect is not OPENLLMETRY]  # others use some of its names
    named = (label for label, marks in NAMED if any(name.startswith(marks) for name in attributes))
    return next(iter(spoken), None) or next(named, "unknown")


def fields(attributes: Attributes) -> dict[str, Any]:
    """The native fields that dialects say, without those that they do not."""
    native: dict[str, Any] = {}
    for dialect in of(attributes):
        native = {name: value for name, value in dialect.fields(attributes).items() if value is not None} | native
    return native


def asked_around(around: Iterable[Attributes]) -> str | None:
    """What was asked, where spans around a call say it and the call does not. around : of its ancestors, nearest first."""
    return next((said for attributes in around if (said := claude_code.asked(attributes))), None)


def is_llm(attributes: Attributes) -> bool | None:
    """Whether a dialect says that the span is a call that answers in text; None where none says."""
    verdicts = (dialect.is_llm(attributes) for dialect in of(attributes))
    return next((verdict for verdict in verdicts if verdict is not None), None)


def kind(attributes: Attributes) -> str | None:
    """What the span is in a dialect's word; None where none says."""
    return next((kind for dialect in of(attributes) if (kind := dialect.kind(attributes))), None)


def documents(attributes: Attributes) -> list[dict[str, Any]] | None:
    """What a dialect's retrieval gave back; None where it is none."""
    given = (dialect.documents(attributes) for dialect in of(attributes))
    return next((documents for documents in given if documents is not None), None)
