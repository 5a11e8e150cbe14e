"""A notifier for people's own Dags: what they say goes through the night watch's routes, as incidents do."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseNotifier

from night_watch.airflow.delivery import ways
from night_watch.airflow.tasks import workspace
from night_watch.airflow.watch import one_settings_file

if TYPE_CHECKING:
    from obs_lib.records import Incident


class NightWatchNotifier(BaseNotifier):
    """Tells people by `delivery.routes`: `on_failure_callback=NightWatchNotifier(title="{{ dag.dag_id }} failed")`.

    The same of the same run and task is told once, by the rules of its severity.

    title : one sentence, a template. text : more of it, a template. severity : "P0" to "P3". segment : where it belongs, by
    which routes and rules match, such as "route=docs". config : whole path of the settings file whose routes are taken; None
    for $OBS_CONFIG where that names one.
    """

    template_fields: Sequence[str] = ("title", "text")

    def __init__(
        self,
        title: str,
        text: str = "",
        severity: str = "P1",
        segment: str = "all",
        *,
        config: str | os.PathLike[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.title, self.text, self.severity, self.segment = title, text, severity, segment
        self.config = config

    def notify(self, context: dict[str, Any]) -> None:
        """Send it; where it is P0 or P1 and reached nobody, the callback fails with it."""
        from obs_lib.pipeline.notify import tell

        config = str(one_settings_file(self.config))
        with workspace(config) as ws:
            incident = self._incident(context, ws.redactor.shown)
            done = tell(ws, [incident], ways(ws, config))
        if done["undelivered"] or done["unrouted"]:
            raise RuntimeError(f"the message of {incident.lead} reached nobody: {done}")

    def _incident(self, context: dict[str, Any], shown: Callable[[str], str]) -> Incident:
        """What is told is of today, and named by the run and the task that tell it. shown : masks what people may not see."""
        from obs_lib.digests import digest_of
        from obs_lib.records import Incident, IncidentState, Severity

        today = dt.datetime.now(dt.UTC).date()
        dag, run, task = _names(context)
        return Incident(
            day=today,
            fingerprint=digest_of("notifier", dag, run, task, self.title),
            kind="data",
            severity=Severity(self.severity),
            state=IncidentState.NEW,
            place=(self.segment,),
            lead=f"dag:{dag}",
            title=shown(self.title),
            score=1.0,
            why=shown(self.text),
            notify=True,
            first_day=today,
            last_day=today,
        )


def _names(context: dict[str, Any]) -> tuple[str, str, str]:
    """Dag, run and task of a context, which in a deadline's callback is JSON; empty for what it does not say."""
    run, task = context.get("dag_run") or {}, context.get("ti") or context.get("task_instance") or {}

    def said(thing: Any, name: str) -> str:
        return str((thing.get(name) if isinstance(thing, dict) else getattr(thing, name, None)) or "")

    return said(run, "dag_id") or said(task, "dag_id"), said(run, "run_id"), said(task, "task_id")
