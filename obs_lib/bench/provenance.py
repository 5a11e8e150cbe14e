"""Was an evaluator trained on a set? What it reaches there says little about other data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from obs_lib.errors import ConfigError
from obs_lib.evaluators.heads import load_head

if TYPE_CHECKING:
    from obs_lib.pipeline.workspace import Workspace


def seen_in_training(ws: Workspace, evaluator: str, name: str) -> bool | None:
    """Whether the evaluator's head names this set, or a part of it, among those it was trained on; None without a head."""
    try:
        sets = load_head(evaluator, ws.settings.evaluators.weights).trained_on["sets"]
    except (ConfigError, KeyError):
        return None
    return any(each == name or str(each).startswith(f"{name} ") for each in sets)
