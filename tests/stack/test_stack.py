"""The stack that people start: nights by themselves, a backfill, services that are lost, down and up again."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from obs_lib.samples.generate import FIRST_DAY, write_samples
from tests.stack.engine import Stack, missing, prepare_images
from tools.embedded_airflow import free_port

pytestmark = [pytest.mark.long, pytest.mark.server]

NOTICED_S = 100
"""A minute without a sign of life, and what it takes to look."""
DAYS = [FIRST_DAY + dt.timedelta(days=n) for n in range(3)]


@pytest.fixture(scope="module")
def stack(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    if lacking := missing():
        pytest.skip(lacking)
    prepare_images()
    stack = Stack(checkout, tmp_path_factory.mktemp("stack"), free_port(8080))
    write_samples(stack.folder / "logs", days=len(DAYS), per_route=60)
    stack.build()
    try:
        yield stack
    finally:
        stack.compose("down", "--volumes", "--timeout", "20")


def backfilled(stack: Stack) -> bool:
    """Whether all nights and the folds after them have ended well; a failed one is none that could still."""
    nights, folds = stack.states("obs_nightly"), stack.states("obs_report")
    ours = [nights.get(str(day)) for day in DAYS]
    if "failed" in (*ours, *folds.values()):
        pytest.fail(f"{nights} {folds}")
    return ours == ["success"] * len(DAYS) and set(folds.values()) == {"success"} and bool(pages(stack))


def pages(stack: Stack) -> list[bytes]:
    """The reports of all days."""
    return [stack.page(day) for day in DAYS]


def test_reports_are_the_same_whatever_is_lost_on_the_way(stack: Stack) -> None:
    stack.up()
    assert not any(dag["is_paused"] for dag in stack.get("dags")["dags"])
    stack.backfill(DAYS[0], DAYS[-1])
    stack.wait(lambda: backfilled(stack))
    undisturbed = pages(stack)
    assert all(str(day).encode() in page for day, page in zip(DAYS, undisturbed, strict=True))

    stack.compose("down", "--timeout", "20")
    stack.up()
    assert pages(stack) == undisturbed

    # Everything anew; a worker is killed in its work, then the database and the broker are restarted.
    stack.compose("down", "--volumes", "--timeout", "20")
    stack.up()
    stack.backfill(DAYS[0], DAYS[-1])
    stack.wait(lambda: any(task["state"] == "running" for task in stack.tasks()))
    stack.compose("kill", "worker")
    killed = time.monotonic()
    stack.compose("up", "--detach", "worker")
    stack.wait(lambda: any(task["state"] == "up_for_retry" or task["try_number"] > 1 for task in stack.tasks()))
    assert time.monotonic() - killed < NOTICED_S
    stack.compose("restart", "postgres", "redis")
    stack.wait(lambda: backfilled(stack))
    assert pages(stack) == undisturbed


def test_a_password_changed_in_the_file_holds_after_the_next_start(stack: Stack) -> None:
    env = stack.folder / ".env"
    env.write_text(env.read_text().replace(stack.secrets["AIRFLOW_ADMIN_PASSWORD"], "another-one"))
    stack.secrets["AIRFLOW_ADMIN_PASSWORD"] = "another-one"
    stack.up()
    assert pages(stack)
