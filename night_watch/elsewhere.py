"""The tasks that load models, for a Python that has them and no Airflow (`schedule.models_python`).

Credentials come from the environment there, `OBS_CONNECTION_<NAME>`, which a worker hands on: Airflow's own connections are out
of reach.
"""

from __future__ import annotations

import datetime as dt
from typing import Any


def evaluate(config: str, shard: dict[str, Any]) -> dict[str, Any]:
    """Score one shard. config : path of the settings file. shard : what `plan` returns of it."""
    from obs_lib.pipeline.evaluate import evaluate as step
    from obs_lib.pipeline.workspace import open_workspace

    return step(open_workspace(config), dt.date.fromisoformat(shard["day"]), shard["plan"], shard["number"])


def name_models(config: str) -> dict[str, str]:
    """Write down what the encoder is called here."""
    from obs_lib.pipeline.encoder_names import write_encoder_names
    from obs_lib.pipeline.workspace import open_workspace

    ws = open_workspace(config)
    return write_encoder_names(ws.lake.files, ws.settings.models)
