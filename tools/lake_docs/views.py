"""Views over the lake for DuckDB, Trino and Spark.

One text serves all three: a view selects whole rows of the days that may be read, and what is more keeps to plain SQL.
"""

from __future__ import annotations

from lake_docs.dictionary import entries
from obs_lib.lake.table import Table
from obs_lib.lake.tables import DAYS, SETTLED, TABLES

RAW, VIEWS = "lake_raw", "night_watch"
"""Schemas: of the tables as they lie, and of the views that may be asked."""

MADE = "Made by `make docs`; do not edit. What the columns hold: docs/lake.md."

_DAYS = """\
SELECT day, step, state, inputs, digests, note FROM lake_raw.days
UNION ALL
SELECT settled.day, settled.step, settled.state, settled.inputs, settled.digests, settled.note
FROM lake_raw.days_settled AS settled
WHERE NOT EXISTS (
  SELECT 1 FROM lake_raw.days AS newer WHERE newer.day = settled.day AND newer.step = settled.step
)"""

_READABLE = "SELECT day, step FROM night_watch.days WHERE state IN ('READY', 'NO_DATA')"

_SCORED = """\
SELECT
  scored.day, scored.request_id, scored.evaluator, scored.version, scored.status, scored.value,
  1.0 / scored.inclusion_probability AS weight,
  asked.timestamp, asked.user_id, asked.session_id, asked.trace_id, asked.model_version, asked.prompt_version,
  asked.provider, asked.prompt_language, asked.tags
FROM night_watch.scores AS scored
JOIN night_watch.interactions AS asked ON asked.day = scored.day AND asked.request_id = scored.request_id"""

_METRIC_CHANGES = """\
SELECT
  measured.day, measured.metric, measured.segment, measured.value, measured.low, measured.high, measured.n,
  compared.verdict, compared.baseline_value, compared.effect, compared.p_adjusted
FROM night_watch.metrics AS measured
LEFT JOIN night_watch.drift AS compared
  ON compared.day = measured.day AND compared.segment = measured.segment AND compared.name = 'change:' || measured.metric
WHERE measured.status = 'OK'"""

_OPEN_INCIDENTS = """\
SELECT incident.* FROM night_watch.alerts AS incident
WHERE incident.state NOT IN ('RESOLVED', 'ACCEPTED')
  AND incident.day = (SELECT MAX(alerted.day) FROM night_watch.readable AS alerted WHERE alerted.step = 'alert')"""

DERIVED = {
    "scored_interactions": ("a score beside what was asked, without texts", _SCORED),
    "metric_changes": ("a number of a day beside how it stands against its baseline", _METRIC_CHANGES),
    "open_incidents": ("an incident that is open on the newest day that has alerts", _OPEN_INCIDENTS),
}
"""Views that join others: what a row is, and the query."""


def views() -> dict[str, tuple[str, str]]:
    """(what a row is, query) by name, each after those that it reads."""
    said = {table.name: (entry.row, _of_table(table)) for table, entry in entries().items() if table is not SETTLED}
    first = {"days": said.pop("days"), "readable": ("a day whose step may be read", _READABLE)}
    return first | said | DERIVED


def _of_table(table: Table) -> str:
    if table is DAYS:
        return _DAYS
    query = f"SELECT stored.* FROM {RAW}.{table.name} AS stored"
    if table.step is None:
        return query
    return f"{query}\nJOIN {VIEWS}.readable AS done ON done.day = stored.day AND done.step = '{table.step}'"


def scripts() -> dict[str, str]:
    """The script of each engine, by its file's name."""
    return {"duckdb.sql": duckdb(), "trino.sql": trino(), "spark.sql": spark()}


def duckdb() -> str:
    """The script for DuckDB, by its extension `delta`."""
    opening = ["-- SET VARIABLE lake = '/opt/obs/lake';  -- or s3://bucket/lake", "INSTALL delta; LOAD delta;"]
    tables = [
        f"CREATE OR REPLACE VIEW {RAW}.{one.name} AS SELECT * FROM delta_scan(getvariable('lake') || '/{one.name}');"
        for one in TABLES
    ]
    return _script(opening, tables)


def trino() -> str:
    """The script for Trino, by its Delta Lake connector, whose catalog must be the session's."""
    opening = ["-- USE delta.default;  -- the catalog; write the lake's address for <lake>"]
    named = "schema_name => '{0}', table_name => '{1}', table_location => '<lake>/{1}'"
    tables = [f"CALL system.register_table({named.format(RAW, one.name)});" for one in TABLES]
    return _script(opening, tables)


def spark() -> str:
    """The script for Spark SQL with Delta Lake."""
    opening = ["-- SET lake=s3://bucket/lake;"]
    tables = [
        f"CREATE TABLE IF NOT EXISTS {RAW}.{one.name} USING DELTA LOCATION '${{lake}}/{one.name}';" for one in TABLES
    ]
    return _script(opening, tables)


def _script(opening: list[str], tables: list[str]) -> str:
    """The script of an engine. A table that was never written is not there: leave its lines out."""
    parts = [f"-- {MADE}", *opening, *(f"CREATE SCHEMA IF NOT EXISTS {one};" for one in (RAW, VIEWS)), "", *tables]
    for name, (row, query) in views().items():
        parts += ["", f"-- A row is {row}.", f"CREATE OR REPLACE VIEW {VIEWS}.{name} AS", f"{query};"]
    return "\n".join(parts) + "\n"
