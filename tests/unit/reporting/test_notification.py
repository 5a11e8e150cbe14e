"""What is sent of a night: a message of its own for what cannot wait, a digest for the rest."""

from __future__ import annotations

import pytest

from obs_lib.records import IncidentState, Severity
from obs_lib.reporting.notification import digest_message, incident_message
from tests.unit.reporting import sample_inputs as samples

LINK = "https://obs.example/2023-06-15"


def test_what_cannot_wait_says_how_much_where_since_when_and_why() -> None:
    (worst,) = [one for one in samples.incident().alerts if one.severity is Severity.P1]
    title, body = incident_message(worst, LINK)
    assert title.startswith("P1 new: route=assistant-large changed: refuses more, breaks its format")
    assert "refusal rate 11.8% to 36.9%" in body
    assert (
        "  Refusal rate 36.9%, baseline 11.8% (+25.1 pts), p \N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK} 0.001\n"
        in body
    )
    assert body.endswith(f"Report: {LINK}#incidents\n")
    assert "\nIncident b74b512" in body


def test_a_digest_lists_what_can_wait_worst_first_and_ends_in_the_link() -> None:
    listed = [one for one in samples.incident().alerts if one.state is not IncidentState.RESOLVED]
    title, body = digest_message(samples.DAY, listed[::-1], LINK)
    assert title.startswith("LLM night watch 2023-06-15: route=assistant-large changed")
    assert title.endswith("and 2 more")
    assert body.startswith("3 incidents on 15 Jun 2023 (UTC).\n\nP1 new: ")
    assert body.index("\nP1 ") < body.index("\nP2 ") < body.index("\nP3 ")
    assert body.endswith(f"Report: {LINK}\n")


@pytest.mark.parametrize("of_all", [True, False])
def test_a_message_is_short_and_inert_whatever_is_in_it(of_all: bool) -> None:
    listed = list(samples.hostile(copies=4).alerts)
    messages = [digest_message(samples.DAY, listed)] if of_all else [incident_message(one) for one in listed]
    for title, body in messages:
        assert len(title) < 250
        assert len(body) < 4000
        assert "\n" not in title
        for bad in ("\x1b", "\u202e", "\x00", "IOSFODNN7", "<", "@everyone", "*", "`", "|"):
            assert bad not in title + body
    if of_all:
        assert "and 72 more in the report." in messages[0].body


def test_no_incident_is_no_news() -> None:
    assert digest_message(samples.DAY, []).title.endswith("nothing to report")
