"""What is sent of a night: a message of its own for what cannot wait, a digest for the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from obs_lib.records import IncidentState, Responsible, Severity
from obs_lib.reporting.notification import digest_message, incident_message
from tests.unit.reporting import sample_inputs as samples

LINK = "https://obs.example/2023-06-15"


def test_what_cannot_wait_says_how_much_where_since_when_and_why() -> None:
    (worst,) = [one for one in samples.incident().alerts if one.severity is Severity.P1]
    message = incident_message(worst, LINK)
    title, body = message.title, message.body
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
    message = digest_message(samples.DAY, listed[::-1], LINK)
    title, body = message.title, message.body
    assert title.startswith("LLM night watch 2023-06-15: route=assistant-large changed")
    assert title.endswith("and 2 more")
    assert body.startswith("3 incidents on 15 Jun 2023 (UTC).\n\nP1 new: ")
    assert body.index("\nP1 ") < body.index("\nP2 ") < body.index("\nP3 ")
    assert body.endswith(f"Report: {LINK}\n")


@pytest.mark.parametrize("of_all", [True, False])
def test_a_message_is_short_and_inert_whatever_is_in_it(of_all: bool) -> None:
    listed = list(samples.hostile(copies=4).alerts)
    messages = [digest_message(samples.DAY, listed)] if of_all else [incident_message(one) for one in listed]
    for title, body in ((message.title, message.body) for message in messages):
        assert len(title) < 250
        assert len(body) < 4000
        assert "\n" not in title
        for bad in ("\x1b", "\u202e", "\x00", "IOSFODNN7", "<", "@everyone", "*", "`", "|"):
            assert bad not in title + body
    if of_all:
        assert "and 72 more in the report." in messages[0].body


def test_owner_and_runbook_stand_in_the_message_and_its_address_stays_one() -> None:
    (worst,) = [one for one in samples.incident().alerts if one.severity is Severity.P1]
    who = Responsible("search", "https://wiki.example.org/refusals#now")
    for message in (
        incident_message(worst, LINK, who),
        digest_message(samples.DAY, [worst], LINK, {worst.fingerprint: who}),
    ):
        assert "Owner: search\n" in message.body
        assert "Runbook: https://wiki.example.org/refusals#now\n" in message.body
        assert [notice.responsible for notice in message.notices] == [who]


def test_a_key_names_the_incident_and_how_bad_it_is_and_a_digest_what_it_tells() -> None:
    first, second, *_ = samples.incident().alerts
    assert incident_message(first).key == incident_message(replace(first, title="Other words")).key
    assert incident_message(first).key != incident_message(replace(first, severity=Severity.P0)).key
    assert digest_message(samples.DAY, [first, second]).key == digest_message(samples.DAY, [second, first]).key
    assert digest_message(samples.DAY, [first, second]).key != digest_message(samples.DAY, [first]).key


@pytest.mark.parametrize("word", ["https://evil.example/a", "www.evil.example", "[click](http://evil.example)"])
def test_an_address_in_a_log_becomes_no_link(word: str) -> None:
    hostile = replace(samples.incident().alerts[0], title=word, place=(f"route={word}",))
    message = incident_message(hostile)
    said = (message.title, message.body, *(text for one in message.notices for text in (one.summary, *one.place)))
    for text in said:
        assert "evil" in text or text is message.title
        assert "://" not in text
        assert "www." not in text


def test_no_incident_is_no_news() -> None:
    assert digest_message(samples.DAY, []).title.endswith("nothing new to report")
