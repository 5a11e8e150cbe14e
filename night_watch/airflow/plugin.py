"""What Airflow's users see of the night watch: its pages, the links to them, and the nights' timetable.

Imported by every Airflow process and every task: the pages and what they need are imported when the api-server asks for them.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from night_watch.airflow.links import ReportLink
from night_watch.airflow.names import APP
from night_watch.airflow.timetable import NightTimetable


class NightWatchPlugin(AirflowPlugin):
    """Registers all of it."""

    name = "llm_night_watch"
    timetables: ClassVar[list[Any]] = [NightTimetable]
    operator_extra_links: ClassVar[list[Any]] = [ReportLink()]
    external_views: ClassVar[list[Any]] = [
        {
            "name": "Night watch",
            "href": f"{APP}/",
            "destination": "nav",
            "url_route": "llm",
            "nav_top_level": True,
        },
        {
            "name": "Report",
            "href": f"{APP}/run?dag_id={{DAG_ID}}&run_id={{RUN_ID}}",
            "destination": "dag_run",
            "url_route": "llm-report",
        },
    ]

    react_apps: ClassVar[list[Any]] = [
        # By its name, the UI finds the component that the code at the address makes known. The address is below the UI's own,
        # which may have a path: no slash before it.
        {"name": "Night watch card", "bundle_url": f"{APP}/card.js".removeprefix("/"), "destination": "dashboard"},
    ]

    @cached_property
    def fastapi_apps(self) -> list[Any]:
        """The pages, built only where they are served: importing Airflow's security costs seconds."""
        from night_watch.airflow.pages import build

        return [{"name": "Night watch", "url_prefix": APP, "app": build()}]
