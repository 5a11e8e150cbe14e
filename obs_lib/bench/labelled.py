"""Which labelled sets a folder holds, what their labels mean, and which of their rows belong together."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from obs_lib.bench.lines import Line, read_lines
from obs_lib.catalogue import scores

_NAMES = (".jsonl", ".jsonl.gz")
_SUBFOLDER = "labelled"
_WORDS_OF_A_SOURCE = 4
"""Where there are contexts, shorter prompts ("ok", "nan") are shared by chance and name no common source."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is labelled, and what the day's metric counts.

    label : name of the field. positive : the label that the metric counts, and its name for the reader.
    """

    name: str
    label: str
    positive: bool
    looks_for: str


def tasks() -> dict[str, Task]:
    """The task of every score, by its name."""
    return {score.name: Task(score.name, score.label, not score.counts_low, score.counted_word) for score in scores()}


@dataclass(frozen=True)
class LabelledSet:
    """One file of labelled rows. `unread`: lines that could not be read; `unlabelled`: rows without a true or false."""

    path: Path
    task: Task
    name: str
    rows: list[Line] = field(repr=False)
    labels: list[bool] = field(repr=False)
    unread: int = 0
    unlabelled: int = 0


@dataclass(frozen=True, slots=True)
class Unknown:
    """A file that is no labelled set, and why."""

    file: str
    reason: str


def find_files(folder: Path) -> tuple[list[tuple[Path, Task, str]], list[Unknown]]:
    """The sets of a folder and its subfolder `labelled` by their names, <task>_<name>.jsonl[.gz], and all other files."""
    known = sorted(tasks().values(), key=lambda task: -len(task.name))  # of two that begin a name, the longer one
    sets: list[tuple[Path, Task, str]] = []
    unknown: list[Unknown] = []
    for place in (folder, folder / _SUBFOLDER):
        for path in sorted(place.iterdir()) if place.is_dir() else []:
            if not path.is_file() or path.name.startswith("."):
                continue
            stem = next((path.name.removesuffix(end) for end in _NAMES[::-1] if path.name.endswith(end)), None)
            task = next((each for each in known if f"{stem}_".startswith(f"{each.name}_")), None)
            if stem is None:
                unknown.append(Unknown(str(path), "not JSON Lines"))
            elif task is None:
                names = ", ".join(tasks())
                unknown.append(Unknown(str(path), f"its name begins with no task ({names})"))
            else:
                sets.append((path, task, stem.removeprefix(task.name).removeprefix("_") or task.name))
    return sets, unknown


def read_set(path: Path, task: Task, name: str) -> LabelledSet | Unknown:
    """The labelled rows of a file; Unknown where no row has a label. SourceError where it cannot be read."""
    rows: list[Line] = []
    labels: list[bool] = []
    unread = unlabelled = 0
    for row in read_lines(path):
        label = _label(row.fields, task)
        if row.problem is not None:
            unread += 1
        elif label is None:
            unlabelled += 1
        else:
            rows.append(row)
            labels.append(label)
    if not rows:
        return Unknown(str(path), f"no row has a true or false {task.label!r}")
    return LabelledSet(path, task, name, rows, labels, unread, unlabelled)


def groups(labelled: LabelledSet) -> NDArray[np.intp]:
    """Each row's group: rows that share contexts, or a prompt, belong together; without either, rows of equal text."""
    keys: dict[tuple[str, str], int] = {}
    edges = [
        (i, keys.setdefault(key, len(keys))) for i, row in enumerate(labelled.rows) for key in _sources(row.columns)
    ]
    n = len(labelled.rows)
    row, key = np.array(edges).T
    graph = coo_array((np.ones(len(edges)), (row, n + key)), shape=(n + len(keys), n + len(keys)))
    return np.asarray(connected_components(graph, directed=False)[1][:n], dtype=np.intp)


def _sources(columns: dict[str, str | None]) -> list[tuple[str, str]]:
    contexts, prompt = ((columns[name] or "").strip() for name in ("contexts", "prompt"))
    if contexts and contexts != "[]":
        names_a_source = len(prompt.split()) >= _WORDS_OF_A_SOURCE
        return [("contexts", contexts), *([("prompt", prompt)] if names_a_source else [])]
    return [("prompt", prompt) if prompt else ("response", columns["response"] or "")]


def _label(fields: dict[str, Any], task: Task) -> bool | None:
    for name in (task.label, "label"):
        value = fields.get(name)
        if isinstance(value, bool) or value in (0, 1):
            return bool(value)
    if fields.get("label") in (task.label, task.name) and isinstance(fields.get("value"), bool):
        return bool(fields["value"])  # a line of `obs labels sample` or `obs dataset` that a person has filled in
    return None
