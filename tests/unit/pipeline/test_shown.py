"""Masking fails closed: every text that a report is made from, but for what is declared to hold none of a log."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.excerpts import SlowSpan, SlowTrace
from obs_lib.lake.table import Table
from obs_lib.log_text import NAME, PLAIN, holds_of
from obs_lib.pipeline.shown import shown_inputs
from obs_lib.records import EvaluatorChange, EvaluatorVerdict
from obs_lib.redaction.options import RedactionOptions
from obs_lib.redaction.redactor import Redactor
from obs_lib.reporting.inputs import TABLE, ReportInputs
from obs_lib.reporting.parts import AnchorsRight, RepairCount
from obs_lib.reporting.report import make
from tests.unit.reporting import sample_inputs as samples

REDACTOR = Redactor(RedactionOptions())
PERSON = "planted@example.com"
KEY = "sk-" + "proj-Pl4ntedPl4ntedPl4nted"


def everything() -> ReportInputs:
    """A day with something in every field."""
    inputs = samples.incident()
    change = EvaluatorChange(
        "toxicity", "2", EvaluatorVerdict.MOVED, (samples.DAY,), 0, "scores", 26, 9, 0.2, "t-1", "2"
    )
    span = SlowSpan("answer", "inference", None, 0.0, 900.0, 900.0, "timed out", True, 900.0)
    rows = [samples.metric_row(samples.DAY, "stage_error_rate", "share", "stage=inference", 0.2)]
    return dataclasses.replace(
        inputs,
        metrics=pd.concat([inputs.metrics, pd.DataFrame(rows)], ignore_index=True),
        repairs=[RepairCount("clock went backwards", "a negative duration is unknown", 3)],
        traces=[
            SlowTrace("4bf92f35", "r", "route=rag", "2023-06-15T08:00:00+00:00", 900.0, 0, (span,), ((0, 0.0, 900.0),))
        ],
        labelled=samples.labelled().labelled,
        biases=samples.labelled().biases,
        evaluators=[change],
        anchors=[AnchorsRight("toxicity", 26, 17)],
    )


def texts(value: Any, plant: Callable[[str], str]) -> Any:
    """The value with something planted into every text, however deep, that may be one of a log."""
    if isinstance(value, pd.DataFrame):
        return value
    if isinstance(value, str):
        return plant(value) if type(value) is str else value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return planted(value, plant)
    if isinstance(value, Mapping):
        return {key: texts(item, plant) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [texts(item, plant) for item in value] if isinstance(value, list) else value
    return value


def planted(record: Any, plant: Callable[[str], str]) -> Any:
    changed: dict[str, Any] = {}
    for item in dataclasses.fields(record):
        value = getattr(record, item.name)
        table: Table | None = item.metadata.get(TABLE)
        if table is not None:
            changed[item.name] = in_frame(value, table, plant)
        elif holds_of(item) not in (NAME, PLAIN):
            changed[item.name] = texts(value, plant)
    return dataclasses.replace(record, **changed)


def in_frame(frame: pd.DataFrame, table: Table, plant: Callable[[str], str]) -> pd.DataFrame:
    frame = frame.copy()
    for name in frame.columns:
        if table.holds(name) not in (NAME, PLAIN) and name != "evidence" and frame[name].dtype == object:
            frame[name] = [plant(value) if isinstance(value, str) else value for value in frame[name]]
        if name == "evidence":
            frame[name] = [value.replace('"metric": "', f'"note": "{plant("")}", "metric": "') for value in frame[name]]
    return frame


def test_a_new_field_that_nobody_marked_is_masked() -> None:
    new = [("added", str, "hello"), ("lists", list, None), ("rows", object, None), ("kept", str, dataclasses.field(
        default="", metadata={"holds": PLAIN}))]  # fmt: skip
    grown = dataclasses.make_dataclass("Grown", new, bases=(ReportInputs,), frozen=True)
    fields = {item.name: getattr(samples.quiet(), item.name) for item in dataclasses.fields(ReportInputs)}
    planted_text = f"ask {PERSON}, key {KEY}"
    frame = pd.DataFrame({"of_nobody": [planted_text, None], "n": [1.0, 2.0]})
    shown: Any = shown_inputs(
        grown(**fields, added=planted_text, lists=[{planted_text: (planted_text, 3)}], rows=frame, kept=planted_text),
        REDACTOR,
    )
    for text in (shown.added, *shown.lists[0], shown.lists[0].popitem()[1][0], shown.rows.loc[0, "of_nobody"]):
        assert PERSON not in text
        assert KEY not in text
    assert shown.rows["n"].tolist() == [1.0, 2.0]
    assert shown.kept == planted_text


def test_what_cannot_be_searched_is_not_shown() -> None:
    grown = dataclasses.make_dataclass("Grown", [("blob", bytes, b"")], bases=(ReportInputs,), frozen=True)
    fields = {item.name: getattr(samples.quiet(), item.name) for item in dataclasses.fields(ReportInputs)}
    with pytest.raises(TypeError, match="mark its field"):
        shown_inputs(grown(**fields, blob=PERSON.encode()), REDACTOR)


@given(st.sampled_from([PERSON, KEY, "4111 1111 1111 1111", "203.0.113.77", "GB29NWBK60161331926819"]))
def test_nothing_planted_into_any_text_survives_into_a_report(datum: str) -> None:
    inputs = planted(everything(), lambda text: f"{text} {datum} .")
    raw = make(inputs)
    report = make(shown_inputs(inputs, REDACTOR))
    if datum != KEY:  # keys are masked once more where text is written
        assert datum in raw.html
        assert datum in raw.text
    assert datum not in report.html
    assert datum not in report.text


def test_ids_numbers_and_our_own_words_stay() -> None:
    inputs = everything()
    shown = shown_inputs(inputs, REDACTOR)
    for item in dataclasses.fields(inputs):
        before, after = getattr(inputs, item.name), getattr(shown, item.name)
        if isinstance(before, pd.DataFrame):
            pd.testing.assert_frame_equal(parsed(before), parsed(after))
        else:
            assert before == after, item.name
    assert make(shown).html == make(inputs).html


def parsed(frame: pd.DataFrame) -> pd.DataFrame:
    """With evidence as what it says: JSON may be written in more than one way."""
    return frame.assign(evidence=frame["evidence"].map(json.loads)) if "evidence" in frame else frame


def test_two_segments_that_read_alike_once_masked_stay_two() -> None:
    names = [f"tenant=a{n}@example.com" for n in range(2)]
    shown = shown_inputs(dataclasses.replace(samples.quiet(), segments=names), REDACTOR)
    assert len(set(shown.segments)) == 2
    assert not any("@" in name for name in shown.segments)
