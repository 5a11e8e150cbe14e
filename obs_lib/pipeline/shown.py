"""What of the lake's rows people may see: the one place through which text from logs enters reports and messages."""

from __future__ import annotations

import dataclasses

from obs_lib.lake.tables import ALERTS, DRIFT, METRICS
from obs_lib.redaction.columns import shown_rows, shown_segment
from obs_lib.redaction.redactor import Redactor
from obs_lib.reporting.inputs import ReportInputs, Row

_NAMES_OF_THINGS = frozenset({"evaluator", "request_id", "trace_id"})


def shown_inputs(inputs: ReportInputs, redactor: Redactor) -> ReportInputs:
    """The revision with everything in it that may come from a log masked as the settings say.

    Before any cut, so that no half of an address or a key is left at one; numbers, ids and what the code says stay.
    """
    shown = redactor.shown
    return dataclasses.replace(
        inputs,
        metrics=shown_rows(METRICS, inputs.metrics, redactor),
        drift=shown_rows(DRIFT, inputs.drift, redactor),
        alerts=shown_rows(ALERTS, inputs.alerts, redactor),
        examples=[_shown_row(row, redactor) for row in inputs.examples],
        traces=[_shown_row(row, redactor) for row in inputs.traces],
        reasons=[(evaluator, status, shown(note), n) for evaluator, status, note, n in inputs.reasons],
        versions=[(shown_segment(segment, redactor), version, n) for segment, version, n in inputs.versions],
        quarantine=[(file, line, shown(reason)) for file, line, reason in inputs.quarantine],
        steps=[(step, state, shown(note)) for step, state, note in inputs.steps],
        segments=[shown_segment(segment, redactor) for segment in inputs.segments],
    )


def _shown_row(row: Row, redactor: Redactor) -> Row:
    """An example or a trace with its texts masked; ids stay, and segments stay apart."""
    shown = {}
    for name, value in row.items():
        if name in _NAMES_OF_THINGS:
            shown[name] = value
        elif name == "segment":
            shown[name] = shown_segment(value, redactor)
        else:
            shown[name] = redactor.shown_value(value)
    return shown
