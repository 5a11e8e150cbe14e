"""The real logs: their days, and a workspace's settings for them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import yaml

from obs_lib.pipeline.night import days_between

FIRST = dt.date(2023, 6, 1)
DAYS = {"chat": 20, "rag": 14}


def days_of(name: str) -> list[dt.date]:
    return days_between(FIRST, FIRST + dt.timedelta(days=DAYS[name] - 1))


def configure(home: Path, logs: Path, **scoring: object) -> Path:
    home.mkdir(parents=True, exist_ok=True)
    dates = {"start_date": FIRST, "end_date": FIRST + dt.timedelta(days=19)}
    # Two tasks with models run at once, so one thread each: more than there are cores halves their speed.
    settings = {
        "sources": [{"format": "native", "path": str(logs)}],
        "models": {"threads": 1},
        "scoring": scoring,
        "schedule": dates,
    }
    (home / "obs.yaml").write_text(yaml.safe_dump(settings))
    return home / "obs.yaml"
