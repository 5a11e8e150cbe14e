"""Nights from midnight to midnight UTC that start some hours late, so that late logs are in.

`schedule="0 2 * * *"` would mean another day (2 to 2 o'clock, or no interval at all). Here the interval of a run is the
calendar day, and only the moment when the run may start is put off.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk.timezone import coerce_datetime, utcnow
from airflow.timetables.interval import CronDataIntervalTimetable

if TYPE_CHECKING:
    from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction
    from pendulum import DateTime


class NightTimetable(CronDataIntervalTimetable):
    """One run a calendar day (UTC), `delay` after the day has ended.

    The delay moves scheduled runs and the runs of a backfill; it moves no interval.
    """

    def __init__(self, delay: timedelta) -> None:
        super().__init__("0 0 * * *", "UTC")
        self._delay = delay
        self.description = f"Every calendar day (UTC), {delay.total_seconds() / 3600:g} hours after it has ended"

    @property
    def summary(self) -> str:
        """What the list of Dags shows as the schedule."""
        return f"each day, {self._delay.total_seconds() / 3600:g} h later"

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """The next calendar day, with the delay added to the moment from which its run may start."""
        info = super().next_dagrun_info(
            last_automated_data_interval=last_automated_data_interval, restriction=restriction
        )
        return info._replace(run_after=info.run_after + self._delay) if info else None

    def _skip_to_latest(self, earliest: DateTime | None) -> DateTime:
        """Start of the newest day whose run is due. Without the delay in it, a day that still waits would be dropped."""
        due = self._get_prev(self._align_to_prev(coerce_datetime(utcnow()) - self._delay))
        return due if earliest is None else max(due, self._align_to_next(earliest))

    def serialize(self) -> dict[str, Any]:
        """What the metadata database keeps of it."""
        return {"delay": self._delay.total_seconds()}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> NightTimetable:
        """The inverse of `serialize`."""
        return cls(timedelta(seconds=data["delay"]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NightTimetable) and self._delay == other._delay

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._delay))
