"""What happens on which day of the example logs. Days count from 1; what is not named is a quiet day."""

from __future__ import annotations

from typing import NamedTuple


class Incidents(NamedTuple):
    """How the two assistants behave on one day.

    lost_contexts : share of `docs-rag` requests whose retrieval returns other topics, so that answers are made up.
    slow : factor on the decoding time of `assistant`.
    model : model version behind `assistant`.
    refuses : share of ordinary asks that `assistant` declines.
    unclosed : share of JSON answers that are not closed.
    toxic : share of `assistant` answers that insult the rider.
    malformed : kind of broken line in the day's log, None for none.
    """

    lost_contexts: float = 0.0
    slow: float = 1.0
    model: str = "nova-1.0"
    refuses: float = 0.0
    unclosed: float = 0.01
    toxic: float = 0.0
    malformed: str | None = None


OUTAGE = range(10, 13)
SLOW = range(14, 16)
ROLL_OUT = 16
TOXIC = range(19, 20)
MALFORMED = {5: "truncated", 8: "negative", 17: "no offset"}


def incidents_of(number: int) -> Incidents:
    """What happens on the day with this number, from 1."""
    rolled_out = number >= ROLL_OUT
    return Incidents(
        lost_contexts=0.8 if number in OUTAGE else 0.0,
        slow=2.6 if number in SLOW else 1.0,
        model="nova-1.1" if rolled_out else "nova-1.0",
        refuses=0.35 if rolled_out else 0.0,
        unclosed=0.7 if rolled_out else 0.01,
        toxic=0.15 if number in TOXIC else 0.0,
        malformed=MALFORMED.get(number),
    )
