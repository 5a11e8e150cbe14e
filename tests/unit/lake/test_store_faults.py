"""A bucket whose answers are lost: a commit that went through counts once, one that did not is tried again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from obs_lib.connections import Connection
from obs_lib.errors import LakeError
from obs_lib.lake.lake import Lake
from obs_lib.lake.options import LakeOptions
from obs_lib.lake.tables import OPERATIONS, QUARANTINE
from tests.clients import faulty, s3
from tests.clients.s3 import S3

pytestmark = [pytest.mark.server, pytest.mark.slow]
DAY = dt.date(2024, 3, 1)
NO_RETRIES = "&max_retries=0"  # the store's own client would hide the first fault from us


@pytest.fixture(scope="module")
def store() -> Iterator[S3]:
    with s3.serving() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("no_proxy", "127.0.0.1")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        server.make_bucket("bucket")
        yield server


def lake_in(server: S3, name: str, folder: Path, more: str = "") -> Lake:
    options = LakeOptions(root=f"s3://bucket/{name}", files=str(folder), connection="store")
    return Lake(options, lambda _: Connection.from_uri(server.connection + more))


def rejected(*lines: int) -> pd.DataFrame:
    return pd.DataFrame([{"file": "a.jsonl", "line": n, "reason": "not JSON", "excerpt": None} for n in lines])


@pytest.mark.parametrize(
    ("kind", "retries"), [("lost reply", ""), *((kind, NO_RETRIES) for kind in faulty.KINDS)], ids=str
)
def test_commits_that_meet_a_fault_are_made_once(store: S3, tmp_path: Path, kind: str, retries: str) -> None:
    name = f"{kind}{len(retries)}".replace(" ", "-")
    with faulty.serving(store, 7, 0.3, kind, commits_only=True) as server:
        lake = lake_in(server, name, tmp_path, retries)
        for n in range(4):
            lake.log("kind", f"subject {n}", "DONE")
            lake.commit(DAY, "ingest", {QUARANTINE: rejected(n, n + 1)}, inputs=str(n))
    lake, today = lake_in(store, name, tmp_path), dt.datetime.now(dt.UTC).date()
    subjects = sorted(lake.read(OPERATIONS, [today - dt.timedelta(days=1), today])["subject"])
    assert subjects == [f"subject {n}" for n in range(4)]
    assert list(lake.read_ready(QUARANTINE, DAY)["line"]) == [3, 4]


def test_a_store_that_never_answers_is_told_on_one_line(store: S3, tmp_path: Path) -> None:
    with faulty.serving(store, 7, 1.0, "reset") as server:
        lake = lake_in(server, "never", tmp_path, NO_RETRIES)
        with pytest.raises(LakeError) as caught:
            lake.log("kind", "subject", "DONE")
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert s3.SECRET not in str(caught.value)
