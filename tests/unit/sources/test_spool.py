"""The spool gives back what was added last under each key, sorted, whatever the number of buckets it took."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.lake.tables import GPU_SAMPLES, QUARANTINE
from obs_lib.sources import spool
from obs_lib.sources.entries import Entry
from obs_lib.sources.spool import Spool

keys = st.tuples(st.text(st.sampled_from("abé"), max_size=3), st.integers(0, 3))


@given(st.lists(keys, max_size=60), st.integers(1, 7))
def test_every_key_once_the_last_row_of_it_and_in_order(added: list[tuple[str, int]], batch: int) -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(spool, "_ROWS", batch)  # so that few rows make several batches and buckets
        patch.setattr(spool, "_BYTES", 200)
        rows = Spool(QUARANTINE, Path(folder))
        for n, (file, line) in enumerate(added):
            rows.add({"file": file, "line": line, "reason": str(n)}, Entry(file, n, b"raw %d" % n), source=n % 2)
        wanted = {key: n for n, key in enumerate(added)}
        spooled = rows.rows()
        order = sorted(wanted, key=lambda key: (key[0].encode(), key[1]))
        for _ in range(2):  # it can be gone through again
            table = spooled.table()
            assert list(zip(table["file"].to_pylist(), table["line"].to_pylist(), strict=True)) == order
            assert [int(reason) for reason in table["reason"].to_pylist()] == [wanted[key] for key in order]
            assert table["_source"].to_pylist() == [wanted[key] % 2 for key in order]
        assert spooled.count == len(order)
        lost = [number for _, number, _ in rows.replaced()]
        assert lost == [n for n, key in enumerate(added) if wanted[key] != n]


def test_keys_may_be_times_and_nothing_added_gives_no_rows(tmp_path: Path) -> None:
    rows = Spool(GPU_SAMPLES, tmp_path)
    assert rows.rows().table().num_rows == 0
    assert list(rows.replaced()) == []
    (tmp_path / "x").mkdir()
    rows = Spool(GPU_SAMPLES, tmp_path / "x")
    for minute in (5, 1, 5, 3):
        at = dt.datetime(2023, 6, 2, 12, minute, tzinfo=dt.UTC)
        rows.add({"at": at, "host": "h", "gpu": "g", "index": minute}, Entry("f", minute, b""), 1)
    assert rows.rows().table()["index"].to_pylist() == [1, 3, 5]


def test_long_texts_are_written_down_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_BYTES", 10_000)
    rows = Spool(QUARANTINE, tmp_path)
    for n in range(100):
        rows.add({"file": f"{n:03d}", "line": 1, "excerpt": "x" * 1000}, Entry("f", n, b""), 1)
    with pa.OSFile(str(tmp_path / "quarantine.arrow")) as file:
        assert file.size() > 0  # not all of it waits for the end
    assert rows.rows().count == 100
    assert len(list(tmp_path.iterdir())) == 1  # buckets are made when the rows are first asked for
    assert rows.rows().table().num_rows == 100
