"""What was sent of an incident and what people did, put into a rendered page by whoever serves it.

Wall-clock times are no part of a report's bytes (its digest depends on the lake's days alone), so they stand in a slot that
the file leaves empty.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from obs_lib.reporting.html import POLICY, environment


@dataclass(frozen=True, slots=True)
class ActForm:
    """A form by which the reader acts on an incident."""

    action: str
    """Address that takes it, relative to the page."""
    token: str
    """Says that this page gave it out to this reader, for this incident."""
    tomorrow: str
    """The first day to which it can be snoozed, as ISO text."""


@dataclass(frozen=True, slots=True)
class Handling:
    """What became of one incident, a sentence each, oldest first."""

    anchor: str
    """Of its slot in the page."""
    sent: tuple[str, ...] = ()
    acts: tuple[str, ...] = ()
    form: ActForm | None = None


def with_handling(page: bytes, handled: Iterable[Handling]) -> bytes:
    """A rendered page with what became of its incidents; an incident that has no slot in it is left out.

    A page with forms may send them to where it comes from, and says where it comes from when it does.
    """
    template, told = environment().get_template("handling.html.j2"), list(handled)
    for one in told:
        if one.sent or one.acts or one.form:
            empty = f'<div class="slot" id="{one.anchor}"></div>'  # no text of a log can be this: all are escaped
            page = page.replace(empty.encode(), template.render(handled=one).encode(), 1)
    return _with_forms(page) if any(one.form for one in told) else page


def _with_forms(page: bytes) -> bytes:
    """The page's own policies, which stand before all texts, as far as a form needs them otherwise."""
    own = environment().filters["e"](POLICY).encode()
    page = page.replace(own, own.replace(b"form-action &#39;none&#39;", b"form-action &#39;self&#39;"), 1)
    return page.replace(b'name="referrer" content="no-referrer"', b'name="referrer" content="same-origin"', 1)
