"""The texts of a case that a rubric reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from obs_lib.evaluators.accuracy import read_references
from obs_lib.evaluators.judge.rubric import Rubric
from obs_lib.evaluators.outcomes import NO_SESSION, Case, Outcome, failed, reason_to_skip, skipped
from obs_lib.evaluators.passages import read_texts


def texts_of(case: Case, rubric: Rubric) -> dict[str, str] | Outcome:
    """What the rubric reads of a case; or the row of one that cannot be judged."""
    reason = reason_to_skip(case)
    if reason is not None:
        return skipped(reason)
    given: dict[str, str | None] = {"prompt": case.prompt, "response": case.response}
    listed: dict[str, Callable[[], str | None]] = {
        "contexts": lambda: _numbered([text for _, text in read_texts(case.contexts)]),
        "reference": lambda: _alternatives(read_references(case.reference)),
        "session": lambda: _conversation(case.session),
    }
    for name in (name for name in listed if name in rubric.reads):
        try:
            given[name] = listed[name]()
        except (ValueError, RecursionError) as problem:
            return failed(f"{name} cannot be read: {type(problem).__name__}")
    texts: dict[str, str] = {}
    for name in rubric.reads:
        text = given.get(name)
        if text and text.strip():
            texts[name] = text
        elif name not in rubric.optional:
            return skipped({"contexts": "no contexts", "session": NO_SESSION}.get(name, f"there is no {name}"))
    return texts


def _numbered(texts: Sequence[str]) -> str | None:
    return "\n\n".join(f"[{number}] {text}" for number, text in enumerate(texts, 1)) or None


def _conversation(session: str | None) -> str | None:
    """A session as a judge reads it, each turn under who spoke."""
    turns = json.loads(session) if session else []
    return "\n\n".join(f"{turn['role']}: {turn['content']}" for turn in turns) or None


def _alternatives(references: Sequence[str]) -> str | None:
    """One reference as it is; of several, any one is right, and a judge must know that."""
    if len(references) > 1:
        return f"Any one of these is right:\n\n{_numbered(references)}"
    return references[0] if references else None
