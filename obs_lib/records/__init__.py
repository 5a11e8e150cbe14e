"""The nouns, in the order in which they flow through a night: logs, scores, metrics, comparison, incidents.

Only the nouns that travel between stages live here. Rows of tables are columns (`lake/tables.py`), not objects: a day of a
million interactions never becomes a million Python objects.
"""

from __future__ import annotations

from obs_lib.records.comparison import Distance, DriftVerdict, EvaluatorChange, EvaluatorVerdict
from obs_lib.records.exports import OWN_SCORE, SCORE_ID, ComparedNumber, ExportedScore, NightNumbers, is_own_score
from obs_lib.records.incidents import CLOSED, ID_DIGITS, Extent, Incident, IncidentState, Severity, Signal, Suspect
from obs_lib.records.logs import (
    ALL,
    CASE_COLUMNS,
    CLOCK_REASONS,
    ERROR_KINDS,
    OTHER_TOPIC,
    SESSION,
    STAGE_SEGMENTS,
    STAGES,
    THROTTLING,
    TOOL_SEGMENT,
    TOPIC_SEGMENT,
    Day,
    StepState,
    clock_reasons,
)
from obs_lib.records.messages import Message, Notice, Outcome, Responsible
from obs_lib.records.metrics import Metric, MetricStatus, MetricValue
from obs_lib.records.scores import BudgetedEvaluator, Evaluator, ScoreStatus, Vectors

__all__ = [
    "ALL",
    "CASE_COLUMNS",
    "CLOCK_REASONS",
    "CLOSED",
    "ERROR_KINDS",
    "ID_DIGITS",
    "OTHER_TOPIC",
    "OWN_SCORE",
    "SCORE_ID",
    "SESSION",
    "STAGES",
    "STAGE_SEGMENTS",
    "THROTTLING",
    "TOOL_SEGMENT",
    "TOPIC_SEGMENT",
    "BudgetedEvaluator",
    "ComparedNumber",
    "Day",
    "Distance",
    "DriftVerdict",
    "Evaluator",
    "EvaluatorChange",
    "EvaluatorVerdict",
    "ExportedScore",
    "Extent",
    "Incident",
    "IncidentState",
    "Message",
    "Metric",
    "MetricStatus",
    "MetricValue",
    "NightNumbers",
    "Notice",
    "Outcome",
    "Responsible",
    "ScoreStatus",
    "Severity",
    "Signal",
    "StepState",
    "Suspect",
    "Vectors",
    "clock_reasons",
    "is_own_score",
]
