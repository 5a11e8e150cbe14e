"""The metrics that no evaluator gives, known without loading any evaluator."""

from __future__ import annotations

from obs_lib.catalogue.harm import CONFIRMED_HARM
from obs_lib.catalogue.registry import kept
from obs_lib.catalogue.retrieval import RETRIEVAL
from obs_lib.catalogue.system import GROUPS, gpu, stages, system
from obs_lib.records import Metric


@kept(lambda: GROUPS)
def fixed() -> dict[str, Metric]:
    """Those of requests, GPUs, stages, rankings and confirmed harm by name."""
    return {metric.name: metric for metric in (*system(), *gpu(), *stages(), *RETRIEVAL, CONFIRMED_HARM)}
