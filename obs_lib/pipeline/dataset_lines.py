"""A dataset as lines: what of an interaction leaves the lake, masked, in the words of the native format."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from obs_lib.lake.tables import INTERACTIONS, SCORES
from obs_lib.pipeline.dataset import Choice, chosen
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day
from obs_lib.redaction.columns import shown_rows

_FIELDS = (
    *("request_id", "timestamp", "session_id", "model_version", "prompt_id", "prompt_version", "prompt", "messages"),
    *("contexts", "response", "tools", "tool_calls", "expected_format", "reference", "error", "finish_reason", "tags"),
)
"""What is written; `messages` takes the place of `prompt`. Nobody is named: what judges an answer needs no user."""
_JSON = frozenset({"messages", "contexts", "tools", "tool_calls", "reference", "tags"})


def dataset(ws: Workspace, choice: Choice) -> Iterator[dict[str, Any]]:
    """The lines of a dataset, as docs/datasets.md lists their fields. ConfigError where nothing can be chosen so.

    The same rows of the lake and the same choice give the same lines.
    """
    rows = chosen(ws, choice)
    logged: dict[tuple[str, str], dict[str, Any]] = {}
    scored: dict[tuple[str, str], dict[str, Any]] = {}
    for day, of_day in rows.groupby("day", sort=True):
        where = {"request_id": list(of_day["request_id"])}
        read = ws.lake.read(INTERACTIONS, [Day.fromisoformat(str(day))], ["day", *_FIELDS], where=where)
        logged |= _by_request(shown_rows(INTERACTIONS, read, ws.redactor))
        if choice.score is not None:
            columns = ["day", "request_id", "evaluator", "note", "evidence"]
            read = ws.lake.read(SCORES, [Day.fromisoformat(str(day))], columns, where | {"evaluator": [choice.score]})
            scored |= _by_request(shown_rows(SCORES, read, ws.redactor))
    taken = rows[["day", "request_id", "value", "inclusion_probability"]]
    for day, request, value, probability in taken.itertuples(index=False, name=None):
        drawn = {"day": day, "inclusion_probability": _number(probability)}
        why = _why(ws, choice, value, scored.get((day, request), {}))
        yield _interaction(logged[day, request]) | drawn | why


def _by_request(frame: pd.DataFrame) -> dict[tuple[str, str], dict[str, Any]]:
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return {(row["day"], row["request_id"]): {str(name): value for name, value in row.items()} for row in rows}


def _interaction(row: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are known; JSON of the lake as what it says, messages as the prompt."""
    line = {name: _parsed(name, row[name]) for name in _FIELDS if row[name] is not None}
    messages = line.pop("messages", None)
    return line if messages is None else line | {"prompt": messages}


def _parsed(name: str, value: Any) -> Any:
    if name == "timestamp":
        return value.isoformat()
    return json.loads(value) if name in _JSON else value


def _why(ws: Workspace, choice: Choice, value: float, score: Mapping[str, Any]) -> dict[str, Any]:
    """Why it is here; where a score is behind it also what makes it a line to label."""
    if choice.metric is None:
        return {}
    why = {"metric": choice.metric.name, "score": _number(value)}
    if choice.score is None:
        return why
    evidence = score.get("evidence")
    return why | {
        "evaluator": choice.score,
        "reason": score.get("note") or None,
        "evidence": json.loads(evidence) if isinstance(evidence, str) else None,
        "label": ws.settings.labels.names(choice.score)[0],
        "value": None,
        "source": "human",
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
