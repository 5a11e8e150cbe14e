"""The calls of tools in a day's answers, what tools' own spans say, and the tasks that calls belong to, as arrays."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib.records.references import canonical_arguments, named_calls
from obs_lib.stats.intervals import Floats
from obs_lib.summaries.arrays import UNKNOWN, Codes
from obs_lib.summaries.columns import Texts
from obs_lib.summaries.tool_schema import fits
from obs_lib.summaries.turns import Positions, firsts, steps_of

Names = NDArray[np.object_]

_PREFIXES = ("execute_tool ", "running tool: ", "running tool ")  # before the tool's name, in the names of spans
_MOST_CHECKED = 50_000  # interactions whose arguments are held against schemas, drawn by hash: a check takes 0.2 ms


@dataclass(frozen=True, slots=True)
class _Arrays:
    row: Positions
    """Position of the interaction among the day's; -1 for none."""

    def __len__(self) -> int:
        return len(self.row)

    def take(self, chosen: NDArray[np.bool_]) -> Self:
        """Some of them."""
        return type(self)(*(getattr(self, item.name)[chosen] for item in fields(self)))


@dataclass(frozen=True, slots=True)
class Calls(_Arrays):
    """Calls in answers, in the order of sessions. Verdicts are 1, 0 or UNKNOWN.

    parsed : whether the arguments are a JSON object. fit : whether they fit the schema that the tool was offered with.
    offered : whether the tool was offered at all. repeated : whether its task has made the same call before.
    """

    tool: Names
    parsed: Codes
    fit: Codes
    offered: Codes
    repeated: Codes


@dataclass(frozen=True, slots=True)
class Runs(_Arrays):
    """Spans of the stage `tool`. recovered : of a failed one, whether the tool succeeded later in its trace; else UNKNOWN."""

    tool: Names
    failed: Codes
    recovered: Codes


@dataclass(frozen=True, slots=True)
class Tasks(_Arrays):
    """Turns that call a tool, by their first interaction. steps : calls to the model."""

    steps: Floats


@dataclass(frozen=True, slots=True)
class Choices(_Arrays):
    """Interactions whose reference names a call. right : whether the answer makes exactly the calls of one reference."""

    right: Codes


@dataclass(frozen=True, slots=True)
class ToolUse:
    """All of it, of a day or of a part of it."""

    calls: Calls
    runs: Runs
    tasks: Tasks
    choices: Choices


def read_tool_use(interactions: pd.DataFrame, spans: pd.DataFrame | None) -> ToolUse:
    """What a day's interactions and spans say of tools. Columns as in the tables of the lake."""
    # A task without a session is told by its trace: what has neither stands for itself.
    conversation = interactions["session_id"].astype(object).fillna(interactions["trace_id"])
    steps = steps_of(interactions, Texts(conversation))
    task = np.full(len(interactions), -1, dtype=np.intp)
    task[steps.row] = steps.turn
    calls, calling = _calls(interactions, _in_order(steps.row, len(interactions)), task)
    turns = firsts(steps.turn)
    length = np.bincount(steps.turn, minlength=len(turns)).astype(np.float64)
    with_calls = np.isin(np.arange(len(turns)), task[calling])
    tasks = Tasks(steps.row[turns][with_calls], length[with_calls])
    return ToolUse(calls, _runs(interactions, spans), tasks, _choices(interactions))


def _in_order(stepwise: Positions, size: int) -> Positions:
    """Every interaction, those of conversations in their order first."""
    alone = np.ones(size, dtype=bool)
    alone[stepwise] = False
    return np.concatenate([stepwise, np.flatnonzero(alone)])


def _calls(interactions: pd.DataFrame, order: Positions, task: Positions) -> tuple[Calls, Positions]:
    """The calls, and the interactions that make them."""
    texts, tools = Texts(interactions["tool_calls"]), Texts(interactions["tools"])
    made = [_called(text) for text in texts.distinct]
    schemas = [_schemas(text) for text in tools.distinct]
    checked = _checked(interactions["request_id"], order[texts.codes[order] >= 0])
    seen: set[tuple[int, str, str]] = set()
    rows = []
    for at in order[texts.codes[order] >= 0].tolist():
        known = schemas[tools.codes[at]] if tools.codes[at] >= 0 else None
        group = int(task[at]) if task[at] >= 0 else -2 - at
        for name, arguments, parsed in made[texts.codes[at]]:
            again = (group, name, arguments) in seen
            seen.add((group, name, arguments))
            fit = _fit(known, name, arguments) if parsed and at in checked else UNKNOWN
            rows.append((at, name, parsed, fit, UNKNOWN if known is None else name in known, again))
    columns = list(zip(*rows, strict=True)) if rows else [()] * 6
    codes = [np.array(column, dtype=np.int8) for column in columns[2:]]
    row = np.array(columns[0], dtype=np.intp)
    return Calls(row, _names(columns[1]), *codes), np.unique(row)


def _checked(requests: pd.Series, calling: Positions) -> set[int]:
    if len(calling) <= _MOST_CHECKED:
        return set(calling.tolist())
    chance = [hashlib.sha256(f"schema\x00{requests.iloc[at]}".encode()).digest() for at in calling.tolist()]
    return {int(calling[at]) for at in sorted(range(len(chance)), key=chance.__getitem__)[:_MOST_CHECKED]}


def _called(text: str) -> list[tuple[str, str, bool]]:
    """Name and canonical arguments of each call, and whether these are an object. No arguments are an empty object."""
    calls = []
    for call in json.loads(text):
        given = call["arguments"] if call["arguments"] not in (None, "") else {}
        calls.append((call["name"], canonical_arguments(given), isinstance(given, dict)))
    return calls


def _schemas(text: str) -> dict[str, str | None]:
    return {tool["name"]: tool["parameters"] and canonical_arguments(tool["parameters"]) for tool in json.loads(text)}


def _fit(known: dict[str, str | None] | None, name: str, arguments: str) -> int:
    schema = (known or {}).get(name)
    verdict = fits(schema, arguments) if schema else None
    return UNKNOWN if verdict is None else int(verdict)


def _runs(interactions: pd.DataFrame, spans: pd.DataFrame | None) -> Runs:
    if spans is None or not len(spans):
        return Runs(np.empty(0, np.intp), _names(()), np.empty(0, np.int8), np.empty(0, np.int8))
    of_tools = spans[(spans["stage"] == "tool") & spans["start"].notna()]
    of_tools = of_tools.sort_values(["trace_id", "start", "span_id"], ignore_index=True)
    names = _names([_tool_of(name) for name in of_tools["name"]])
    failed = of_tools["error"].notna().to_numpy(dtype=bool)
    good = pd.DataFrame({"trace": of_tools["trace_id"], "tool": names, "good": ~failed})
    # Whether any of those from this one on succeeded; a failed one is none of them.
    later = good[::-1].groupby(["trace", "tool"], sort=False)["good"].cummax()[::-1].to_numpy(dtype=bool)
    row = pd.Index(interactions["request_id"]).get_indexer(of_tools["request_id"])
    return Runs(row, names, failed.astype(np.int8), np.where(failed, later, UNKNOWN).astype(np.int8))


def _tool_of(span: str) -> str:
    """The tool that a span's name names.

    >>> _tool_of("execute_tool weather"), _tool_of("weather")
    ('weather', 'weather')
    """
    return next((span[len(start) :] for start in _PREFIXES if span.lower().startswith(start)), span)


def _choices(interactions: pd.DataFrame) -> Choices:
    named = interactions["reference"].str.contains('"name', regex=False, na=False).to_numpy(dtype=bool)
    rows, right = [], []
    for at in np.flatnonzero(named).tolist():
        wanted = [calls for text in json.loads(interactions["reference"].iloc[at]) if (calls := named_calls(text))]
        if wanted:
            text = interactions["tool_calls"].iloc[at]
            made = sorted(call[:2] for call in _called(text)) if isinstance(text, str) else []
            rows.append(at)
            right.append(made in wanted)
    return Choices(np.array(rows, dtype=np.intp), np.array(right, dtype=np.int8))


def _names(names: Any) -> Names:
    array = np.empty(len(names), dtype=object)
    array[:] = list(names)
    return array
