"""Columns, types and schema version of every table of the lake.

Types are kept to scalars on purpose: what is nested in a log (messages, contexts, tags) is canonical JSON text, so that
every engine reads it alike and a digest of a column means one thing.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

SCHEMA_VERSION = 4

_TEXT, _FLOAT, _INT, _BOOL = pa.string(), pa.float64(), pa.int64(), pa.bool_()
_TIME = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True, eq=False)  # each is the only one of its kind, and a key of many mappings
class Table:
    """One table. `day` (date as ISO text, UTC) is its first column and its partition.

    key : the columns that identify a row within a day; rows are sorted by them before a digest is taken.
    step : the step that replaces this table's day; None for append-only tables.
    """

    name: str
    key: tuple[str, ...]
    step: str | None
    columns: tuple[tuple[str, pa.DataType], ...]

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([("day", _TEXT), *self.columns])


INTERACTIONS = Table(
    "interactions",
    ("request_id",),
    "ingest",
    (
        ("request_id", _TEXT),
        ("timestamp", _TIME),
        ("user_id", _TEXT),
        ("session_id", _TEXT),
        (
            "trace_id",
            _TEXT,
        ),  # of the trace whose spans are the stages of this interaction; null where nothing is traced
        ("model_version", _TEXT),
        ("provider", _TEXT),
        ("prompt_id", _TEXT),
        ("prompt_version", _TEXT),
        ("prompt", _TEXT),  # what the user asked: the text, or the last user message
        ("messages", _TEXT),  # JSON list of {role, content}; null when the log holds plain text
        ("contexts", _TEXT),  # JSON list of {id, text, score}; null when there was no retrieval
        ("response", _TEXT),
        ("expected_format", _TEXT),
        ("reference", _TEXT),  # JSON list of text, each a right answer; null when the log gives none
        ("input_tokens", _INT),  # cached ones included
        ("cached_input_tokens", _INT),
        ("output_tokens", _INT),
        ("ttft_ms", _FLOAT),
        ("tpot_ms", _FLOAT),
        ("total_latency_ms", _FLOAT),
        ("prefill_ms", _FLOAT),
        ("decode_ms", _FLOAT),
        ("finish_reason", _TEXT),
        ("safety_flags", _TEXT),  # JSON list of text; null when unknown, [] when none was raised
        ("quality_score", _FLOAT),
        ("error", _TEXT),
        ("error_kind", _TEXT),  # records.ERROR_KINDS; null when the request succeeded
        ("error_logged", _BOOL),  # whether the log has an error field at all; without it the error rate is NO_DATA
        ("cost_usd", _FLOAT),
        ("tags", _TEXT),  # JSON object, text to text, number or boolean
        ("repairs", _TEXT),  # JSON list of the rules that mended this row (sources/repair.py); null where none did
    ),
)

SPANS = Table(
    "spans",
    ("trace_id", "span_id"),
    "ingest",
    (
        ("trace_id", _TEXT),
        ("span_id", _TEXT),
        ("parent_id", _TEXT),  # null for the root of a trace
        ("request_id", _TEXT),  # the interaction that this is a stage of; null where the trace holds none
        ("stage", _TEXT),  # records.STAGES
        ("name", _TEXT),
        ("start", _TIME),
        ("duration_ms", _FLOAT),
        ("error", _TEXT),  # null when the stage succeeded
    ),
)

LABELS = Table(
    "labels",
    ("request_id", "name", "source"),
    "ingest",
    (
        ("request_id", _TEXT),
        ("name", _TEXT),
        ("source", _TEXT),  # who says so: "human", "feedback", "evaluation" or a name that the log gives
        ("value", _FLOAT),  # true is 1, false is 0; null where the verdict is a word
        ("text", _TEXT),  # the verdict where it is a word; null where it is a number
        (
            "inclusion_probability",
            _FLOAT,
        ),  # probability in (0, 1] with which the interaction was drawn for labelling; null if unknown
    ),
)

GPU_SAMPLES = Table(
    "gpu_samples",
    ("at", "host", "gpu"),
    "ingest",
    (
        ("at", _TIME),
        ("host", _TEXT),
        ("gpu", _TEXT),  # UUID
        ("index", _INT),
        ("name", _TEXT),
        ("sm_utilization", _FLOAT),  # share in [0, 1]
        ("sm_source", _TEXT),  # gpm | nvml | dcgm_prof | dcgm: how sm_utilization was measured
        ("memory_used", _INT),  # bytes
        ("memory_total", _INT),  # bytes
        ("power_w", _FLOAT),
        ("power_limit_w", _FLOAT),
        ("temperature_c", _FLOAT),
        ("sm_clock_mhz", _FLOAT),
        ("memory_clock_mhz", _FLOAT),
        ("throttle", _TEXT),  # JSON list of reasons; null when unknown, [] when the clocks were free
        ("ecc_corrected", _INT),  # since the driver was loaded
        ("ecc_uncorrected", _INT),
        ("processes", _TEXT),  # JSON list of {pid, memory}; null when unknown
    ),
)

QUARANTINE = Table(
    "quarantine",
    ("file", "line"),
    "ingest",
    (("file", _TEXT), ("line", _INT), ("reason", _TEXT), ("excerpt", _TEXT)),
)

SCORES = Table(
    "scores",
    ("request_id", "evaluator"),
    "collect",
    (
        ("request_id", _TEXT),
        ("evaluator", _TEXT),
        ("version", _TEXT),
        ("case", _TEXT),  # hash of the columns that evaluators read; equal cases are scored once
        ("status", _TEXT),
        ("value", _FLOAT),
        ("note", _TEXT),
        ("evidence", _TEXT),  # JSON
        ("inclusion_probability", _FLOAT),  # probability in (0, 1] with which this interaction was drawn for scoring
        ("cost_usd", _FLOAT),  # of the case, not of the row: once for all rows of one case; null where nothing was paid
    ),
)

EMBEDDINGS = Table(
    "embeddings",
    ("model", "text_hash"),
    "collect",
    (("model", _TEXT), ("text_hash", _TEXT), ("vector", pa.binary())),  # float16, little endian, length 1
)

ANCHORS = Table(
    "anchors",
    ("evaluator", "anchor"),
    "anchor",
    (
        ("evaluator", _TEXT),
        ("anchor", _TEXT),
        ("version", _TEXT),
        ("model", _TEXT),  # the encoder whose vectors the evaluator read; "" where it reads none
        ("status", _TEXT),
        ("value", _FLOAT),
        ("note", _TEXT),
        ("expected", _BOOL),  # whether a person says that the score should be over 0.5; null where nobody says
    ),
)

METRICS = Table(
    "metrics",
    ("metric", "segment"),
    "summarise",
    (
        ("metric", _TEXT),
        ("segment", _TEXT),
        ("status", _TEXT),
        ("value", _FLOAT),
        ("low", _FLOAT),
        ("high", _FLOAT),
        ("std_error", _FLOAT),
        ("n", _INT),
        ("n_skipped", _INT),
        ("n_failed", _INT),
        ("note", _TEXT),
    ),
)

SKETCHES = Table(
    "sketches",
    ("kind", "segment", "key"),
    "summarise",
    (
        ("kind", _TEXT),  # see summaries/sketches.py
        ("segment", _TEXT),
        ("key", _TEXT),
        ("n", _INT),
        ("payload", pa.binary()),
    ),
)

DRIFT = Table(
    "drift",
    ("name", "segment"),
    "compare",
    (
        ("name", _TEXT),
        ("segment", _TEXT),
        ("verdict", _TEXT),
        ("statistic", _FLOAT),
        ("null_mean", _FLOAT),
        ("null_high", _FLOAT),
        ("p_value", _FLOAT),
        ("p_adjusted", _FLOAT),
        ("threshold", _FLOAT),  # the smallest effect that counts, in `unit`
        ("effect", _FLOAT),
        ("unit", _TEXT),
        ("baseline_value", _FLOAT),
        ("n_baseline", _INT),
        ("n_current", _INT),
        ("baseline_days", _TEXT),  # JSON list of days with the digests of their summaries
        ("note", _TEXT),
    ),
)

EVALUATOR_CHANGES = Table(
    "evaluator_changes",
    ("evaluator",),
    "compare",
    (
        ("evaluator", _TEXT),
        ("version", _TEXT),
        ("verdict", _TEXT),  # drift.evaluator_change.EvaluatorVerdict
        ("reason", _TEXT),  # version | scores; "" where nothing changed
        ("away", _TEXT),  # JSON list of the baseline days that are not comparable
        ("comparable", _INT),  # other baseline days
        ("anchors", _INT),  # scored on both days
        ("moved", _INT),  # of these, beyond the band
        ("largest", _FLOAT),  # difference of a score; null where a score came or went
        ("worst", _TEXT),  # the anchor with the largest difference
        ("before", _TEXT),  # version on the latest day that is not comparable
    ),
)

ALERTS = Table(
    "alerts",
    ("fingerprint",),
    "alert",
    (
        ("fingerprint", _TEXT),
        ("kind", _TEXT),
        ("severity", _TEXT),
        ("state", _TEXT),
        ("segment", _TEXT),
        ("title", _TEXT),
        ("score", _FLOAT),
        ("notify", _BOOL),
        ("first_day", _TEXT),
        ("last_day", _TEXT),
        ("evidence", _TEXT),  # JSON list
    ),
)

REPORTS = Table(
    "reports",
    ("format",),
    "render",
    (("format", _TEXT), ("path", _TEXT), ("digest", _TEXT), ("size", _INT), ("provenance", _TEXT)),
)

DAYS = Table(
    "days",
    ("step",),
    None,
    (
        ("step", _TEXT),
        ("state", _TEXT),
        ("inputs", _TEXT),  # digest of everything that the step read
        ("digests", _TEXT),  # JSON object: table -> digest of what the step wrote
        ("note", _TEXT),
    ),
)

OPERATIONS = Table(
    "operations",
    ("at", "kind", "subject"),
    None,
    (("at", _TIME), ("kind", _TEXT), ("subject", _TEXT), ("outcome", _TEXT), ("detail", _TEXT)),
)

SETTLED = Table("days_settled", ("step",), None, DAYS.columns)
"""The rows of `days` that maintenance has moved together: one file instead of one a day and step. `Lake.records` reads both."""

ERASURES = Table(
    "erasures",  # append only; `day` is the day of the request, not that of the rows
    ("kind", "digest"),
    None,
    (
        ("kind", _TEXT),  # user | request | trace
        ("digest", _TEXT),  # HMAC-SHA-256 of the id under `salt`, 32 hex digits; never the id
        ("salt", _TEXT),  # hex; drawn at random once a lake
    ),
)

TABLES: tuple[Table, ...] = (
    INTERACTIONS,
    SPANS,
    LABELS,
    GPU_SAMPLES,
    QUARANTINE,
    SCORES,
    EMBEDDINGS,
    ANCHORS,
    METRICS,
    SKETCHES,
    DRIFT,
    EVALUATOR_CHANGES,
    ALERTS,
    REPORTS,
    DAYS,
    SETTLED,
    OPERATIONS,
    ERASURES,
)
