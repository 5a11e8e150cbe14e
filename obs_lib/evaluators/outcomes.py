"""From a batch to one outcome a row: what is skipped everywhere, and how one row's failure stays one row's."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

import pandas as pd

from obs_lib.records import ScoreStatus
from obs_lib.text import encodable

_DIGITS = 6
"""Scores are rounded to what their models can mean, so that the last bits of a sum do not travel."""
_NOTE_LENGTH = 200
_Asked = TypeVar("_Asked", bound=Hashable)


class Case(NamedTuple):
    """One distinct interaction as evaluators read it; text or None."""

    prompt: str | None
    response: str | None
    contexts: str | None
    expected_format: str | None
    error: str | None
    reference: str | None = None
    session: str | None = None


class Outcome(NamedTuple):
    """One row of an evaluator's answer; the columns that `records.Evaluator.score` promises."""

    status: ScoreStatus
    value: float | None
    note: str
    evidence: str | None


def scored(value: float, evidence: Mapping[str, object] | None = None) -> Outcome:
    """A score in [0, 1], with what a reader needs to believe it."""
    text = None if evidence is None else encodable(json.dumps(evidence, sort_keys=True, ensure_ascii=False))
    return Outcome(ScoreStatus.SCORED, round(min(max(float(value), 0.0), 1.0), _DIGITS), "", text)


def skipped(reason: str) -> Outcome:
    """Not applicable to this interaction."""
    return Outcome(ScoreStatus.SKIPPED, None, encodable(reason)[:_NOTE_LENGTH], None)


def failed(reason: str) -> Outcome:
    """The evaluator could not do its work on this interaction."""
    return Outcome(ScoreStatus.FAILED, None, encodable(reason)[:_NOTE_LENGTH], None)


def outcomes(batch: pd.DataFrame, decide: Callable[[Case, str], Outcome]) -> pd.DataFrame:
    """One outcome for each row: `decide(case, response)` where there is an answer, SKIPPED where there is none.

    An exception in one row becomes that row's FAILED; rows do not know each other, so a batch can be split anywhere.
    """
    return to_frame([_guarded(case, decide) for case in cases(batch)], batch.index)


def to_frame(rows: Sequence[Outcome], index: pd.Index) -> pd.DataFrame:
    """The frame that `records.Evaluator.score` promises."""
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    return pd.DataFrame(
        {
            "status": pd.Series([str(status) for status in columns[0]], index=index, dtype="str"),
            "value": pd.Series(columns[1], index=index, dtype=object),
            "note": pd.Series(columns[2], index=index, dtype="str"),
            "evidence": pd.Series(columns[3], index=index, dtype=object),
        }
    )


def wanted(batch: pd.DataFrame, texts: Callable[[Case, str], list[_Asked]]) -> list[_Asked]:
    """The texts (or pairs of texts) that `decide` will look up, in order, once each.

    A row that fails here fails again, with a note, there.
    """
    distinct: dict[_Asked, None] = {}
    for case in cases(batch):
        if reason_to_skip(case) is None:
            try:
                distinct |= dict.fromkeys(texts(case, case.response or ""))
            except Exception:  # noqa: BLE001, S112 - whatever a hostile text provokes must not lose the batch
                continue
    return list(distinct)


def cases(batch: pd.DataFrame) -> Iterator[Case]:
    """The rows of a batch; a column that is absent, and any missing value, is None."""
    columns = [
        [value if isinstance(value, str) else None for value in batch[name]] if name in batch else [None] * len(batch)
        for name in Case._fields
    ]
    return map(Case._make, zip(*columns, strict=True))


def _guarded(case: Case, decide: Callable[[Case, str], Outcome]) -> Outcome:
    reason = reason_to_skip(case)
    if reason is not None:
        return skipped(reason)
    try:
        return decide(case, case.response or "")
    except Exception as error:  # noqa: BLE001 - recorded with its text; the night goes on
        return failed(f"{type(error).__name__}: {error}")


NO_SESSION = "not the last answer of a session that has ended"


def reason_to_skip(case: Case) -> str | None:
    """Why no evaluator scores this interaction; None where it has an answer."""
    if case.error:
        return "the request failed"
    if case.response is None or not case.response.strip():
        return "there is no answer"
    return None
