from __future__ import annotations

import dataclasses
import datetime as dt
import re
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.catalogue import all_metrics
from obs_lib.excerpts import SlowSpan, SlowTrace
from obs_lib.records import STAGES
from obs_lib.reporting.blocks import Heading, TableBlock
from obs_lib.reporting.cells import Cell, Stretch
from obs_lib.reporting.content import compose
from obs_lib.reporting.figures import LANE_WIDTH, lane
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.report import make
from obs_lib.reporting.tone import Tone
from obs_lib.reporting.traces_section import traces_section
from tests.unit.reporting import sample_inputs as samples
from tests.unit.reporting.sample_inputs import DAY, HOSTILE

OPTIONS = ReportOptions()
VALUES = {
    "stage_duration_p50": 62.0,
    "stage_duration_p95": 130.0,
    "stage_share": 0.17,
    "stage_error_rate": 0.21,
    "stage_critical_share": 0.16,
}


def span(name: str | None, stage: str, start: float, duration: float, parent: int | None = 0, **given: Any) -> SlowSpan:
    drawn = SlowSpan(name, stage, parent, start, duration, duration, None, True, duration)
    return dataclasses.replace(drawn, **given)


def trace(*inner: SlowSpan, **given: Any) -> SlowTrace:
    spans = (span("answer", "other", 0.0, 900.0, None, critical_ms=0.0), *inner)
    path = tuple((at, one.start_ms, one.start_ms + one.duration_ms) for at, one in enumerate(spans) if at)
    start = "2023-06-15T08:00:00+00:00"
    return dataclasses.replace(SlowTrace("4bf92f35", "r", "route=rag", start, 900.0, 0, spans, path), **given)


RAG = trace(
    span("fetch", "retrieval", 10.0, 300.0, error="index is down"),
    span("vector search", "retrieval", 20.0, 200.0, 1, critical=False, critical_ms=0.0),
    span("chat", "inference", 310.0, 590.0, logged_ms=700.0),
)


def inputs(traces: list[SlowTrace], stages: tuple[str, ...] = ("inference", "retrieval")) -> ReportInputs:
    base = samples.incident()
    rows = [
        samples.metric_row(
            DAY - dt.timedelta(days=back), name, all_metrics()[name].unit, f"stage={stage}", value + back
        )
        for back in range(3)
        for stage in stages
        for name, value in VALUES.items()
    ]
    given = {"unit": "ms", "verdict": "DRIFTED", "effect": 30.0, "baseline_value": 32.0, "p_adjusted": 0.0001}
    drift = pd.DataFrame([samples.drift_row(DAY, "change:stage_duration_p50", "stage=retrieval", **given)])
    return dataclasses.replace(
        base,
        metrics=pd.concat([base.metrics, pd.DataFrame(rows)], ignore_index=True),
        drift=pd.concat([base.drift, drift], ignore_index=True),
        traces=traces,
    )


def tables(report: ReportInputs, options: ReportOptions = OPTIONS) -> list[TableBlock]:
    return [block for block in traces_section(report, options) if isinstance(block, TableBlock)]


def cells(table: TableBlock) -> list[dict[str, Cell]]:
    titles = [column.title for column in table.columns]
    return [dict(zip(titles, row, strict=True)) for group in table.groups for row in group.rows]


def test_a_day_without_spans_has_no_such_section() -> None:
    assert list(traces_section(samples.incident(), OPTIONS)) == []
    document = compose(samples.incident(), OPTIONS)
    assert "stages" not in [block.anchor for block in document.blocks if isinstance(block, Heading)]
    assert "Stage duration" not in make(samples.incident()).html


def test_stages_stand_in_the_order_of_a_request_with_their_numbers() -> None:
    stages, *_ = tables(inputs([RAG]))
    retrieval, inference = cells(stages)
    assert [row["Stage"].text for row in (retrieval, inference)] == ["Retrieval", "Inference"]
    assert retrieval["p95"].text == "130 ms"
    assert retrieval["Error rate"].text == "21.0%"
    assert retrieval["Share of time"].details[0].endswith("%")
    assert retrieval["p50"].mark == "changed"
    assert retrieval["p50"].tone is Tone.SERIOUS
    assert retrieval["p50"].details[-1] == "+30.0 ms (+94%)"
    assert inference["p50"].mark == ""
    assert stages.summary == "1 change"


def test_an_objective_that_somebody_set_is_held_against_every_stage() -> None:
    strict = dataclasses.replace(inputs([RAG]), objectives={"stage_error_rate": 0.1})
    assert [row["Error rate"].mark for row in cells(tables(strict)[0])] == ["breach", "breach"]


def test_other_sections_do_not_take_stages_for_segments() -> None:
    document = compose(inputs([RAG]), OPTIONS)
    captions = [block.caption for block in document.blocks if isinstance(block, TableBlock)]
    assert not any(caption.startswith("stage=") for caption in captions)
    assert inputs([RAG]).shown_segments == samples.incident().shown_segments
    without = [block for block in compose(samples.incident(), OPTIONS).blocks if isinstance(block, TableBlock)]
    notes = {block.note for block in document.blocks if isinstance(block, TableBlock)}
    assert {block.note for block in without} <= notes


def test_a_waterfall_sets_spans_in_and_says_what_failed_and_what_was_waited_for() -> None:
    _, waterfall = tables(inputs([RAG]))
    root, fetch, search, chat = cells(waterfall)
    assert [row["Span"].level for row in (root, fetch, search, chat)] == [0, 1, 2, 1]
    assert (fetch["Stage"].mark, fetch["Span"].details) == ("failed", ("index is down",))
    assert [row["Critical path"].text for row in (root, fetch, search)] == ["inner spans only", "300 ms", ""]
    assert chat["Duration"].details == ("logged 700 ms, cut to its parent",)
    figure = chat["0 to 900 ms"].figure
    assert isinstance(figure, Stretch)
    assert figure.words == "from 310 ms to 900 ms of 900 ms, on the critical path: 590 ms"
    assert figure.path == ((310.0, 900.0),)
    assert waterfall.summary == "route=rag, 4 spans"
    text = make(inputs([RAG])).text
    assert "› › vector search" in text


def test_only_the_slowest_is_open_and_long_ones_are_cut() -> None:
    long = trace(*(span(f"s{n}", "tool", float(n), 100.0 + n) for n in range(50)), left_out=7)
    stages, first, second = tables(inputs([RAG, long, RAG]), ReportOptions(max_traces=2, max_rows=20))
    assert (stages.folded, first.folded, second.folded) == (False, False, True)
    assert len(cells(second)) == 20
    assert cells(second)[0]["Span"].text == "answer"
    assert cells(second)[1]["Span"].text == "s31"
    assert second.note == "38 shorter spans left out for length."


@pytest.mark.parametrize("stages", [("retrieval",), STAGES])
def test_hostile_names_are_shown_as_what_they_are(stages: tuple[str, ...]) -> None:
    bad = trace(
        *(span(HOSTILE * 3, "other", 0.0, 100.0, error=HOSTILE) for _ in range(59)), trace_id=HOSTILE, segment=HOSTILE
    )
    page, plain = make(inputs([bad] * 20, stages)).html, make(inputs([RAG], stages)).html
    assert len(page.encode()) < 500_000
    assert page.count("<script") == plain.count("<script") == 0
    assert not re.search(r"<[^>]* on\w+=", page)
    assert "sk-proj-Ab3" not in page
    assert 'class="lane"' in page


def test_a_trace_of_which_little_is_logged_is_still_drawn() -> None:
    bare = SlowSpan(None, "other", None, 0.0, 0.0, None, None, False, 0.0)
    odd = SlowTrace(None, None, "", "2023-06-15T08:00:00+00:00", 0.0, 0, (bare,), ())
    (waterfall,) = tables(inputs([SlowTrace.decode(odd.encode())]))[1:]
    (row,) = cells(waterfall)
    assert row["Span"].text == "(no name)"
    assert row["Duration"].details == ("no duration logged",)
    assert make(inputs([odd])).html


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(1e-3, 1e6))
def test_a_bar_stays_within_its_lane_and_is_seen(start: float, length: float, total: float) -> None:
    drawn = lane(Stretch(start, length, total, "tool", ((start, start + length),), ""))
    assert float(drawn.width) >= 4
    assert 0 <= float(drawn.x) <= float(drawn.x) + float(drawn.width) <= LANE_WIDTH + 0.1
    left = re.match(r"M([\d.]+) ", drawn.path)
    assert left is not None
    # start + length - start is not always length, so that the two may round to neighbouring tenths.
    assert float(left.group(1)) == pytest.approx(float(drawn.x), abs=0.11)
