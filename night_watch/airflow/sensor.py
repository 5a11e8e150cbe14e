"""A gate for people's own Dags: go on when the night of a day is done and not too bad."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator
from airflow.sdk.exceptions import AirflowFailException

from night_watch.airflow.tasks import workspace
from night_watch.airflow.watch import one_settings_file

if TYPE_CHECKING:
    from obs_lib.pipeline.night_status import NightStatus

SEVERITIES = ("P0", "P1", "P2", "P3")


class NightDoneSensor(BaseSensorOperator):
    """Waits until the night of a day is done, and fails where it failed or is worse than allowed: waiting would not mend it.

    With `soft_fail=True` it is skipped instead, and with it what follows. Between two looks it holds no slot.

    day : the night's day (UTC), YYYY-MM-DD; a template. worst : severity of the worst incident that may be open on it.
    config : whole path of the watch's settings file; None for $OBS_CONFIG where that names one.
    """

    template_fields: Sequence[str] = ("day",)

    def __init__(
        self,
        *,
        day: str = "{{ data_interval_start | ds }}",
        worst: str = "P2",
        config: str | os.PathLike[str] | None = None,
        mode: str = "reschedule",
        poke_interval: float | dt.timedelta = dt.timedelta(minutes=5),
        **kwargs: Any,
    ) -> None:
        super().__init__(mode=mode, poke_interval=poke_interval, **kwargs)
        if worst not in SEVERITIES:
            raise ValueError(f"worst: must be one of {', '.join(SEVERITIES)}, found {worst!r}")
        self.day, self.worst, self.config = day, worst, config

    def poke(self, context: Any) -> bool:
        """Whether the night is done. AirflowFailException where it is and should not have gone on."""
        from obs_lib.pipeline.night_status import night_status

        config = str(one_settings_file(self.config))
        with workspace(config) as ws:
            status = night_status(ws, _day(self.day))
            if status.done and (said := self._objection(status)):
                raise AirflowFailException(f"{config}: the night of {self.day} {ws.redactor.shown(said)}")
        return status.done

    def _objection(self, status: NightStatus) -> str | None:
        """What speaks against going on; None for nothing."""
        from obs_lib.records import Severity

        if status.failures:
            return f"failed in step {status.failures[0][0]}"
        worse = status.worse_than(Severity(self.worst))
        if not worse:
            return None
        return f"has {len(worse)} open incident(s) worse than {self.worst}: {worse[0].severity} {worse[0].title}"


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise AirflowFailException(f"day: must be a day as YYYY-MM-DD, found {text[:40]!r}") from None
