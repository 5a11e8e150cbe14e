"""What the last night of each watch found, in a few lines: a page small enough for a dashboard of something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from obs_lib.reporting.html import environment
from obs_lib.reporting.index import ReportedDay, entries


@dataclass(frozen=True, slots=True)
class LastNight:
    """How a watch stands.

    title : of its reports. address : of its list of days, without a slash at the end; a day's report is one step below.
    reported : the newest day that has a report; None where none has. notes : what stands in the way of a newer one.
    """

    title: str
    address: str
    reported: ReportedDay | None
    notes: tuple[str, ...] = ()


def render_card(nights: Sequence[LastNight]) -> str:
    """The page, in the order given; an empty one for no watch. Links lead out of the frame that it is meant for."""
    listed = [(night, entries([night.reported])[0] if night.reported else None) for night in nights]
    return environment().get_template("card.html.j2").render(nights=listed)
