"""A question to people in a Dag of their own: what to do about an incident. The answer is stored as `obs alerts` stores it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param

from night_watch.airflow.names import base_url, site_of
from night_watch.airflow.tasks import workspace
from night_watch.airflow.watch import one_settings_file

if TYPE_CHECKING:
    from airflow.sdk import Context

LEAVE = "Leave it as it is"
ACTS = {
    "Acknowledge": "ACKNOWLEDGED",
    "This is the new normal": "ACCEPTED",
    "False alarm": "FALSE_ALARM",
    "Close": "CLOSED",
}
"""Kind of act by what people choose."""


class IncidentDecision(HITLOperator):
    """Asks under *Required Actions* what to do about an incident, and stores the answer with the name of who gave it.

    Whoever may answer tasks of the Dag may act; `assigned_users` says who alone. With `response_timeout` the incident is left
    as it is where nobody answers in time. A Dag that follows an asset `<name>_alert_p0` to `<name>_alert_p3` asks about the
    first incident that it is told of.

    incident : at least the first eight digits of its id; a template. config : whole path of the watch's settings file; None for
    $OBS_CONFIG where that names one.
    """

    template_fields: Sequence[str] = ("incident",)

    def __init__(
        self,
        *,
        incident: str = "{{ (triggering_asset_events.values() | first | first).extra.incidents[0].id }}",
        config: str | os.PathLike[str] | None = None,
        **kwargs: Any,
    ) -> None:
        note = Param("", type="string", maxLength=1000, title="Why, or a note")
        super().__init__(subject="An incident", options=[*ACTS, LEAVE], defaults=LEAVE, params={"note": note}, **kwargs)
        self.incident, self.config = incident, config

    def execute(self, context: Context) -> Any:
        """Ask. Words that may come from logs stand in the subject, which is plain text; the body is Markdown."""
        from obs_lib.pipeline.acts import incident_of
        from obs_lib.reporting.anchors import anchor_of

        with self._workspace() as ws:
            incident = incident_of(ws, self.incident)
            self.subject = ws.redactor.shown(f"{incident.severity} of {incident.day}: {incident.title}")
            place = f"{site_of(ws.settings.name)}/{incident.day}#{anchor_of(incident.fingerprint)}"
        self.body = f"[The report of {incident.day}]({base_url()}{place})"
        return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Store what was answered; of an incident that is to be left the note alone, nothing where nobody answered."""
        from obs_lib.pipeline.acts import LONGEST_NAME, ActKind, record_act

        answer = super().execute_complete(context, event)
        (chosen,), who = answer["chosen_options"], answer["responded_by_user"]
        text = str(answer["params_input"].get("note") or "").strip()
        if who and (chosen in ACTS or text):
            kind = ActKind(ACTS[chosen]) if chosen in ACTS else ActKind.NOTE
            with self._workspace() as ws:
                record_act(ws, self.incident, kind, by=str(who["name"] or who["id"])[:LONGEST_NAME], text=text or None)
        return answer

    def _workspace(self) -> Any:
        return workspace(str(one_settings_file(self.config)))
