"""A judge through both batch APIs, against a server that is slow, fails in parts, hangs up and forgets: rows and money."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from obs_lib.connections import Connection
from obs_lib.errors import ConfigError
from obs_lib.evaluators.judge.asking import Rates
from obs_lib.evaluators.judge.build import build_judges
from obs_lib.evaluators.judge.evaluator import Judge, JudgeRuntime
from obs_lib.evaluators.judge.ledger import Ledger
from obs_lib.evaluators.judge.options import JudgeOptions
from obs_lib.evaluators.judge.rubric import load_rubric
from tests.clients.batch_server import BatchServer, Item

KEY = "sk-test-THEKEYTHATMUSTNOTLEAK0123456789"
COLUMNS = ["prompt", "response", "contexts", "expected_format", "error"]
DAY = dt.date(2024, 3, 1)
PRICE = Rates(input=1.0, cached_input=0.1, output=10.0)
HALF = (1000 * 1.0 + 100 * 10.0) / 1e6 / 2
APIS = pytest.mark.parametrize("api", ["openai", "anthropic"])
PENDING = "the judge's batch is pending"


def cases(n: int, start: int = 0) -> pd.DataFrame:
    rows = [(f"Question {i}?", f"Answer number {i}.", None, None, None) for i in range(start, start + n)]
    return pd.DataFrame(rows, columns=COLUMNS, dtype=object).assign(
        case=[f"case-{i:03}" for i in range(start, start + n)]
    )


@dataclass
class Clock:
    """The time of day, so many seconds ahead."""

    ahead: float = 0.0


class Nights:
    """Runs of one day by one judge, each as a process of its own would make it; waits move the clock alone."""

    def __init__(self, server: BatchServer, folder: Path, clock: Clock) -> None:
        self.server, self.path, self.clock = server, folder / "ledger.sqlite3", clock
        self.ledger, self.waited = Ledger(self.path), 0.0

    def judge(self, api: str, **options: Any) -> Judge:
        given = {"rubric": "toxicity", "model": "m", "connection": "judge", "timeout_s": 2.0, "batch": api, **options}
        connection = Connection.from_uri(self.server.url.replace("://", f"://:{KEY}@"))
        runtime = JudgeRuntime(Ledger(self.path), lambda _: connection, str, PRICE, "as it is", self._wait)
        return Judge("toxicity", load_rubric("toxicity"), JudgeOptions(**given), runtime)

    def run(self, api: str, whole: pd.DataFrame, **options: Any) -> pd.DataFrame:
        judge = self.judge(api, **options).for_day(DAY, whole)
        judge.begin_run()
        return judge.score(whole[COLUMNS])

    def _wait(self, seconds: float) -> None:
        self.waited += seconds
        self.clock.ahead += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    now, clock = time.time, Clock()
    monkeypatch.setattr(time, "time", lambda: now() + clock.ahead)
    return clock


@pytest.fixture
def nights(tmp_path: Path, clock: Clock) -> Iterator[Nights]:
    with BatchServer() as server:
        yield Nights(server, tmp_path, clock)


@APIS
def test_a_day_is_one_batch_at_half_the_price_and_leaves_nothing_at_the_server(nights: Nights, api: str) -> None:
    nights.server.script = lambda key, body: Item("toxic" if "number 3" in str(body) else "benign", "It insults.")
    whole = cases(6)
    judge = nights.judge(api).for_day(DAY, whole)
    frame = pd.concat([judge.score(whole[COLUMNS].iloc[:4]), judge.score(whole[COLUMNS].iloc[4:])])
    assert set(frame["status"]) == {"SCORED"}
    assert frame["value"].tolist() == [0, 0, 0, 1, 0, 0]
    assert json.loads(frame["evidence"].iloc[3]) == {"label": "toxic", "reason": "It insults."}
    assert frame["cost_usd"].tolist() == pytest.approx([HALF] * 6)
    assert [len(made.requests) for made in nights.server.batches] == [6]
    assert nights.ledger.spent("toxicity", str(DAY)) == (6, pytest.approx(6 * HALF))
    assert not nights.server.direct
    (made,) = nights.server.batches
    if api == "openai":
        assert set(nights.server.files.values()) == {b""}
        body = next(iter(made.requests.values()))
        assert body["response_format"]["json_schema"]["schema"]["properties"]["label"]["enum"] == ["toxic", "benign"]
    else:
        assert made.deleted
        params = next(iter(made.requests.values()))
        assert params["tool_choice"] == {"type": "tool", "name": "verdict"}
        assert params["system"].startswith("You are a strict")
    assert "50% of its price" in judge.describe


@APIS
def test_what_does_not_come_in_time_is_pending_and_collected_by_a_later_run(nights: Nights, api: str) -> None:
    nights.server.looks = 10_000
    whole = cases(5)
    first = nights.run(api, whole, batch_wait_minutes=30)
    assert set(first["status"]) == {"SKIPPED"}
    assert set(first["note"]) == {PENDING}
    assert 1700 < nights.waited <= 1800
    judge = nights.judge(api).for_day(DAY, whole)
    assert not any(judge.still_valid(first.assign(case=whole["case"])))
    nights.waited = 0
    assert nights.run(api, whole).equals(first)  # looked at once, and not waited for any more
    assert nights.waited == 0
    nights.server.looks = 0
    last = nights.run(api, whole)
    assert set(last["status"]) == {"SCORED"}
    assert len(nights.server.batches) == 1
    assert nights.run(api, whole).equals(last)
    assert nights.run("off", whole).equals(last)  # the same verdicts, however they were asked for


@APIS
def test_verdicts_do_not_depend_on_when_they_come(nights: Nights, tmp_path: Path, api: str) -> None:
    whole = cases(5)
    at_once = nights.run(api, whole)
    with BatchServer(looks=10_000) as slow:
        later = Nights(slow, tmp_path / "later", nights.clock)
        later.run(api, whole, batch_wait_minutes=0)
        slow.looks = 0
        assert later.run(api, whole).equals(at_once)


@APIS
def test_items_that_fail_are_rows_and_are_asked_again_by_the_next_run_alone(nights: Nights, api: str) -> None:
    odd: dict[int, Item] = {
        1: Item(expired=True),
        2: Item(status=500, code="api_error"),
        3: Item(left_out=True),
        4: Item(content="I think it is fine."),
    }

    def script(key: str, body: dict[str, Any]) -> Item:
        number = int(str(body).partition("Answer number ")[2][:1])
        return odd.get(number, Item())

    nights.server.script = script
    whole = cases(6)
    judge = nights.judge(api)
    frame = judge.for_day(DAY, whole).score(whole[COLUMNS])
    assert frame["status"].tolist() == ["SCORED", "FAILED", "FAILED", "FAILED", "FAILED", "SCORED"]
    assert "expired" in frame["note"][1]
    assert "error" in frame["note"][2] or "500" in frame["note"][2]
    assert "left it out" in frame["note"][3]
    assert "not the JSON" in frame["note"][4]
    assert frame["cost_usd"].notna().tolist() == [True, False, False, False, True, True]
    assert nights.ledger.spent("toxicity", str(DAY))[1] == pytest.approx(3 * HALF)
    assert judge.for_day(DAY, whole).score(whole[COLUMNS]).equals(frame)  # of the same run
    assert len(nights.server.batches) == 1
    odd.clear()
    assert set(nights.run(api, whole)["status"]) == {"SCORED"}
    assert [len(made.requests) for made in nights.server.batches] == [6, 4]


@pytest.mark.parametrize(("status", "says"), [("failed", "token_limit_exceeded"), ("expired", "batch_expired")])
def test_a_batch_that_comes_to_nothing_fails_its_rows_and_costs_nothing(nights: Nights, status: str, says: str) -> None:
    nights.server.status, nights.server.script = status, lambda key, body: Item(expired=True)
    frame = nights.run("openai", cases(3), budget_calls=3)
    assert set(frame["status"]) == {"FAILED"}
    assert frame["note"].str.contains(says).all()
    assert nights.ledger.spent("toxicity", str(DAY)) == (0, 0.0)
    nights.server.status, nights.server.script = "completed", lambda key, body: Item()
    assert set(nights.run("openai", cases(3), budget_calls=3)["status"]) == {"SCORED"}


@APIS
def test_a_batch_whose_fate_is_unknown_is_found_again_and_not_paid_twice(nights: Nights, api: str) -> None:
    nights.server.hang_up = True
    whole = cases(4)
    frame = nights.run(api, whole, batch_wait_minutes=1)
    assert set(frame["status"]) == {"SKIPPED"}
    assert len(nights.server.batches) == 1
    nights.server.hang_up = False
    nights.run(api, cases(4, start=50), batch_wait_minutes=0)  # another of the same size
    assert len(nights.server.batches) == 2
    for made in nights.server.batches:
        made.looks = 10
    nights.clock.ahead += 1000
    assert set(nights.run(api, whole)["status"]) == {"SCORED"}
    assert len(nights.server.batches) == 2


@APIS
def test_what_was_claimed_and_never_made_is_asked_again(nights: Nights, api: str) -> None:
    nights.server.hang_up = True
    whole = cases(4)
    nights.run(api, whole, batch_wait_minutes=0)
    nights.server.batches.clear()  # as if it had never come there
    nights.server.hang_up = False
    assert set(nights.run(api, whole, batch_wait_minutes=0)["status"]) == {"SKIPPED"}
    assert nights.server.batches == []  # as long as somebody may be about to send it
    nights.clock.ahead += 1000
    assert set(nights.run(api, whole)["status"]) == {"SCORED"}
    assert nights.ledger.spent("toxicity", str(DAY))[0] == 4


@APIS
@pytest.mark.parametrize("status", [400, 401, 429])
def test_a_refused_batch_is_failed_rows_with_the_reason_and_without_the_key(
    nights: Nights, api: str, status: int
) -> None:
    nights.server.refuse = status
    judge = nights.judge(api)
    frame = judge.for_day(DAY, cases(2)).score(cases(2)[COLUMNS])
    assert set(frame["status"]) == {"FAILED"}
    assert frame["note"].tolist() == [f"the judge's server answers {status} (refused_here)"] * 2
    assert KEY not in frame.to_json()
    assert nights.ledger.spent("toxicity", str(DAY)) == (0, 0.0)
    nights.server.refuse = 0
    assert set(nights.run(api, cases(2))["status"]) == {"SCORED"}


@APIS
def test_a_batch_that_the_server_forgot_stays_counted_and_is_asked_again(nights: Nights, api: str) -> None:
    nights.server.looks = 10_000
    nights.run(api, cases(2), batch_wait_minutes=0)
    spent = nights.ledger.spent("toxicity", str(DAY))
    nights.server.batches[0].deleted = True
    nights.server.looks = 0
    assert set(nights.run(api, cases(2))["status"]) == {"SCORED"}
    calls, usd = nights.ledger.spent("toxicity", str(DAY))
    assert calls == 4
    assert usd == pytest.approx(spent[1] + 2 * HALF)


@APIS
def test_hostile_results_are_read_past(nights: Nights, api: str) -> None:
    nights.server.junk = [
        b"<html>",
        b"[" * 100_000,
        b'{"custom_id": ["x"]}',
        b'{"custom_id": "../../etc", "response": {"status_code": 200, "body": {}}, "result": {"type": "succeeded"}}',
        json.dumps({"custom_id": KEY, "result": 7, "response": 7}).encode(),
        b"\xff\xfe\x00",
    ]
    nights.server.script = lambda key, body: Item("toxic", "<script>alert(1)</script>\ud83d")
    frame = nights.run(api, cases(3))
    assert set(frame["status"]) == {"SCORED"}
    assert json.loads(frame["evidence"][0])["reason"] == "<script>alert(1)</script>?"
    with closing(sqlite3.connect(nights.path)) as base:
        assert base.execute("SELECT COUNT(*) FROM verdicts").fetchone() == (3,)


def test_a_server_that_names_a_batch_by_a_path_is_not_followed(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.clients.batch_server.Made.__init__", _made_with_path)
    frame = nights.run("anthropic", cases(1), batch_wait_minutes=0)
    assert set(frame["status"]) == {"SKIPPED"}
    assert nights.server.calls == ["POST /messages/batches"]


def _made_with_path(self: Any, name: str, requests: Any, created: float, *rest: Any) -> None:
    self.id, self.requests, self.created = "../files/x", requests, created
    self.metadata, self.file, self.looks, self.deleted = {}, "", 0, False


def test_a_field_that_the_server_does_not_know_is_left_out_at_the_second_try(nights: Nights) -> None:
    def script(key: str, body: dict[str, Any]) -> Item:
        return Item(status=400, code="logprobs_unsupported") if "logprobs" in body else Item()

    nights.server.script = script
    frame = nights.run("openai", cases(3), budget_calls=6)
    assert set(frame["status"]) == {"SCORED"}
    assert [len(made.requests) for made in nights.server.batches] == [3, 3]


@APIS
def test_a_budget_in_money_goes_twice_as_far(nights: Nights, api: str) -> None:
    judge = nights.judge("off")
    one = judge._asker.bound(next(iter(nights.judge(api).for_day(DAY, cases(1))._questions.values()))[1])[0]
    money = 5.1 * one
    assert (nights.run(api, cases(20), budget_usd=money)["status"] == "SCORED").sum() == 10
    assert nights.server.asked == 10
    with BatchServer() as other:
        direct = Nights(other, nights.path.parent / "direct", nights.clock)
        assert (direct.run("off", cases(20), budget_usd=money)["status"] == "SCORED").sum() == 5
    assert nights.judge(api, budget_usd=1).version != nights.judge("off", budget_usd=1).version
    assert nights.judge(api).version == nights.judge("off").version


@APIS
def test_shards_share_one_batch_and_one_budget(nights: Nights, api: str) -> None:
    whole = cases(8)
    day = [nights.judge(api, budget_calls=6).for_day(DAY, whole) for _ in range(3)]
    frames = [judge.score(whole[COLUMNS].iloc[n::3]) for n, judge in enumerate(day)]
    assert [len(made.requests) for made in nights.server.batches] == [6]
    frame = pd.concat(frames).sort_index()
    assert frame["status"].tolist() == ["SCORED"] * 6 + ["SKIPPED"] * 2
    assert set(frame["note"][6:]) == {"budget spent"}


@APIS
def test_what_failed_is_asked_once_a_run_however_many_processes_score_it(
    nights: Nights, tmp_path: Path, api: str
) -> None:
    nights.server.script = lambda key, body: Item(content="I would rather not say.")
    for expected in (1, 2):
        nights.judge(api).for_day(DAY, cases(5)).begin_run()  # the plan of a run, of which two shards begin late
        for _ in range(3):
            command = [sys.executable, "-c", SHARD, str(tmp_path), nights.server.url, api]
            assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "{'FAILED'}\n"
        assert len(nights.server.batches) == expected
    assert nights.ledger.spent("toxicity", str(DAY))[0] == 10


def test_the_run_of_another_day_or_a_clock_that_is_behind_asks_nothing_twice(nights: Nights) -> None:
    nights.server.script = lambda key, body: Item(content="I would rather not say.")
    nights.clock.ahead = 3600  # of the machine that plans
    nights.judge("openai").for_day(DAY, cases(2)).begin_run()
    nights.clock.ahead = 0
    for _ in range(2):
        nights.judge("openai").for_day(DAY, cases(2)).score(cases(2)[COLUMNS])
    nights.judge("openai").for_day(dt.date(2024, 3, 2), cases(2)).begin_run()
    nights.judge("openai").for_day(DAY, cases(2)).score(cases(2)[COLUMNS])
    assert len(nights.server.batches) == 1


@APIS
def test_what_is_sent_before_it_is_waited_for_is_sent_once(nights: Nights, api: str) -> None:
    nights.server.looks = 3
    judge = nights.judge(api).for_day(DAY, cases(3))
    judge.send()
    assert (len(nights.server.batches), nights.waited) == (1, 0)
    assert set(judge.score(cases(3)[COLUMNS])["status"]) == {"SCORED"}
    assert len(nights.server.batches) == 1
    nights.judge("off").for_day(DAY, cases(3)).send()
    assert not nights.server.direct


@APIS
def test_a_large_upload_has_longer_than_a_question(nights: Nights, api: str) -> None:
    nights.server.upload_s = 1.0
    whole = cases(30).assign(prompt="word " * 2000)  # 300 kB
    assert set(nights.run(api, whole, timeout_s=0.5)["status"]) == {"SCORED"}
    assert len(nights.server.batches) == 1
    few = nights.run(api, cases(2), timeout_s=0.5, batch_wait_minutes=0)
    assert few["note"].str.contains("timed out after 0.5 s").all()


def killed_once(reached: Callable[[], bool], folder: Path, nights: Nights, api: str) -> None:
    """A process that runs the night and is killed where it has reached something."""
    process = subprocess.Popen([sys.executable, "-c", RUN, str(folder), nights.server.url, api])
    while not reached():
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()


@pytest.mark.server
@APIS
def test_a_process_killed_while_it_uploads_is_made_up_for_by_a_later_one(
    nights: Nights, tmp_path: Path, api: str
) -> None:
    nights.server.upload_s = 60
    killed_once(lambda: bool(nights.server.calls), tmp_path, nights, api)
    nights.server.upload_s = 0
    assert set(nights.run(api, cases(5), batch_wait_minutes=0)["note"]) == {PENDING}
    nights.clock.ahead += 1000
    assert set(nights.run(api, cases(5))["status"]) == {"SCORED"}
    assert len(nights.server.batches) == 1
    assert nights.ledger.spent("toxicity", str(DAY))[0] == 5


def test_a_case_that_is_forgotten_while_its_batch_is_out_is_not_kept(nights: Nights) -> None:
    nights.server.looks = 10_000
    nights.run("openai", cases(3), batch_wait_minutes=0)
    nights.ledger.forget(["case-001"])
    nights.server.looks = 0
    nights.run("openai", cases(1), batch_wait_minutes=0)
    with closing(sqlite3.connect(nights.path)) as base:
        assert base.execute("SELECT name FROM verdicts ORDER BY name").fetchall() == [("case-000",), ("case-002",)]
    assert set(nights.server.files.values()) == {b""}


def test_old_batches_go_with_old_verdicts(nights: Nights) -> None:
    nights.run("openai", cases(2))
    nights.ledger.forget_before("2024-03-02")
    with closing(sqlite3.connect(nights.path)) as base:
        for table in ("batches", "questions", "verdicts"):
            assert base.execute(f"SELECT COUNT(*) FROM {table}").fetchone() == (0,)


def test_anchors_and_questions_by_hand_are_asked_at_once(nights: Nights) -> None:
    nights.judge("openai").for_anchors(DAY).score(cases(2)[COLUMNS])
    nights.judge("openai").ask({"prompt": "Hi", "response": "You fool."})
    assert len(nights.server.direct) == 3
    assert nights.server.batches == []


def test_probabilities_that_a_batch_cannot_bring_are_a_wrong_setting(nights: Nights) -> None:
    options = JudgeOptions(rubric="toxicity", model="m", connection="c", batch="anthropic", probabilities="required")
    with pytest.raises(ConfigError, match="no token probabilities"):
        build_judges({"toxicity": options}, nights.ledger, lambda _: Connection(""), (str, ""), lambda _: None)


RUN = """
import sys
from pathlib import Path
from tests.unit.evaluators.judge.test_batches import Clock, Nights, cases
class Server: url = sys.argv[2]
print(set(Nights(Server, Path(sys.argv[1]), Clock()).run(sys.argv[3], cases(5), batch_wait_minutes=0, timeout_s=30)["status"]))
"""


SHARD = """
import sys
from pathlib import Path
from tests.unit.evaluators.judge.test_batches import COLUMNS, DAY, Clock, Nights, cases
class Server: url = sys.argv[2]
judge = Nights(Server, Path(sys.argv[1]), Clock()).judge(sys.argv[3]).for_day(DAY, cases(5))
print(set(judge.score(cases(5)[COLUMNS])["status"]))
"""


@pytest.mark.server
@APIS
def test_a_process_killed_between_upload_and_record_does_not_pay_twice(
    nights: Nights, tmp_path: Path, api: str
) -> None:
    nights.server.stall_s = 60
    killed_once(lambda: bool(nights.server.batches), tmp_path, nights, api)
    nights.server.stall_s = 0
    assert set(nights.run(api, cases(5), batch_wait_minutes=0)["note"]) == {PENDING}
    nights.clock.ahead += 1000
    nights.server.batches[0].looks = 10
    assert set(nights.run(api, cases(5))["status"]) == {"SCORED"}
    assert len(nights.server.batches) == 1
    assert nights.ledger.spent("toxicity", str(DAY))[0] == 5
