"""The metrics that no evaluator gives, known without loading any."""

from __future__ import annotations

from obs_lib.catalogue.gpu import GPU
from obs_lib.catalogue.retrieval import RETRIEVAL
from obs_lib.catalogue.stages import STAGE_METRICS
from obs_lib.catalogue.system import SYSTEM
from obs_lib.records import Metric

FIXED: dict[str, Metric] = {metric.name: metric for metric in (*SYSTEM, *GPU, *STAGE_METRICS, *RETRIEVAL)}
