"""What is sent of a night: a message for each incident that cannot wait, and one digest for the others.

Plain text on purpose: what comes from logs has no Markdown or HTML to break out of, and what chat services would read as
some is written so that they do not.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence

from obs_lib.digests import digest_of
from obs_lib.records import Incident, Message, Notice, Responsible, Severity
from obs_lib.reporting.incident_text import STATES, facts, sentence, signals, who_looks_after
from obs_lib.reporting.numbers import long_day, plural
from obs_lib.reporting.safe import line

_INCIDENTS = 8  # one by one in a digest; a longer message is not read on a phone
_SIGNALS = 3
_PLACES = 10  # segments of a place that are named
# Marks that chat services read as bold, code, links, lists of people or HTML, written in a way that only looks the same.
_MARKUP = str.maketrans(
    {
        "*": "\N{ASTERISK OPERATOR}",
        "`": "\N{MODIFIER LETTER GRAVE ACCENT}",
        "~": "\N{TILDE OPERATOR}",
        "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
        ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
        "[": "\N{LEFT SQUARE BRACKET WITH QUILL}",
        "]": "\N{RIGHT SQUARE BRACKET WITH QUILL}",
        "|": "\N{DIVIDES}",
        "#": "\N{FULLWIDTH NUMBER SIGN}",
        "@": "\N{FULLWIDTH COMMERCIAL AT}",
    }
)
_ADDRESS = re.compile(r":(?=//)|(?<=www)\.|(?<=mailto):|(?<=javascript):", re.IGNORECASE)
"""What makes programs turn a text into a link. Links in messages are ours: to the report and the runbook."""
_KEY = 12  # digits of a fingerprint in an idempotency key


def incident_message(
    incident: Incident,
    link: str | None = None,
    responsible: Responsible = Responsible(),  # noqa: B008 - frozen
) -> Message:
    """The message of one incident. link : address of its day's report."""
    title = f"{incident.severity} {_state(incident)}: {_plain(sentence(incident), 150)}"
    body = [_plain(sentence(incident), 400) + "."]
    body += [_plain(fact, 300) for fact in facts(incident)]
    body += [f"  {_plain(signal, 200)}" for signal in signals(incident, _SIGNALS)]
    body += who_looks_after(responsible)
    body += [f"Incident {_plain(incident.short, 40)} of {long_day(incident.day.isoformat())} (UTC)."]
    key = f"{incident.day}-{incident.fingerprint[:_KEY]}-{incident.severity}"
    return Message(
        key=key,
        day=incident.day,
        severity=incident.severity,
        title=title,
        body=_with_link(body, link and f"{link}#incidents"),
        notices=(_notice(incident, responsible),),
        link=link and f"{link}#incidents",
    )


def digest_message(
    day: dt.date,
    incidents: Sequence[Incident],
    link: str | None = None,
    responsible: Mapping[str, Responsible] | None = None,
    report: str | None = None,
) -> Message:
    """The digest of some of a day's incidents, worst first; without any it says that there is nothing new.

    responsible : by fingerprint. report : the day's report as HTML, for channels that carry it.
    """
    who = responsible or {}
    listed = sorted(incidents, key=lambda one: (one.severity, -one.score, one.fingerprint))
    title, body = _listed(day, listed, who) if listed else _nothing(day)
    told = sorted(f"{one.fingerprint}:{one.severity}" for one in listed)
    return Message(
        key=f"{day}-digest-{digest_of(told)[:_KEY]}",
        day=day,
        severity=listed[0].severity if listed else Severity.P3,
        title=title,
        body=_with_link(body, link),
        notices=tuple(_notice(one, who.get(one.fingerprint, Responsible())) for one in listed),
        link=link,
        report=report,
    )


def _nothing(day: dt.date) -> tuple[str, list[str]]:
    said = f"Nothing new to report of {long_day(day.isoformat())} (UTC)."
    return f"LLM night watch {day.isoformat()}: nothing new to report", [said]


def _listed(day: dt.date, listed: Sequence[Incident], who: Mapping[str, Responsible]) -> tuple[str, list[str]]:
    title = f"LLM night watch {day.isoformat()}: {_plain(sentence(listed[0]), 120)}"
    if len(listed) > 1:
        title += f" and {len(listed) - 1} more"
    body = [f"{plural(len(listed), 'incident')} on {long_day(day.isoformat())} (UTC)."]
    for incident in listed[:_INCIDENTS]:
        body += ["", f"{incident.severity} {_state(incident)}: {_plain(sentence(incident), 180)}"]
        body += [f"  {_plain(fact, 120)}" for fact in facts(incident)[:2]]
        body += [f"  {text}" for text in who_looks_after(who.get(incident.fingerprint, Responsible()))]
    if len(listed) > _INCIDENTS:
        body += ["", f"and {len(listed) - _INCIDENTS} more in the report."]
    return title, body


def _notice(incident: Incident, responsible: Responsible) -> Notice:
    return Notice(
        fingerprint=_plain(incident.fingerprint, 40),
        day=incident.day,
        severity=incident.severity,
        state=incident.state,
        kind=_plain(incident.kind, 20),
        lead=_plain(incident.lead, 80),
        place=tuple(_plain(segment, 80) for segment in incident.place[:_PLACES]),
        first_day=incident.first_day,
        is_open=incident.is_open,
        summary=_plain(sentence(incident), 300),
        responsible=responsible,
    )


def _state(incident: Incident) -> str:
    return STATES[incident.state].lower().replace(" tonight", "")


def _plain(text: str, limit: int) -> str:
    return _ADDRESS.sub(_spelled, line(text, limit)).translate(_MARKUP)


def _spelled(sign: re.Match[str]) -> str:
    return "\N{ONE DOT LEADER}" if sign.group() == "." else "\N{FULLWIDTH COLON}"


def _with_link(body: list[str], link: str | None) -> str:
    return "\n".join([*body, "", f"Report: {link}"] if link else body) + "\n"
