"""What readers of the lake are given says what the code declares, in words that each engine understands, and reads right."""

from __future__ import annotations

import datetime as dt
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pandas as pd
import pytest
import sqlglot
import yaml
from sqlglot import exp

from obs_lib.lake.lake import Lake
from obs_lib.lake.options import LakeOptions
from obs_lib.lake.table import Table
from obs_lib.lake.tables import ALERTS, DRIFT, INTERACTIONS, METRICS, SCORES, TABLES
from obs_lib.records import StepState

DAYS = [dt.date(2024, 3, 1) + dt.timedelta(days=n) for n in range(4)]
ENGINES = {"duckdb.sql": "duckdb", "trino.sql": "trino", "spark.sql": "spark"}
TAKEN = {"source": "lake_raw", "ref": "night_watch"}


@pytest.fixture(scope="module")
def made(checkout: Path) -> Iterator[ModuleType]:
    """The command that writes them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(checkout / "tools")
        yield importlib.import_module("lake_tables")


@pytest.fixture(scope="module")
def queries(made: ModuleType) -> dict[str, str]:
    """Query of each view."""
    return {name: query for name, (_, query) in made.views.views().items()}


def test_the_files_are_those_of_the_code(made: ModuleType) -> None:
    files = made.files()
    stale = [str(path) for path, text in files.items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run `make docs`"
    lying = {path for path in made.SQL.rglob("*") if path.is_file()}
    assert lying == {path for path in files if made.SQL in path.parents}


def test_a_column_that_nobody_describes_is_refused(made: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made.dictionary, "TABLES", (*TABLES, Table("new", ("a",), None, (), None)))
    with pytest.raises(SystemExit, match=r"dictionary\.yml does not say .* \['new'\]"):
        made.dictionary.entries()


@pytest.mark.parametrize(("name", "dialect"), ENGINES.items())
def test_an_engine_s_script_makes_every_table_and_view_in_its_own_dialect(
    made: ModuleType, queries: dict[str, str], name: str, dialect: str
) -> None:
    text = made.views.scripts()[name].replace("${lake}", "lake").replace("INSTALL delta; LOAD delta;", "")
    statements = [one for one in sqlglot.parse(text, dialect=dialect) if one is not None]
    assert not any(isinstance(one, exp.Command) for one in statements if "register_table" not in one.sql())
    views = [one.this for one in statements if isinstance(one, exp.Create) and one.kind == "VIEW"]
    assert [one.name for one in views if one.db == "night_watch"] == list(queries)
    for table in TABLES:
        assert re.search(rf"\b{table.name}\b", text)


def test_a_view_reads_nothing_that_is_not_made_before_it(queries: dict[str, str]) -> None:
    there = {("lake_raw", table.name) for table in TABLES}
    for name, query in queries.items():
        used = {(table.db, table.name) for table in sqlglot.parse_one(query, dialect="duckdb").find_all(exp.Table)}
        assert used <= there, name
        there.add(("night_watch", name))


def test_a_dbt_model_is_the_view_and_names_sources_and_models_that_exist(
    checkout: Path, queries: dict[str, str]
) -> None:
    folder = checkout / "sql" / "dbt"
    project, sources, schema = (
        yaml.safe_load((folder / name).read_text(encoding="utf-8"))
        for name in ("dbt_project.yml", "models/sources.yml", "models/schema.yml")
    )
    assert (project["name"], project["model-paths"]) == ("night_watch", ["models"])
    (source,) = sources["sources"]
    columns = {table["name"]: [column["name"] for column in table["columns"]] for table in source["tables"]}
    assert columns == {table.name: table.schema.names for table in TABLES}
    assert all(column["description"] for table in source["tables"] for column in table["columns"])
    assert [model["name"] for model in schema["models"]] == list(queries)
    assert all(
        column["quote"] for model in schema["models"] for column in model["columns"]
    )  # `at` is a word of DuckDB's
    assert {path.stem for path in (folder / "models").glob("*.sql")} == set(queries)
    for name, query in queries.items():
        text = (folder / "models" / f"{name}.sql").read_text(encoding="utf-8")
        text = re.sub(r"\{#.*?#\}\n", "", text)
        assert "lake_raw." not in text  # the schema is the project's to name
        text = re.sub(r"\{\{ source\('lake', '(\w+)'\) \}\}", r"lake_raw.\1", text)
        assert re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"night_watch.\1", text) == query + "\n"


# -- on a lake -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Two whole days, one whose scores are being written, and one that failed before them."""
    lake = Lake(LakeOptions(root=str(tmp_path_factory.mktemp("lake"))))
    for day in DAYS:
        asked = [
            {"request_id": f"{day}-{n}", "timestamp": pd.Timestamp(day, tz="UTC"), "prompt": "?"} for n in range(4)
        ]
        lake.commit(day, "ingest", {INTERACTIONS: frame(INTERACTIONS, asked)}, inputs="i")
        scored = {"evaluator": "refusal", "status": "SCORED", "inclusion_probability": 0.5}
        scores = [{**scored, "request_id": f"{day}-{n}", "value": n / 4} for n in range(4)]
        if day == DAYS[3]:
            lake.fail(day, "collect", ValueError("no"))
            continue
        lake.commit(day, "collect", {SCORES: frame(SCORES, scores)}, inputs="i")
        numbers = [{"metric": "refusal_rate", "segment": "all", "status": "OK", "value": 0.25, "n": 4}]
        numbers.append({"metric": "capacity_use", "segment": "all", "status": "NO_DATA", "n": 0})
        lake.commit(day, "summarise", {METRICS: frame(METRICS, numbers)}, inputs="i")
        compared = [
            {"name": "change:refusal_rate", "segment": "all", "verdict": "DRIFTED", "effect": 0.2, "unit": "share"}
        ]
        lake.commit(day, "compare", {DRIFT: frame(DRIFT, compared)}, inputs="i")
        incidents = [
            {"fingerprint": f"{n:032x}", "severity": "P1", "state": state, "first_day": str(day)}
            for n, state in enumerate(("NEW", "RESOLVED"))
        ]
        lake.commit(day, "alert", {ALERTS: frame(ALERTS, incidents)}, inputs="i")
    lake.commit(DAYS[2], "collect", {}, inputs="i", state=StepState.WRITING)
    return lake


def frame(table: Table, rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame([{name: row.get(name) for name in table.names} for row in rows], columns=list(table.names))


@pytest.fixture
def asking(lake: Lake, made: ModuleType) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with the script's views over the lake's tables, which Arrow reads: the extension would have to be downloaded."""
    with duckdb.connect() as connection:
        for one in made.views.duckdb().split(";\n"):
            if match := re.search(r"VIEW lake_raw\.(\w+) AS SELECT \* FROM delta_scan", one):
                table = next(table for table in TABLES if table.name == match[1])
                connection.register("rows_now", lake.rows(table, None))
                connection.execute(f"CREATE TABLE lake_raw.{table.name} AS SELECT * FROM rows_now")
            elif "INSTALL" not in one:
                connection.execute(one)
        yield connection


def test_every_view_answers_with_the_columns_of_its_table(asking: duckdb.DuckDBPyConnection) -> None:
    for table in TABLES:
        if table.name != "days_settled":
            asked = asking.execute(f"SELECT * FROM night_watch.{table.name} LIMIT 0").description
            assert [column[0] for column in asked] == table.schema.names


def test_a_day_counts_where_its_step_is_done(asking: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    def days(table: str) -> list[str]:
        return [
            row[0] for row in asking.execute(f"SELECT DISTINCT day FROM night_watch.{table} ORDER BY day").fetchall()
        ]

    assert days("interactions") == [str(day) for day in DAYS]
    assert days("scores") == [str(day) for day in DAYS[:2]]
    assert (
        len(lake.read(SCORES, DAYS)) == asking.execute("SELECT count(*) FROM night_watch.scores").fetchall()[0][0] == 8
    )


def test_steps_that_maintenance_has_moved_together_count_until_days_says_otherwise(
    asking: duckdb.DuckDBPyConnection,
) -> None:
    before = asking.execute("SELECT * FROM night_watch.days ORDER BY day, step").fetchall()
    asking.execute("INSERT INTO lake_raw.days_settled SELECT * FROM lake_raw.days WHERE step = 'collect'")
    assert asking.execute("SELECT * FROM night_watch.days ORDER BY day, step").fetchall() == before
    asking.execute("DELETE FROM lake_raw.days WHERE step = 'collect'")
    assert asking.execute("SELECT * FROM night_watch.days ORDER BY day, step").fetchall() == before


def test_scores_stand_beside_what_was_asked_and_weigh_one_over_their_chance(asking: duckdb.DuckDBPyConnection) -> None:
    rows = asking.execute(
        "SELECT evaluator, sum(weight), sum(weight * value) / sum(weight) FROM night_watch.scored_interactions GROUP BY 1"
    ).fetchall()
    assert rows == [("refusal", 16.0, 0.375)]


def test_a_metric_stands_beside_its_comparison_and_incidents_are_those_of_the_newest_day(
    asking: duckdb.DuckDBPyConnection,
) -> None:
    changes = asking.execute("SELECT day, metric, value, verdict, effect FROM night_watch.metric_changes ORDER BY day")
    assert changes.fetchall()[0] == (str(DAYS[0]), "refusal_rate", 0.25, "DRIFTED", 0.2)
    incidents = asking.execute("SELECT day, state FROM night_watch.open_incidents").fetchall()
    assert incidents == [(str(DAYS[2]), "NEW")]
