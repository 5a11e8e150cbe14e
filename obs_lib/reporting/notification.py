"""What is sent of a night: a message for each incident that cannot wait, and one digest for the others.

Plain text on purpose: what comes from logs has no Markdown or HTML to break out of, and what chat services would read as
some is written so that they do not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from obs_lib.records import Incident
from obs_lib.reporting.incident_text import STATES, facts, sentence, signals
from obs_lib.reporting.numbers import long_day, plural
from obs_lib.reporting.safe import line

_INCIDENTS = 8  # one by one in a digest; a longer message is not read on a phone
_SIGNALS = 3
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


class Message(NamedTuple):
    """One message: a title of one line, and a body of lines under 4,000 characters."""

    title: str
    body: str


def incident_message(incident: Incident, link: str | None = None) -> Message:
    """The message of one incident. link : address of its day's report."""
    title = f"{incident.severity} {_state(incident)}: {_plain(sentence(incident), 150)}"
    body = [_plain(sentence(incident), 400) + "."]
    body += [_plain(fact, 300) for fact in facts(incident)]
    body += [f"  {_plain(signal, 200)}" for signal in signals(incident, _SIGNALS)]
    body += [f"Incident {_plain(incident.fingerprint, 8)} of {long_day(incident.day.isoformat())} (UTC)."]
    return Message(title, _with_link(body, link and f"{link}#incidents"))


def digest_message(day: dt.date, incidents: Sequence[Incident], link: str | None = None) -> Message:
    """The digest of a day's incidents that can wait, worst first; of a day without any it says so."""
    if not incidents:
        return Message(
            f"LLM night watch {day.isoformat()}: nothing to report", _with_link(["Nothing to report."], link)
        )
    listed = sorted(incidents, key=lambda one: (one.severity, -one.score, one.fingerprint))
    title = f"LLM night watch {day.isoformat()}: {_plain(sentence(listed[0]), 120)}"
    if len(listed) > 1:
        title += f" and {len(listed) - 1} more"
    body = [f"{plural(len(listed), 'incident')} on {long_day(day.isoformat())} (UTC)."]
    for incident in listed[:_INCIDENTS]:
        body += ["", f"{incident.severity} {_state(incident)}: {_plain(sentence(incident), 180)}"]
        body += [f"  {_plain(fact, 120)}" for fact in facts(incident)[:2]]
    if len(listed) > _INCIDENTS:
        body += ["", f"and {len(listed) - _INCIDENTS} more in the report."]
    return Message(title, _with_link(body, link))


def _state(incident: Incident) -> str:
    return STATES[incident.state].lower().replace(" tonight", "")


def _plain(text: str, limit: int) -> str:
    return line(text, limit).translate(_MARKUP)


def _with_link(body: list[str], link: str | None) -> str:
    return "\n".join([*body, "", f"Report: {link}"] if link else body) + "\n"
