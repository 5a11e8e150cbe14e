"""Processes of their own: one that is killed has not paid twice when it is run again, two at once keep one budget."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from obs_lib.evaluators.judge.ledger import Ledger
from tests.clients.judge_server import JudgeServer, Reply

SCORE = """
import datetime as dt, sys
from pathlib import Path
import pandas as pd
from obs_lib.connections import Connection
from obs_lib.evaluators.judge.ledger import Ledger
from obs_lib.evaluators.judge.evaluator import Judge, JudgeRuntime
from obs_lib.evaluators.judge.options import JudgeOptions
from obs_lib.evaluators.judge.rubric import load_rubric

folder, url, first, budget = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
options = JudgeOptions(rubric="toxicity", model="m", connection="c", concurrency=4, timeout_s=5, budget_calls=budget)
runtime = JudgeRuntime(Ledger(folder / "ledger.sqlite3"), lambda _: Connection.from_uri(url), str, None)
rows = [("p", f"Answer {n}.", None, None, None) for n in range(40)]
cases = pd.DataFrame(rows, columns=["prompt", "response", "contexts", "expected_format", "error"], dtype=object)
judge = Judge("toxicity", load_rubric("toxicity"), options, runtime)
judge = judge.for_day(dt.date(2024, 3, 1), cases.assign(case=[f"{n:02d}" for n in range(40)]))
print(judge.score(cases.iloc[first:first + 20])["status"].value_counts().to_dict())
"""


def start(folder: Path, server: JudgeServer, first: int, budget: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SCORE, str(folder), server.url, str(first), str(budget)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.server
def test_a_killed_process_has_not_paid_twice(tmp_path: Path) -> None:
    with JudgeServer(lambda number, body: Reply(stall_s=0.1)) as server:
        killed = start(tmp_path, server, 0, 100)
        while len(server.requests) < 9:
            time.sleep(0.01)
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        time.sleep(0.3)
        answered = [request["messages"][1]["content"] for request in server.requests]
        open_then = len(answered) - 4  # those of the four open calls were lost with the process
        out, _ = start(tmp_path, server, 0, 100).communicate(timeout=60)
        assert "'SCORED': 20" in out
        again = [request["messages"][1]["content"] for request in server.requests[len(answered) :]]
        assert len(set(answered) & set(again)) <= 4
        assert len(again) <= 20 - open_then
        calls, _ = Ledger(tmp_path / "ledger.sqlite3").spent("toxicity", "2024-03-01")
        # A call that was reserved and not yet sent when the process died stays reserved: it may have been paid for.
        assert 0 <= calls - len(server.requests) <= 4


@pytest.mark.server
def test_two_processes_keep_one_budget_and_one_number_of_slots(tmp_path: Path) -> None:
    with JudgeServer(lambda number, body: Reply(status=500) if number < 3 else Reply(stall_s=0.05)) as server:
        both = [start(tmp_path, server, first, 25) for first in (0, 20)]
        out = "".join(process.communicate(timeout=120)[0] for process in both)
        assert len(server.requests) == 25
        assert server.most_open <= 4
        assert "SKIPPED" in out
