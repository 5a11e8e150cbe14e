"""Every table of the lake: columns, types, and what each of them holds.

Types are kept to scalars on purpose: what is nested in a log (messages, contexts, tags) is canonical JSON text, so that
every engine reads it alike and a digest of a column means one thing.
"""

from __future__ import annotations

import pyarrow as pa

from obs_lib.lake.table import Column, Table
from obs_lib.log_text import LOG_JSON, LOG_TEXT, NAME, PLAIN, SEGMENT

_TEXT, _FLOAT, _INT, _BOOL, _BYTES = pa.string(), pa.float64(), pa.int64(), pa.bool_(), pa.binary()
_TIME = pa.timestamp("us", tz="UTC")

INTERACTIONS = Table(
    "interactions",
    ("request_id",),
    "ingest",
    (
        Column("request_id", _TEXT, NAME, "request"),
        Column("timestamp", _TIME),
        Column("user_id", _TEXT, NAME, "user"),
        Column("session_id", _TEXT, NAME),
        # Of the trace whose spans are the stages of this interaction; null where nothing is traced.
        Column("trace_id", _TEXT, NAME, "trace"),
        Column("model_version", _TEXT, NAME),
        Column("provider", _TEXT, NAME),
        Column("prompt_id", _TEXT, NAME),
        Column("prompt_version", _TEXT, NAME),
        Column("prompt", _TEXT, LOG_TEXT),  # what the user asked: the text, or the last user message
        Column("messages", _TEXT, LOG_JSON),  # list of {role, content}; null when the log holds plain text
        Column("contexts", _TEXT, LOG_JSON),  # list of {id, text, score}; null when there was no retrieval
        Column("response", _TEXT, LOG_TEXT),
        Column(
            "tools", _TEXT, LOG_JSON
        ),  # list of {name, parameters: JSON schema or null}; null when unknown, [] for none
        # List of {name, arguments: an object, or the text that is none}; null when unknown, [] where the answer calls none.
        Column("tool_calls", _TEXT, LOG_JSON),
        # In which they are written, as keys of `languages.LANGUAGES`; null where that is undetermined, or there is no text.
        Column("prompt_language", _TEXT, PLAIN),
        Column("response_language", _TEXT, PLAIN),
        Column("expected_format", _TEXT, NAME),
        Column("reference", _TEXT, LOG_JSON),  # list of text, each a right answer; null when the log gives none
        Column("input_tokens", _INT),  # cached ones included
        Column("cached_input_tokens", _INT),
        Column("output_tokens", _INT),  # what the model thought included
        Column("reasoning_tokens", _INT),
        Column("ttft_ms", _FLOAT),
        Column("tpot_ms", _FLOAT),
        Column("total_latency_ms", _FLOAT),
        Column("prefill_ms", _FLOAT),
        Column("decode_ms", _FLOAT),
        Column("finish_reason", _TEXT, NAME),
        Column("safety_flags", _TEXT, NAME),  # JSON list of text; null when unknown, [] when none was raised
        Column("quality_score", _FLOAT),
        Column("error", _TEXT, LOG_TEXT),
        Column("error_kind", _TEXT, PLAIN),  # records.ERROR_KINDS; null when the request succeeded
        Column(
            "error_logged", _BOOL
        ),  # whether the log has an error field at all; without it the error rate is NO_DATA
        Column("cost_usd", _FLOAT),
        Column("tags", _TEXT, NAME),  # JSON object, text to text, number or boolean
        Column(
            "repairs", _TEXT, PLAIN
        ),  # JSON list of the rules that repaired this row (sources/repair.py); null: none did
    ),
    retention="rows",
)

SPANS = Table(
    "spans",
    ("trace_id", "span_id"),
    "ingest",
    (
        Column("trace_id", _TEXT, NAME, "trace"),
        Column("span_id", _TEXT, NAME),
        Column("parent_id", _TEXT, NAME),  # null for the root of a trace
        Column(
            "request_id", _TEXT, NAME, "request"
        ),  # the interaction that this is a stage of; null: the trace has none
        Column("stage", _TEXT, PLAIN),  # records.STAGES
        Column("name", _TEXT, LOG_TEXT),
        Column("start", _TIME),
        Column("duration_ms", _FLOAT),
        Column("error", _TEXT, LOG_TEXT),  # null when the stage succeeded
    ),
    retention="rows",
)

LABELS = Table(
    "labels",
    ("request_id", "name", "source"),
    "ingest",
    (
        Column("request_id", _TEXT, NAME, "request"),
        Column("name", _TEXT, NAME),
        Column("source", _TEXT, NAME),  # who says so: "human", "feedback", "evaluation" or a name that the log gives
        Column("value", _FLOAT),  # true is 1, false is 0; null where the verdict is a word
        Column("text", _TEXT, LOG_TEXT),  # the verdict where it is a word; null where it is a number
        # With which the interaction was drawn for labelling, in (0, 1]; null if unknown.
        Column("inclusion_probability", _FLOAT),
    ),
    retention="rows",
)

GPU_SAMPLES = Table(
    "gpu_samples",
    ("at", "host", "gpu"),
    "ingest",
    (
        Column("at", _TIME),
        Column("host", _TEXT, NAME),
        Column("gpu", _TEXT, NAME),  # UUID
        Column("index", _INT),
        Column("name", _TEXT, NAME),  # of the product
        Column("sm_utilization", _FLOAT),  # share in [0, 1]
        Column("sm_source", _TEXT, PLAIN),  # gpm | nvml | dcgm_prof | dcgm: how sm_utilization was measured
        Column("memory_used", _INT),  # bytes
        Column("memory_total", _INT),  # bytes
        Column("power_w", _FLOAT),
        Column("power_limit_w", _FLOAT),
        Column("temperature_c", _FLOAT),
        Column("sm_clock_mhz", _FLOAT),
        Column("memory_clock_mhz", _FLOAT),
        Column("throttle", _TEXT, NAME),  # JSON list of reasons; null when unknown, [] when the clocks were free
        Column("ecc_corrected", _INT),  # since the driver was loaded
        Column("ecc_uncorrected", _INT),
        Column("processes", _TEXT, NAME),  # JSON list of {pid, memory}; null when unknown
    ),
    retention="gpu",
)

QUARANTINE = Table(
    "quarantine",
    ("file", "line"),
    "ingest",
    (
        Column("file", _TEXT, NAME, "any"),
        Column("line", _INT),
        Column("reason", _TEXT, LOG_TEXT),
        Column("excerpt", _TEXT, LOG_TEXT),
    ),
    retention="rows",
)

UNREAD = Table(
    "unread",  # what a day's logs hold beside its interactions that is no fault of a line
    ("kind", "what", "names"),
    "ingest",
    (
        Column("kind", _TEXT, PLAIN),  # passed over: a call that is no chat; half read: a call whose texts are missing
        Column("what", _TEXT, LOG_TEXT),  # the log's word for the call; the dialect of one half read
        Column(
            "names", _TEXT, LOG_JSON
        ),  # JSON list of attributes that were seen and not read; [] for what was passed over
        Column("n", _INT),  # calls
        Column("file", _TEXT, NAME, "any"),  # where the first of them stands
        Column("line", _INT),
    ),
    retention="rows",
)

SCORES = Table(
    "scores",
    ("request_id", "evaluator"),
    "collect",
    (
        Column("request_id", _TEXT, NAME, "request"),
        Column("evaluator", _TEXT, PLAIN),
        Column("version", _TEXT, PLAIN),
        Column("case", _TEXT, NAME),  # hash of the columns that evaluators read; equal cases are scored once
        Column("status", _TEXT, PLAIN),
        Column("value", _FLOAT),
        Column("note", _TEXT, LOG_TEXT),
        Column("evidence", _TEXT, LOG_JSON),
        Column("inclusion_probability", _FLOAT),  # with which this interaction was drawn for scoring, in (0, 1]
        Column(
            "cost_usd", _FLOAT
        ),  # of the case, not of the row: once for all rows of one case; null: nothing was paid
    ),
    retention="rows",
)

EMBEDDINGS = Table(
    "embeddings",
    ("model", "text_hash"),
    "collect",
    (
        Column("model", _TEXT, PLAIN),
        Column("text_hash", _TEXT, NAME),
        Column("vector", _BYTES, LOG_TEXT),  # float16, little endian, length 1
    ),
    retention="rows",
)

ANCHORS = Table(
    "anchors",
    ("evaluator", "anchor"),
    "anchor",
    (
        Column("evaluator", _TEXT, PLAIN),
        Column("anchor", _TEXT, NAME),
        Column("version", _TEXT, PLAIN),
        Column("model", _TEXT, PLAIN),  # the encoder whose vectors the evaluator read; "" where it reads none
        Column("status", _TEXT, PLAIN),
        Column("value", _FLOAT),
        Column("note", _TEXT, LOG_TEXT),
        Column("expected", _BOOL),  # whether a person says that the score should be over 0.5; null where nobody says
    ),
    retention="summaries",
)

METRICS = Table(
    "metrics",
    ("metric", "segment"),
    "summarise",
    (
        Column("metric", _TEXT, PLAIN),
        Column("segment", _TEXT, SEGMENT),
        Column("status", _TEXT, PLAIN),
        Column("value", _FLOAT),
        Column("low", _FLOAT),
        Column("high", _FLOAT),
        Column("std_error", _FLOAT),
        Column("effective_n", _FLOAT),  # null of what is no share
        Column("n", _INT),
        Column("n_skipped", _INT),
        Column("n_failed", _INT),
        Column("note", _TEXT, LOG_TEXT),
    ),
    retention="summaries",
)

SKETCHES = Table(
    "sketches",
    ("kind", "segment", "key"),
    "summarise",
    (
        Column("kind", _TEXT, PLAIN),  # see summaries/sketches.py
        Column("segment", _TEXT, SEGMENT),
        Column("key", _TEXT, LOG_TEXT),
        Column("n", _INT),
        Column("payload", _BYTES, LOG_TEXT),
    ),
    retention="rows",
    row_group=256,  # most rows are vectors, which who reads another kind does without
)

DRIFT = Table(
    "drift",
    ("name", "segment"),
    "compare",
    (
        Column("name", _TEXT, PLAIN),
        Column("segment", _TEXT, SEGMENT),
        Column("verdict", _TEXT, PLAIN),
        Column("statistic", _FLOAT),
        Column("null_mean", _FLOAT),
        Column("null_high", _FLOAT),
        Column("p_value", _FLOAT),
        Column("p_adjusted", _FLOAT),
        Column("level", _FLOAT),  # of the night: the chance of a false alarm among all of its comparisons
        Column("threshold", _FLOAT),  # the smallest effect that counts, in `unit`
        Column("effect", _FLOAT),
        Column("detectable", _FLOAT),  # the smallest effect that this night would have shown with 80%, in `unit`
        Column("nights", _INT),  # how many last nights together are compared
        Column("unit", _TEXT, PLAIN),
        Column("baseline_value", _FLOAT),
        Column("n_baseline", _INT),
        Column("n_current", _INT),
        Column("baseline_days", _TEXT, PLAIN),  # JSON list of days with the digests of their summaries
        Column("note", _TEXT, LOG_TEXT),
    ),
    retention="summaries",
)

EVALUATOR_CHANGES = Table(
    "evaluator_changes",
    ("evaluator",),
    "compare",
    (
        Column("evaluator", _TEXT, PLAIN),
        Column("version", _TEXT, PLAIN),
        Column("verdict", _TEXT, PLAIN),  # drift.evaluator_change.EvaluatorVerdict
        Column("reason", _TEXT, PLAIN),  # version | scores; "" where nothing changed
        Column("away", _TEXT, PLAIN),  # JSON list of the baseline days that are not comparable
        Column("comparable", _INT),  # other baseline days
        Column("anchors", _INT),  # scored on both days
        Column("moved", _INT),  # of these, beyond the band
        Column("largest", _FLOAT),  # difference of a score; null where a score came or went
        Column("worst", _TEXT, NAME),  # the anchor with the largest difference
        Column("before", _TEXT, PLAIN),  # version on the latest day that is not comparable
    ),
    retention="summaries",
)

ALERTS = Table(
    "alerts",
    ("fingerprint",),
    "alert",
    (
        Column("fingerprint", _TEXT, PLAIN),
        Column("kind", _TEXT, PLAIN),
        Column("severity", _TEXT, PLAIN),
        Column("state", _TEXT, PLAIN),
        Column("segment", _TEXT, SEGMENT),  # the first of `place`
        Column("place", _TEXT, LOG_JSON),  # list of segments
        Column("lead", _TEXT, LOG_TEXT),
        Column("title", _TEXT, LOG_TEXT),
        Column("score", _FLOAT),
        Column("why", _TEXT, LOG_TEXT),
        Column("notify", _BOOL),
        Column("first_day", _TEXT, PLAIN),
        Column("last_day", _TEXT, PLAIN),
        Column("closes", _TEXT, PLAIN),  # day; null while there is evidence
        Column("extents", _TEXT, LOG_JSON),  # list
        Column("suspects", _TEXT, LOG_JSON),  # list
        Column("mix", _FLOAT),
        Column("behaviour", _FLOAT),
        Column("evidence", _TEXT, LOG_JSON),  # list
    ),
    retention="summaries",
)

REPORTS = Table(
    "reports",
    ("format",),
    "render",
    (
        Column("format", _TEXT, PLAIN),
        Column("path", _TEXT, PLAIN),
        Column("digest", _TEXT, PLAIN),
        Column("size", _INT),
        Column("provenance", _TEXT, LOG_JSON),
    ),
    retention="summaries",
)

DAYS = Table(
    "days",
    ("step",),
    None,
    (
        Column("step", _TEXT, PLAIN),
        Column("state", _TEXT, PLAIN),
        Column("inputs", _TEXT, PLAIN),  # digest of everything that the step read
        Column("digests", _TEXT, PLAIN),  # JSON object: table -> digest of what the step wrote
        Column("note", _TEXT, LOG_TEXT),
    ),
    retention=None,
)

OPERATIONS = Table(
    "operations",
    ("at", "kind", "subject"),
    None,
    (
        Column("at", _TIME),
        Column("kind", _TEXT, PLAIN),
        Column("subject", _TEXT, LOG_TEXT),
        Column("outcome", _TEXT, PLAIN),
        Column("detail", _TEXT, LOG_TEXT),
    ),
    retention="operations",
)

SETTLED = Table("days_settled", ("step",), None, DAYS.columns, retention=None)
"""The rows of `days` that maintenance has moved together: one file instead of one a day and step. `Lake.records` reads both."""

ERASURES = Table(
    "erasures",  # append only; `day` is the day of the request, not that of the rows
    ("kind", "digest"),
    None,
    (
        Column("kind", _TEXT, PLAIN),  # user | request | trace
        Column("digest", _TEXT, NAME),  # HMAC-SHA-256 of the id under `salt`, 32 hex digits; never the id
        Column("salt", _TEXT, PLAIN),  # hex; drawn at random once a lake
    ),
    retention=None,
)

TABLES: tuple[Table, ...] = (
    INTERACTIONS,
    SPANS,
    LABELS,
    GPU_SAMPLES,
    QUARANTINE,
    UNREAD,
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

NEVER_EMPTY = frozenset({INTERACTIONS, METRICS, REPORTS})
"""Tables that hold rows of every day whose step is READY, unless maintenance has dropped them."""
