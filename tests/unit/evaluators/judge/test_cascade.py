"""Local first, the judge where the local evaluator is unsure: who is asked, what stands, and what is told of both."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from obs_lib.connections import Connection
from obs_lib.errors import ConfigError
from obs_lib.evaluators.judge.asking import Rates
from obs_lib.evaluators.judge.build import build_judges, together
from obs_lib.evaluators.judge.cascade import Cascade
from obs_lib.evaluators.judge.ledger import Ledger
from obs_lib.evaluators.judge.options import JudgeOptions
from obs_lib.evaluators.outcomes import outcomes, scored, skipped
from obs_lib.records import Evaluator
from tests.clients.judge_server import JudgeServer, Reply

COLUMNS = ["prompt", "response", "contexts", "expected_format", "error"]
DAY = dt.date(2024, 3, 1)


class Local:
    """An evaluator whose value stands in the answer itself."""

    name, version, needs, describe = "toxicity", "local-1", frozenset({"response", "error"}), "Reads it off."

    def texts(self, batch: pd.DataFrame) -> list[str]:
        return list(batch["response"])

    def score(self, batch: pd.DataFrame, vectors: Any) -> pd.DataFrame:
        def decide(case: Any, response: str) -> Any:
            value = response.split()[-1]
            return skipped("in no language") if value == "-" else scored(float(value), {"read": value})

        return outcomes(batch, decide)


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    with JudgeServer(lambda number, body: Reply("toxic", "It insults.")) as running:
        yield running


def cascade(server: JudgeServer, folder: Path, **options: Any) -> Cascade:
    given = {"model": "m", "connection": "c", "timeout_s": 2.0, "attempts": 1, "cascade": {}, **options}
    (judge,) = build_judges(
        {"toxicity": JudgeOptions(**given)},
        Ledger(folder / "ledger.sqlite3"),
        lambda _: Connection.from_uri(server.url),
        (str, ""),
        lambda _: Rates(1.0, 0.1, 10.0),
    )
    local: tuple[Evaluator, ...] = (Local(),)
    (made,) = together(local, (judge,))
    assert isinstance(made, Cascade)
    return made


def day_of(*values: object) -> pd.DataFrame:
    rows = [("p", f"Answer {n} {value}", None, None, None) for n, value in enumerate(values)]
    return pd.DataFrame(rows, columns=COLUMNS, dtype=object).assign(case=[f"case-{n}" for n in range(len(rows))])


def test_the_judge_is_asked_where_the_local_evaluator_is_unsure_and_its_value_stands(
    server: JudgeServer, tmp_path: Path
) -> None:
    whole = day_of(0.05, 0.35, 0.6, 0.95, "-")
    made = cascade(server, tmp_path, cascade={"unsure": 0.2, "drawn": 0}).for_day(DAY, whole)
    frame = made.score(whole[COLUMNS], None)  # type: ignore[arg-type]
    assert frame["value"].tolist()[:4] == [0.05, 1.0, 1.0, 0.95]
    assert frame["status"].tolist() == ["SCORED"] * 4 + ["SKIPPED"]
    assert frame["note"].tolist()[-1] == "in no language"
    assert len(server.requests) == 2
    assert frame["cost_usd"].notna().tolist() == [False, True, True, False, False]
    assert json.loads(frame["evidence"][0]) == {"read": "0.05"}
    assert json.loads(frame["evidence"][1]) == {
        "cascade": {"judge": 1.0, "local": 0.35, "share": 1.0},
        "label": "toxic",
        "reason": "It insults.",
    }


def test_some_of_the_sure_are_drawn_whoever_scores_them_and_keep_their_value(
    server: JudgeServer, tmp_path: Path
) -> None:
    whole = day_of(*[0.05] * 200)
    made = cascade(server, tmp_path, cascade={"drawn": 0.1}, concurrency=16).for_day(DAY, whole)
    frame = made.score(whole[COLUMNS], None)  # type: ignore[arg-type]
    assert set(frame["value"]) == {0.05}
    told = [json.loads(text).get("cascade") for text in frame["evidence"]]
    assert [one for one in told if one] == [{"judge": 1.0, "local": 0.05, "share": 0.1}] * len(server.requests)
    assert 8 <= len(server.requests) <= 35
    parts = [made.score(whole[COLUMNS].iloc[start::3], None) for start in (2, 0, 1)]  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(pd.concat(parts).sort_index(), frame)


def test_a_judge_that_is_away_fails_the_unsure_and_leaves_the_sure(server: JudgeServer, tmp_path: Path) -> None:
    server.script = lambda number, body: Reply(status=400)
    whole = day_of(0.5, *[0.05] * 60)
    made = cascade(server, tmp_path, cascade={"drawn": 0.2}).for_day(DAY, whole)
    frame = made.score(whole[COLUMNS], None)  # type: ignore[arg-type]
    assert frame["status"].tolist() == ["FAILED"] + ["SCORED"] * 60
    assert "answers 400" in frame["note"][0]
    assert not frame["evidence"].iloc[1:].str.contains("cascade").any()


def test_anchors_are_drawn_by_nobody_and_versions_know_all_that_decides(server: JudgeServer, tmp_path: Path) -> None:
    whole = day_of(0.05, 0.5)
    cascade(server, tmp_path, cascade={"drawn": 0.99}).for_anchors(DAY).score(whole[COLUMNS], None)  # type: ignore[arg-type]
    assert len(server.requests) == 1
    versions = {
        cascade(server, tmp_path, **options).version
        for options in ({}, {"cascade": {"unsure": 0.1}}, {"cascade": {"drawn": 0.1}}, {"model": "n"})
    }
    assert len(versions) == 4
    assert all("/local-1/" in version for version in versions)
    assert cascade(server, tmp_path).texts(whole) == list(whole["response"])


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("mine", {}),
        ("toxicity", {"budget_calls": 3}),
        ("toxicity", {"budget_usd": 3.0}),
        ("toxicity", {"batch": "openai"}),
    ],
)
def test_what_a_cascade_cannot_do_is_a_wrong_setting(tmp_path: Path, name: str, options: Any) -> None:
    judge = JudgeOptions(rubric="toxicity", model="m", connection="c", cascade={}, **options)
    with pytest.raises(ConfigError, match="a cascade does not fit"):
        build_judges({name: judge}, Ledger(tmp_path), lambda _: Connection(""), (str, ""), lambda _: Rates(1, 1, 1))
