"""The message of a night."""

from __future__ import annotations

from obs_lib.records import AlertState
from obs_lib.reporting.notification import message
from tests.unit.reporting import sample_inputs as samples


def test_message_groups_by_severity_and_ends_in_the_link() -> None:
    alerts = [alert for alert in samples.incident().alerts if alert.state is not AlertState.RESOLVED]
    title, body = message(alerts, samples.DAY, "https://obs.example/2023-06-15")
    assert title == (
        "P1 LLM night watch 2023-06-15: route=assistant-large changed: refuses more, breaks its format; "
        "new version gpt-4-0613 and 2 more"
    )
    assert body.startswith("3 incidents on 15 Jun 2023 (UTC).\n\nP1\n- route=assistant-large changed")
    assert "    Refusal rate 36.9%, baseline 11.8% (+25.1 pts), p < 0.001\n" in body
    assert body.index("\nP1\n") < body.index("\nP2\n") < body.index("\nP3\n")
    assert body.endswith("Report: https://obs.example/2023-06-15\n")


def test_message_is_short_and_inert_whatever_is_in_it() -> None:
    title, body = message(samples.hostile(copies=4).alerts, samples.DAY)
    assert len(title) < 200
    assert len(body) < 4000
    assert "\n" not in title
    for bad in ("\x1b", "\u202e", "\x00", "IOSFODNN7"):
        assert bad not in title + body
    assert "and 72 more in the report." in body


def test_no_alerts_is_no_news() -> None:
    assert message([], samples.DAY)[0].endswith("nothing to report")
