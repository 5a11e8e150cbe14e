"""A dbt package with the views as models, and the tables as they lie as its source `lake`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from lake_docs.dictionary import entries
from lake_docs.views import MADE, RAW, VIEWS, views
from obs_lib.lake.tables import SETTLED, TABLES


def package() -> dict[str, str]:
    """The files of the dbt package, by path."""
    project = {
        "name": VIEWS,
        "version": "1.0.0",
        "config-version": 2,
        "require-dbt-version": ">=1.8.0",
        "model-paths": ["models"],
        "models": {VIEWS: {"+materialized": "view"}},
        "vars": {"night_watch_lake_schema": RAW},
    }
    made = {
        "dbt_project.yml": _yaml(project),
        "models/sources.yml": _yaml(_sources()),
        "models/schema.yml": _yaml(_models()),
    }
    for name, (row, query) in views().items():
        made[f"models/{name}.sql"] = f"{{# A row is {row}. {MADE} #}}\n{_in_jinja(query)}\n"
    return made


def _sources() -> dict[str, Any]:
    listed = [
        {"name": table.name, "description": f"A row is {entry.row}.", "columns": _columns(entry.columns)}
        for table, entry in entries().items()
    ]
    schema = "{{ var('night_watch_lake_schema', '" + RAW + "') }}"
    return {"version": 2, "sources": [{"name": "lake", "schema": schema, "tables": listed}]}


def _models() -> dict[str, Any]:
    keys = {table.name: ("day", *table.key) for table in TABLES if table is not SETTLED}
    listed = [
        {
            "name": name,
            "description": f"A row is {row}.",
            "columns": [_tested(key) for key in keys.get(name, ("day",))],
        }
        for name, (row, _) in views().items()
    ]
    return {"version": 2, "models": listed}


def _tested(key: str) -> dict[str, Any]:
    """A column of a key. Quoted: `at` is a word of DuckDB's, and others are of other engines'."""
    return {"name": key, "quote": True, "data_tests": ["not_null"]}


def _columns(said: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": "day", "description": "calendar day in UTC, as ISO text; the partition"}] + [
        {"name": name, "description": text} for name, text in said.items()
    ]


def _in_jinja(query: str) -> str:
    """The query with dbt's names of sources and models in the place of schemas."""
    names = [table.name for table in TABLES]
    for name in sorted({*names, *views()}, key=len, reverse=True):
        for end in (" ", "\n"):
            query = query.replace(f"{RAW}.{name}{end}", "{{ source('lake', '" + name + "') }}" + end)
            query = query.replace(f"{VIEWS}.{name}{end}", "{{ ref('" + name + "') }}" + end)
    return query


def _yaml(value: object) -> str:
    return f"# {MADE}\n{yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=128)}"
