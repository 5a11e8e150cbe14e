"""What the entry point `apache_airflow_provider` tells Airflow, which is not imported here: it is just looking around."""

from __future__ import annotations

from typing import Any

_INTEGRATION = "LLM night watch"


def get_provider_info() -> dict[str, Any]:
    """The provider, by Airflow's `provider_info.schema.json`. Pages and timetable come by the entry point `airflow.plugins`."""
    return {
        "package-name": "llm-night-watch",
        "name": _INTEGRATION,
        "description": "Nightly quality, drift and system checks of language-model logs, with alerts and reports.",
        "integrations": [{"integration-name": _INTEGRATION, "tags": ["software"]}],
        "sensors": [{"integration-name": _INTEGRATION, "python-modules": ["night_watch.airflow.sensor"]}],
        "notifications": ["night_watch.airflow.notifier.NightWatchNotifier"],
        "extra-links": ["night_watch.airflow.links.ReportLink"],
    }
