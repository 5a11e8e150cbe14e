"""A ledger that an earlier release left is gone on with: what was paid for is kept, counted and forgotten as before."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from obs_lib.connections import Connection
from obs_lib.digests import digest_of
from obs_lib.evaluators.judge.build import ledger_of
from obs_lib.evaluators.judge.evaluator import Judge, JudgeRuntime
from obs_lib.evaluators.judge.ledger import Ledger
from obs_lib.evaluators.judge.options import JudgeOptions
from obs_lib.evaluators.judge.prompt import request_body
from obs_lib.evaluators.judge.rubric import load_rubric

SCHEMA_OF_BEFORE = """
CREATE TABLE verdicts (key TEXT PRIMARY KEY, name TEXT NOT NULL, day TEXT NOT NULL, verdict TEXT NOT NULL);
CREATE INDEX verdicts_by_name ON verdicts (name);
CREATE TABLE spent (judge TEXT, day TEXT, calls INTEGER NOT NULL, usd REAL NOT NULL, PRIMARY KEY (judge, day));
CREATE TABLE pace (lane TEXT PRIMARY KEY, free_at REAL NOT NULL);
CREATE TABLE places (id INTEGER PRIMARY KEY, server TEXT NOT NULL, until REAL NOT NULL);
INSERT INTO places (server, until) VALUES ('judge m', 1e12);
INSERT INTO spent VALUES ('toxicity', '2024-03-01', 7, 0.5);
"""
TEXTS = {"prompt": "Hi", "response": "You fool."}
KEY = "562a5a25e54bf1a519edbd9d28d38b65"
"""Under which that release kept the verdict of the toxicity rubric and model m on TEXTS."""
OPTIONS = JudgeOptions(rubric="toxicity", model="m", connection="judge", concurrency=1)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A lake's folder of files as that release left it."""
    (tmp_path / "judges").mkdir()
    verdict = {"label": "toxic", "reason": "an insult", "probabilities": None, "cost_usd": 0.01}
    with closing(sqlite3.connect(tmp_path / "judges" / "desk.sqlite3")) as base, base:
        base.executescript(SCHEMA_OF_BEFORE)
        base.execute("INSERT INTO verdicts VALUES (?, 'case-1', '2024-03-01', ?)", (KEY, json.dumps(verdict)))
    return tmp_path


def test_a_verdict_is_found_under_the_key_of_before() -> None:
    rubric = load_rubric("toxicity")
    body = request_body(rubric, TEXTS, OPTIONS)
    assert digest_of("judge", rubric.digest, list(rubric.labels), body) == KEY


def test_a_kept_verdict_is_not_asked_for_again(files: Path) -> None:
    connection = Connection.from_uri("http://127.0.0.1:9")  # where nobody answers
    runtime = JudgeRuntime(ledger_of(files), lambda _: connection, lambda text: text, None)
    assert Judge("toxicity", load_rubric("toxicity"), OPTIONS, runtime).ask(TEXTS).reason == "an insult"
    assert sorted(path.name for path in (files / "judges").iterdir()) == ["ledger.sqlite3"]


def test_what_was_spent_counts_and_slots_that_were_taken_are_free(files: Path) -> None:
    ledger = ledger_of(files)
    assert ledger.spent("toxicity", "2024-03-01") == (7, 0.5)
    connection = Connection.from_uri("http://127.0.0.1:9")
    judge = Judge("toxicity", load_rubric("toxicity"), OPTIONS, JudgeRuntime(ledger, lambda _: connection, str, None))
    assert isinstance(ledger.reserve(judge.limits(), 0.0, 0), int)


def test_a_case_is_forgotten_in_it_by_a_ledger_that_opened_nothing_before(files: Path) -> None:
    assert ledger_of(files).forget(["case-1", "case-2"]) == 1
    assert b"an insult" not in (files / "judges" / "ledger.sqlite3").read_bytes()


def test_of_many_at_once_each_finds_it(files: Path) -> None:
    ledgers = [ledger_of(files) for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        verdicts = list(pool.map(lambda ledger: ledger.known(KEY), ledgers))
    assert all(verdict is not None and verdict.label == "toxic" for verdict in verdicts)


def test_without_one_nothing_is_made_before_it_is_needed(tmp_path: Path) -> None:
    assert Ledger(tmp_path / "judges" / "ledger.sqlite3").forget(["case-1"]) == 0
    assert not (tmp_path / "judges").exists()
