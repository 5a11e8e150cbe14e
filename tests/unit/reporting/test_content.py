"""What a report says about each kind of day."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from typing import TypeVar

import pytest

from obs_lib.languages import Unmeasured
from obs_lib.records import ALL, IncidentState, Responsible, ScoreStatus, Severity, StepState
from obs_lib.reporting import html, text
from obs_lib.reporting.blocks import (
    Chart,
    Document,
    Examples,
    Facts,
    Fold,
    Heading,
    Links,
    Note,
    Slot,
    TableBlock,
    opened,
)
from obs_lib.reporting.content import compose
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.parts import RepairCount, StepResult, Unscored
from obs_lib.reporting.report import make
from obs_lib.reporting.tone import Tone
from tests.unit.reporting import sample_inputs as samples

B = TypeVar("B")


def made(name: str) -> Document:
    return compose(samples.ALL_DAYS[name](), ReportOptions())


def every(document: Document, kind: type[B]) -> list[B]:
    return [block for block in opened(document.blocks) if isinstance(block, kind)]


def table(document: Document, caption: str) -> TableBlock:
    return next(one for one in every(document, TableBlock) if one.caption.startswith(caption))


def row(shown: TableBlock, head: str, group: int = 0) -> dict[str, str]:
    cells = next(r for g in shown.groups for r in g.rows if r[0].text == head)
    return {
        column.title: " ".join(filter(None, (c.text, c.mark))) for column, c in zip(shown.columns, cells, strict=True)
    }


def test_quiet_night() -> None:
    verdict = made("quiet").verdict
    assert (verdict.sentence, verdict.tone, verdict.label) == ("Quiet night.", Tone.GOOD, "Quiet")
    assert verdict.points == ("Closed (P2): Time to first token, p95 was above its objective since 12 Jun",)


def test_answers_that_nobody_judged_are_told_at_the_head() -> None:
    quiet = samples.ALL_DAYS["quiet"]()
    note = Unmeasured("response", "ja", ("en",)).note
    judged = int(quiet.today("refusal_rate", ALL)["n"])  # type: ignore[index]
    few, many = (
        compose(
            dataclasses.replace(quiet, unscored=[Unscored("refusal", ScoreStatus.SKIPPED, note, n)]), ReportOptions()
        ).verdict
        for n in (judged // 100, judged)
    )
    assert few.sentence == "Quiet night."
    assert many.sentence.startswith("Quiet night as far as it was judged: ")
    assert (
        f"{judged:,} of {2 * judged:,} answers are in languages that evaluators were not measured on (Japanese"
        in many.sentence
    )
    assert (many.tone, many.label) == (Tone.NOTICE, "Partly judged")
    incident = samples.ALL_DAYS["incident"]()
    unscored = [Unscored("refusal", ScoreStatus.SKIPPED, note, 10_000)]
    holds = compose(dataclasses.replace(incident, unscored=unscored), ReportOptions()).verdict
    assert holds.label.startswith("P")
    assert any(point.startswith("Not judged: 10,000 of ") for point in holds.points)


def test_a_new_incident_is_the_verdict_and_the_worst_one_leads() -> None:
    verdict = made("incident").verdict
    assert verdict.sentence.startswith(
        "route=assistant-large changed: refuses more, breaks its format: refusal rate 11.8% to 36.9% in "
    )
    assert (verdict.tone, verdict.label) == (Tone.SERIOUS, "P1, act today")
    assert [point.split(":")[0] for point in verdict.points] == ["New (P2)", "Standing (P3)", "Closed (P2)"]


def test_no_data_is_said_and_never_a_zero() -> None:
    document = made("no_data")
    assert document.verdict.sentence.startswith("No data.")
    cells = row(table(document, "All interactions"), "Refusal rate")
    assert (cells["Value"], cells["95% interval"]) == ("no data", "")
    assert any(note.mark == "No comparison" for note in every(document, Note))


def test_no_data_without_an_alert_is_still_no_data() -> None:
    inputs = dataclasses.replace(samples.no_data(), alerts=())
    verdict = compose(inputs, ReportOptions()).verdict
    assert (verdict.label, verdict.tone) == ("No data", Tone.ABSENT)


def test_a_failed_step_comes_first() -> None:
    inputs = dataclasses.replace(samples.quiet(), steps=[StepResult("evaluate", StepState.FAILED, "no model named x")])
    document = compose(inputs, ReportOptions())
    assert document.verdict.sentence == "The night is incomplete. Step evaluate failed: no model named x."
    assert document.verdict.tone is Tone.SERIOUS
    assert not table(document, "Steps").folded


def test_only_ongoing() -> None:
    inputs = dataclasses.replace(samples.quiet(), alerts=(samples.alert("a", severity=Severity.P0),))
    verdict = compose(inputs, ReportOptions()).verdict
    assert (verdict.sentence, verdict.tone) == ("Relevance fell since 12 Jun.", Tone.CRITICAL)


def test_too_early_says_why() -> None:
    document = made("too_early")
    assert "too early to compare" in document.verdict.sentence
    basis = next(note for note in every(document, Note) if note.mark == "Too early")
    assert "1 of the 3 days" in basis.text


def test_a_row_has_value_interval_n_objective_change_and_trend() -> None:
    cells = row(table(made("incident"), "route=assistant-large"), "Refusal rate")
    assert cells == {
        "Metric": "Refusal rate",
        "Value": "36.9% breach",
        "95% interval": "31.8–42.0%",
        "n": "340",
        "Objective": "≤ 20%",
        "Against the baseline": "+25.1 pts changed",
        "Trend": "",
    }
    trend = next(c.figure for g in table(made("incident"), "All").groups for r in g.rows for c in r if c.figure)
    assert len(trend.values) == 14  # type: ignore[union-attr]
    assert trend.values[7] is None  # type: ignore[union-attr]


def test_objectives_judge_on_the_side_that_is_worse() -> None:
    overview = table(made("incident"), "Where the objectives stand")
    cells = row(overview, "route=assistant-large")
    assert cells["Format compliance"] == "72.9% breach, changed"
    assert "breach" not in row(overview, "route=assistant-small")["Refusal rate"]


def test_metrics_without_data_are_named_once_with_their_reason() -> None:
    note = table(made("quiet"), "All interactions").note
    assert (
        note == "Never: Errors: content filter, Errors: context length, Errors: auth, Errors: client, Errors: server, "
        "Errors: connection, Errors: other, Answers that call a tool, Other finish reasons. "
        "No data: Throughput against capacity, Peak concurrency against capacity (no configured capacity); "
        "Answers filtered, Empty answers, Answers that break off, Safety flags, Answers with a secret, "
        "Answers with an injected context, Answers in another language (the logs have no such field)."
    )


def test_drift_stands_beside_chance() -> None:
    document = made("incident")
    cells = row(table(document, "Semantic drift"), "route=assistant-large")
    assert (cells["Distance"], cells["Chance alone: 95%"], cells["Verdict"]) == ("0.152", "0.0462", "drifted")
    panels = next(chart for chart in every(document, Chart) if chart.title.startswith("Distance")).panels
    assert len(panels) == 12  # of four distances, three segments each
    assert panels[1].tone is Tone.SERIOUS
    assert panels[1].series[0].values[:3] == (None, None, None)


def test_without_earlier_days_of_drift_there_is_no_chart_over_time() -> None:
    inputs = samples.incident()
    inputs = dataclasses.replace(inputs, drift=inputs.drift[inputs.drift["day"] == inputs.iso])
    assert not any(chart.title.startswith("Distance") for chart in every(compose(inputs, ReportOptions()), Chart))


def test_sections_stand_in_reading_order() -> None:
    anchors = [block.anchor for block in every(made("incident"), Heading) if block.level == 2]
    assert anchors == ["incidents", "metrics", "drift", "examples", "coverage", "versions", "method"]


def test_failures_come_before_skips() -> None:
    reasons = table(made("incident"), "Scores skipped or failed")
    assert [r[0].text for r in reasons.groups[0].rows] == ["toxicity", "format", "groundedness"]
    assert table(made("incident"), "3 input rows rejected").note == "1 more not shown."


@pytest.mark.parametrize(
    "evidence", [[], {}, None, "not json", ["text"], [{"metric": 3}], [{"value": "x"}], {"a": {"b": [None, True]}}]
)
def test_odd_evidence_breaks_nothing(evidence: object) -> None:
    kept = samples.example("refusal", 0, evidence=evidence, prompt=None)
    inputs = dataclasses.replace(samples.quiet(), alerts=(samples.alert("a"),), examples=[kept])
    assert compose(inputs, ReportOptions()).verdict.sentence.startswith("Relevance fell")


def test_examples_are_limited_and_in_order() -> None:
    inputs = dataclasses.replace(samples.hostile(), incident_examples=())
    shown = every(compose(inputs, ReportOptions(max_examples=2)), Examples)
    assert len(shown) == 6
    assert all(len(group.items) == 2 for group in shown)
    assert shown[0].title == "Groundedness"


def test_a_report_of_nothing_at_all_can_be_made() -> None:
    inputs = dataclasses.replace(
        samples.too_early(), metrics=samples.metrics().iloc[:0], drift=samples.drift(samples.metrics()).iloc[:0]
    )
    assert compose(inputs, ReportOptions()).verdict.label == "No data"


def test_what_is_recovering_makes_no_day_bad() -> None:
    recovering = samples.alert(
        "a", severity=Severity.P1, state=IncidentState.RECOVERING, closes=samples.DAY + dt.timedelta(days=1)
    )
    inputs = dataclasses.replace(samples.quiet(), alerts=(recovering,))
    verdict = compose(inputs, ReportOptions()).verdict
    assert (verdict.sentence, verdict.label) == ("Nothing is wrong today; 1 incident recovering.", "Recovering")
    assert verdict.points == ("Recovering (P1): Relevance fell since 12 Jun",)


def test_an_incident_says_who_looks_after_it_and_how() -> None:
    inputs = samples.incident()
    first = inputs.incidents[0].fingerprint
    who = {first: Responsible("search", "https://wiki.example.org/refusals")}
    page = make(dataclasses.replace(inputs, responsible=who)).html
    assert (
        page.count("Owner: search") == page.count("Runbook: https://wiki.example.org/refusals") == 1
    )  # under the headline
    assert page.count("https://wiki.example.org/refusals") == 2  # and with all that is known of the incident
    assert "Owner" not in make(inputs).html


def test_an_incident_that_got_worse_leads_before_new_ones_that_are_less() -> None:
    inputs = samples.incident()
    incidents = [
        dataclasses.replace(alert, notify=True, severity=Severity.P0, state=IncidentState.WORSE)
        if alert.state is IncidentState.ONGOING
        else dataclasses.replace(alert, notify=False)
        for alert in inputs.incidents
    ]
    worse = next(alert.title for alert in incidents if alert.state is IncidentState.WORSE)
    verdict = compose(dataclasses.replace(inputs, alerts=tuple(incidents)), ReportOptions()).verdict
    assert verdict.sentence.startswith(worse)
    assert [point.split(" ")[0] for point in verdict.points][:2] == ["New", "New"]


def test_gpus_have_a_table_of_their_own_and_only_where_one_was_sampled() -> None:
    shown = {("gpu_utilization", "all"): 0.44, ("gpu_utilization", "gpu=n1/0"): 0.31, ("gpu_power", "gpu=n1/0"): 412.0}
    document = compose(samples.with_gpus(shown), ReportOptions())
    whole, single = table(document, "All GPUs"), table(document, "gpu=n1/0")
    assert row(single, "GPU power")["Value"] == "412 W"
    assert row(whole, "GPU utilization in hours with demand")["Objective"] == "≥ 60%"
    assert (whole.summary, whole.folded, single.summary, single.folded) == ("1 breach", False, "1 breach", True)
    heads = [r[0].text for g in single.groups for r in g.rows]
    assert heads == ["GPU utilization in hours with demand", "GPU power"]  # and nothing of quality
    cells = [cell.text for one in every(made("quiet"), TableBlock) for g in one.groups for r in g.rows for cell in r]
    assert not any("GPU" in text for text in cells)


def test_gpus_that_are_too_many_are_counted() -> None:
    shown = {("gpu_power", name): 400.0 for name in ("all", *(f"gpu=n1/{n}" for n in range(12)))}
    document = compose(samples.with_gpus(shown), ReportOptions(max_segments=4))
    assert sum(one.caption.startswith("gpu=n1/") for one in every(document, TableBlock)) == 4
    assert any(note.text.startswith("8 more GPUs left out") for note in every(document, Note))


def test_a_change_that_tokens_explain_is_said_where_the_metric_stands_and_under_drift() -> None:
    inputs = samples.quiet()
    adjusted = {"unit": "ms", "baseline_value": 3120.0}
    raw = {**adjusted, "p_value": 1e-6, "p_adjusted": 1e-5}
    rows = [
        samples.drift_row(samples.DAY, "change:latency_p50", ALL, verdict="EXPLAINED", effect=2900.0, **raw),
        samples.drift_row(samples.DAY, "token_adjusted:latency_p50", ALL, verdict="STABLE", effect=31.0, **adjusted),
        samples.drift_row(samples.DAY, "change:latency_p95", ALL, verdict="STABLE", effect=10.0, **raw),
        samples.drift_row(samples.DAY, "token_adjusted:latency_p95", ALL, verdict="DRIFTED", effect=1200.0, **raw),
    ]
    document = compose(dataclasses.replace(inputs, drift=samples.distances(*rows)), ReportOptions())
    whole = table(document, "All interactions")
    explained = next(r for g in whole.groups for r in g.rows if r[0].text == "Latency, p50")[5]
    assert (explained.mark, explained.tone) == ("explained by tokens", Tone.NOTICE)
    assert "at equal tokens +31.0 ms (+1%)" in explained.details
    assert "changed at equal tokens" in row_of(whole, "Latency, p95")
    assert whole.summary == "1 change"
    (note,) = (note for note in every(document, Note) if note.mark == "Explained by tokens")
    assert note.text.endswith("All interactions: Latency, p50.")
    assert row(table(document, "Metrics that changed"), "Latency, p95, at equal tokens")["Change"].startswith("+1.20 s")
    assert not any("token_adjusted" in one.caption for one in every(document, TableBlock))


def row_of(shown: TableBlock, head: str) -> list[str]:
    return [cell.mark for g in shown.groups for r in g.rows if r[0].text == head for cell in r]


def test_repaired_values_are_named_and_nothing_is_said_of_none() -> None:
    repaired = [
        RepairCount("clock went backwards", "a negative duration is unknown", 3),
        RepairCount("first token after the end", "ttft", 41),
    ]
    document = compose(dataclasses.replace(samples.quiet(), repairs=repaired), ReportOptions())
    shown = table(document, "Mended values")
    assert [r[0].text for r in shown.groups[0].rows] == ["first token after the end", "clock went backwards"]
    assert row(shown, "clock went backwards")["Interactions"] == "3"
    assert not [one for one in every(made("quiet"), TableBlock) if one.caption == "Mended values"]


def anchors(document: Document) -> set[str]:
    """What links can lead to."""
    blocks = (
        *every(document, Heading),
        *every(document, TableBlock),
        *every(document, Examples),
        *every(document, Slot),
    )
    return {block.anchor for block in blocks} - {""}


@pytest.mark.parametrize("name", sorted(samples.ALL_DAYS))
def test_every_link_leads_somewhere_and_no_anchor_stands_twice(name: str) -> None:
    document = compose(samples.ALL_DAYS[name](), ReportOptions())
    cells = [
        cell for table in every(document, TableBlock) for group in table.groups for row in group.rows for cell in row
    ]
    links = [link.anchor for block in every(document, Links) for link in block.items]
    links += [link.anchor for link in document.verdict.links] + [cell.anchor for cell in cells if cell.anchor]
    assert set(links) <= anchors(document)
    page = html.render(document)
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_every_incident_of_a_night_has_its_story_the_worst_ones_unfolded() -> None:
    inputs = samples.incident()
    one = inputs.incidents[0]
    many = [
        dataclasses.replace(one, fingerprint=f"{n:08x}" + "0" * 24, title=f"Problem {n}", score=1 - n / 100)
        for n in range(20)
    ]
    document = compose(dataclasses.replace(inputs, alerts=many, incident_examples=()), ReportOptions())
    folds = [block for block in document.blocks if isinstance(block, Fold)]
    assert len(folds) == 20 - 7
    stories = [block for block in every(document, Heading) if block.anchor.startswith("incident-")]
    assert [block.lead.partition(":")[0] for block in stories] == [f"Problem {n}" for n in range(20)]
    for fold in folds:
        (facts,) = (block for block in fold.blocks if isinstance(block, Facts))
        assert {"Severity", "State", "Where", "How large"} <= {item.label for item in facts.items}
        assert any(isinstance(block, Slot) for block in fold.blocks)  # what was sent, and what people did
    shown, page = text.render(document), html.render(document)
    assert shown.count("\nHow large") == 20
    assert page.count('<details class="fold story">') == 13
    assert page.count('<a href="#incident-') >= 20


def test_the_headline_leads_to_the_examples_of_the_worst_incident_and_these_lead_back() -> None:
    document = compose(samples.incident(), ReportOptions())
    example, details = document.verdict.links
    assert (example.text, details.text) == ("See example", "Details")
    worst = next(block for block in every(document, Examples) if block.anchor == example.anchor)
    assert worst.title == "Worst answers: Refusal rate"
    assert [title for title, _ in worst.items[0].earlier] == ["Nearest prompt of 14 Jun", "Answer of 14 Jun, 0.910"]
    at = document.blocks.index(worst)
    back = next(block for block in document.blocks[at:] if isinstance(block, Links) and block.title == "Back")
    assert back.items[0].anchor == details.anchor


def test_the_numbers_of_an_incident_and_the_incident_lead_to_each_other() -> None:
    document = compose(samples.incident(), ReportOptions())
    numbers = next(block for block in every(document, Links) if block.title == "Numbers")
    tables = {table.anchor: table.caption for table in every(document, TableBlock)}
    assert tables[numbers.items[0].anchor] == "All interactions"
    incidents = next(block for block in every(document, Links) if block.title == "Incidents")
    assert document.verdict.links[1].anchor in {item.anchor for item in incidents.items}
