"""The real logs, thinned out: the same digests and bytes whatever the order, the parallelism and the number of shards."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from obs_lib.pipeline.night import fold, run_day, run_days
from obs_lib.pipeline.workspace import Workspace, open_workspace
from tests.real_logs import configure, days_of

pytestmark = [pytest.mark.long, pytest.mark.real, pytest.mark.usefixtures("read_anew")]


def told(ws: Workspace) -> tuple[dict[tuple[str, str], dict[str, str]], dict[str, bytes]]:
    """Everything that must be the same."""
    records = {(str(r.day), r.step): dict(r.digests) for r in ws.lake.records()}
    return records, {path.name: path.read_bytes() for path in (ws.lake.files / "pages").iterdir()}


def thin(source: Path, target: Path, keep: int) -> Path:
    """Every `keep`th line of every day: the same calendar, models and prompts at a fraction of the cost."""
    target.mkdir()
    for file in sorted(source.glob("*.gz")):
        lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
        (target / file.name.removesuffix(".gz")).write_bytes(b"".join(lines[::keep]))
    return target


@pytest.mark.parametrize(("name", "keep"), [("chat", 16), ("rag", 10)])
def test_order_parallelism_and_shards_change_no_digest_and_no_byte(
    real_data: Path, tmp_path: Path, name: str, keep: int
) -> None:
    """Forwards with the fold after each day (1 shard), backwards (7 shards), four days at a time (2 shards)."""
    logs = thin(real_data / "logs" / name, tmp_path / "logs", keep)
    days = days_of(name)
    forwards = open_workspace(configure(tmp_path / "forwards", logs, shards=1, batch_size=16))
    for day in days:
        run_day(forwards, day)
        fold(forwards)
    backwards = open_workspace(configure(tmp_path / "backwards", logs, shards=7, batch_size=16))
    for day in reversed(days):
        run_day(backwards, day)
    fold(backwards)
    config = configure(tmp_path / "four", logs, shards=2, batch_size=16)
    assert [error for _, error in run_days(config, days, jobs=4)] == [None] * len(days)
    four = open_workspace(config)
    fold(four)
    assert told(forwards) == told(backwards) == told(four)
    assert len(told(forwards)[1]) == len(days)
