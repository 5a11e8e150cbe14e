"""Was an evaluator trained on a set? What it reaches there says little about other data."""

from __future__ import annotations

from obs_lib.catalogue import score_of
from obs_lib.errors import ConfigError
from obs_lib.evaluators.heads import load_head
from obs_lib.pipeline.workspace import Workspace


def seen_in_training(ws: Workspace, evaluator: str, name: str) -> bool | None:
    """Whether one of the evaluator's heads names this set, or a part of it, among those it was trained on; None without one."""
    declared = score_of(evaluator)
    if declared is None or not declared.heads:
        return None
    try:
        heads = [load_head(head, ws.settings.evaluators.weights) for head in declared.heads]
        sets = [each for head in heads for each in head.trained_on["sets"]]
    except (ConfigError, KeyError):
        return None
    return any(each == name or str(each).startswith(f"{name} ") for each in sets)
