"""Two revisions of a day's report: when they differ, and what is said of it."""

from __future__ import annotations

import dataclasses
import json

from hypothesis import given
from hypothesis import strategies as st

from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.report import make
from obs_lib.reporting.revision import MOST, Difference, MetricChange, RevisionSummary, difference, revision_summary
from obs_lib.reporting.revision_text import as_text, sentences, with_banner
from tests.unit.reporting import sample_inputs as samples

MADE = {"logs": "1", "settings": "1", "code": "1", "scores": "1"}


def summary(inputs: ReportInputs, **made_of: str) -> RevisionSummary:
    made = revision_summary(inputs, make(inputs).document.verdict.label, MADE | made_of)
    return RevisionSummary.from_json(json.loads(json.dumps(made.to_json())))


def simple(values: dict[str, float], label: str = "Quiet", **made_of: str) -> RevisionSummary:
    return RevisionSummary(label, 5, {"all": values}, {}, MADE | made_of)


def test_the_same_says_nothing_whatever_it_was_made_of() -> None:
    for make_one in samples.ALL_DAYS.values():
        assert difference(summary(make_one()), summary(make_one(), code="2", settings="2")) is None


def test_what_rounds_alike_has_not_changed() -> None:
    assert difference(simple({"ttft_p95": 412.01}), simple({"ttft_p95": 412.04})) is None
    changed = difference(simple({"ttft_p95": 412.0}), simple({"ttft_p95": 413.0}))
    assert changed is not None
    assert changed.metrics == (MetricChange("ttft_p95", "all", 412.0, 413.0),)


def test_an_incident_that_came_and_one_that_went_are_named() -> None:
    quiet, incident = summary(samples.quiet()), summary(samples.incident(), logs="2", scores="2")
    there, back = difference(quiet, incident), difference(incident, quiet)
    assert there is not None
    assert back is not None
    assert there.appeared == back.gone != ()
    lines = list(sentences(there))
    assert lines[0] == "Because of: the day's logs (late or changed ones, or an erasure)"
    assert lines[1] == "Verdict: P1, act today, before Quiet"
    assert any(line.startswith("New incident, P1: route=assistant-large changed") for line in lines)
    alerts = {name: alert._replace(severity="P0") for name, alert in incident.alerts.items()}
    changed = difference(incident, dataclasses.replace(incident, alerts=alerts))
    assert changed is not None
    assert not changed.appeared
    assert any(line.startswith("Incident is P0, before P1: ") for line in sentences(changed))


def test_the_largest_changes_lead_and_the_rest_is_counted() -> None:
    before = {f"unknown {n}": 100.0 for n in range(30)} | {"refusal_rate": 0.1, "toxicity": 0.1}
    after = {f"unknown {n}": 101.0 + n for n in range(30)} | {"refusal_rate": 0.4, "relevance": 0.8}
    changed = difference(simple(before), simple(after, settings="2"))
    assert changed is not None
    names = [metric.metric for metric in changed.metrics]
    assert set(names[:2]) == {"toxicity", "relevance"}  # with a value on one side only
    assert names[2:4] == ["refusal_rate", "unknown 29"]
    assert (len(names), changed.more) == (MOST, 33 - MOST)
    lines = list(sentences(changed))
    assert lines[0] == "Because of: settings"
    assert "Refusal rate: 40.0%, before 10.0%" in lines
    assert "Toxicity: no data, before 0.100" in " ".join(lines).replace("Toxicity (mean)", "Toxicity")
    assert lines[-1] == "13 smaller changes of metrics left out"


@given(st.dictionaries(st.sampled_from(["requests", "ttft_p95", "cost", "toxicity"]), st.floats(0, 1e9)))
def test_a_difference_survives_json_and_has_words(values: dict[str, float]) -> None:
    changed = difference(simple({"ttft_p95": 1.0}), simple(values, label="other"))
    assert changed is not None
    assert changed == Difference.from_json(json.loads(json.dumps(changed.to_json())))
    assert all(line == " ".join(line.split()) for line in sentences(changed))


def test_hostile_names_of_segments_stay_text() -> None:
    inputs = samples.quiet()
    hostile = dataclasses.replace(inputs, segments=[*inputs.segments, samples.HOSTILE])
    name = f"route={samples.HOSTILE}"
    before = simple({})
    changed = difference(before, dataclasses.replace(before, metrics={"all": {}, name: {"ttft_p95": 3.0}}))
    assert changed is not None
    lines = list(sentences(changed))
    page = make(hostile).html.encode()
    shown = with_banner(page, "Revision 2", lines).decode()
    banner = shown.partition("<body>")[2].partition("</aside>")[0]
    assert "<script" not in banner
    assert "&lt;script&gt;" in banner
    assert "Content-Security-Policy" in shown.partition("<body>")[0]
    assert shown.replace(banner + "</aside>\n", "\n", 1) == page.decode()
    assert "\x1b" not in as_text("Revision 2", lines)
