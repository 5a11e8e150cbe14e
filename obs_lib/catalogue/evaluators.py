"""Every evaluator by name: the package's, those of installed packages, and those that the settings name.

Anybody's evaluator is a class with `name`, `needs`, `describe`, `version`, `metrics` and `score`; the package's declare the
same in a `Score`. docs/extending.md walks through one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path
from typing import Any

from obs_lib import extensions
from obs_lib.catalogue.bundled import EVALUATORS as BUNDLED
from obs_lib.catalogue.fixed import fixed
from obs_lib.catalogue.registry import PACKAGE, Registry, kept
from obs_lib.catalogue.score import Score
from obs_lib.errors import ExtensionError
from obs_lib.extensions import Extension
from obs_lib.records import CASE_COLUMNS, SESSION, Metric

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""What a score and a metric of somebody's may be called."""
_MOST_TEXT = 1000  # characters of a version or a description


@dataclass(frozen=True)
class Entry:
    """An evaluator that can be built. thing : its class, or its instance where nothing is needed to build it."""

    extension: Extension
    thing: Any
    score: Score

    @property
    def bundled(self) -> bool:
        """Whether it comes with the package."""
        return self.extension.origin == PACKAGE


def _entry(extension: Extension, thing: object, known: Mapping[str, Entry]) -> Entry:
    if extension.origin == PACKAGE:
        score = thing.declaration  # type: ignore[attr-defined]
        return Entry(extension, thing, score)
    wrong = _complaints(extension)
    if isinstance(thing, type) and not hasattr(thing, "build"):
        try:
            thing = thing()
        except (Exception, SystemExit) as error:
            raise wrong("cannot be made", "a class that takes no arguments", error) from error
    score = _placed(_checked(_declared(thing, wrong), extension, known, wrong), thing)
    entry = Entry(extension, thing, score)
    if not hasattr(thing, "build"):
        check_made(thing, entry)
    return entry


def check_made(evaluator: object, entry: Entry) -> None:
    """ExtensionError where somebody's evaluator lacks what only one that is made must have."""
    wrong = _complaints(entry.extension)
    if not callable(getattr(evaluator, "score", None)):
        raise wrong("has no method score", "score(frame) -> frame", None)
    for name in ("version", "describe"):
        text = getattr(evaluator, name, None)
        if not isinstance(text, str) or not 0 < len(text) <= _MOST_TEXT:
            raise wrong(f"has no {name}", f"a text of 1 to {_MOST_TEXT} characters", text)


def complaint(entry: Entry, what: str, rule: str, found: object) -> ExtensionError:
    """What to say of somebody's evaluator that does not work."""
    return _complaints(entry.extension)(what, rule, found)


def _declared(thing: object, wrong: _Complaint) -> Score:
    """The `declaration`, or the attributes that have the names of a score's fields."""
    declaration = getattr(thing, "declaration", None)
    if isinstance(declaration, Score):
        return declaration
    given = {field.name: getattr(thing, field.name) for field in fields(Score) if hasattr(thing, field.name)}
    missing = [field.name for field in fields(Score) if field.default is MISSING and field.name not in given]
    if missing:
        raise wrong(f"has no {missing[0]}", "name, needs, describe, version, metrics and score", None)
    try:
        for name in ("metrics", "labels", "languages", "heads"):
            if name in given:
                given[name] = _several(given[name])
        return Score(**given | {"needs": frozenset(_several(given["needs"]))})
    except TypeError as error:
        raise wrong("declares something that is no list", "lists of texts, and of metrics", error) from error


def _placed(score: Score, thing: object) -> Score:
    """The score with its files taken from the folder of the evaluator's module."""
    file = getattr(sys.modules.get(getattr(thing, "__module__", "")), "__file__", None)
    if file is None:
        return score
    folder = Path(file).parent
    anchors = folder / score.anchors if score.anchors else None
    of_file = score.rubric is not None and score.rubric.endswith((".yaml", ".yml"))
    return replace(score, anchors=anchors, rubric=str(folder / str(score.rubric)) if of_file else score.rubric)


def _several(value: Iterable[Any]) -> tuple[Any, ...]:
    if isinstance(value, str):
        raise TypeError(f"{value!r} is a text")
    return tuple(value)


def _checked(score: Score, extension: Extension, known: Mapping[str, Entry], wrong: _Complaint) -> Score:
    """The score with its metrics completed by its name."""
    if score.name != extension.name or not NAME.fullmatch(score.name):
        raise wrong("bears another name than it is known by", f"name = {extension.name!r}, {NAME.pattern}", score.name)
    given = (*CASE_COLUMNS, SESSION)
    if unknown := sorted(map(str, score.needs - set(given))):
        raise wrong("needs what no evaluator is given", "needs among " + ", ".join(given), ", ".join(unknown))
    if not score.metrics or not all(isinstance(metric, Metric) for metric in score.metrics):
        raise wrong("has no metrics", "a tuple of obs_lib.records.Metric", score.metrics)
    taken = {*fixed(), *(metric.name for entry in known.values() for metric in entry.score.metrics)}
    metrics = []
    for metric in score.metrics:
        if metric.evaluator not in (None, score.name):
            raise wrong(f"has a metric {metric.name} of another evaluator", "evaluator left out", metric.evaluator)
        if metric.aggregation is None:
            rule = "aggregation mean, share_above or share_below"
            raise wrong(f"does not say how values become the metric {metric.name}", rule, None)
        if metric.name in taken or not NAME.fullmatch(metric.name):
            raise wrong("has a metric whose name is taken", f"a name of its own, {NAME.pattern}", metric.name)
        taken.add(metric.name)
        family = "" if metric.family == metric.name else metric.family  # "": by default the score's
        metrics.append(replace(metric, evaluator=score.name, family=family))
    return replace(score, metrics=tuple(metrics))


_Complaint = Callable[[str, str, object], ExtensionError]


def _complaints(extension: Extension) -> _Complaint:
    def complaint(what: str, rule: str, found: object) -> ExtensionError:
        return ExtensionError(
            f"the evaluator {extension.name!r} of {extension.origin} {what}",
            rule=rule,
            found=None if found is None else str(found)[:300],
            where=extension.target,
            fix="docs/extending.md shows what it must be",
        )

    return complaint


EVALUATORS: Registry[Entry] = Registry(BUNDLED, extensions.EVALUATORS, _entry)
"""The evaluators of this process. `settings.loading` tells it what the settings name."""


def evaluator_names() -> tuple[str, ...]:
    """The names of all evaluators, in order; imports none of them."""
    return EVALUATORS.names()


@kept(lambda: EVALUATORS)
def scores() -> tuple[Score, ...]:
    """What every evaluator that can be loaded gives, in order."""
    return tuple(entry.score for entry in EVALUATORS.entries().values())


def left_out() -> frozenset[str]:
    """The names of evaluators that are installed or named in the settings and cannot be loaded."""
    return frozenset(problem.extension.name for problem in EVALUATORS.problems()) - EVALUATORS.entries().keys()


def score_of(name: str) -> Score | None:
    """The score of that name; None where no evaluator gives it (a judge with a score of its own may)."""
    entry = EVALUATORS.entries().get(name)
    return entry.score if entry else None
