from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from obs_lib.lake import rows_of
from obs_lib.sources.options import SourceOptions
from obs_lib.sources.reading import fingerprint_day, known_days, read_day
from obs_lib.tables import QUARANTINE

DAY = dt.date(2023, 6, 2)


def folder(root: Path, name: str, *rows: dict[str, object]) -> SourceOptions:
    path = root / name
    path.mkdir()
    lines = [json.dumps({"timestamp": "2023-06-02T12:00:00Z"} | row) for row in rows]
    (path / "2023-06-02.jsonl").write_text("\n".join(lines))
    return SourceOptions(path=str(path))


def test_sources_are_merged_and_the_last_source_wins(tmp_path: Path) -> None:
    one = folder(tmp_path, "one", {"request_id": "a", "error": "x"}, {"request_id": "b"}, {"request_id": ""})
    two = folder(tmp_path, "two", {"request_id": "b", "response": "two"}, {"request_id": "c"})
    read = read_day((one, two), DAY)
    rows = read.interactions.set_index("request_id")
    assert rows["response"].fillna("-").to_dict() == {"a": "-", "b": "two", "c": "-"}
    assert rows["error_logged"].to_dict() == {"a": True, "b": False, "c": False}
    assert read.quarantine[["file", "line", "reason"]].values.tolist() == [
        ["1:(request in another source too)", 1, "request_id comes again later"],
        ["1:2023-06-02.jsonl", 3, "request_id: missing"],
    ]
    assert rows_of(QUARANTINE, DAY, read.quarantine).count == 2
    assert known_days((one, two)) == [DAY]


def test_the_fingerprint_of_a_day_covers_all_sources_and_is_empty_without_a_line(tmp_path: Path) -> None:
    one, two = folder(tmp_path, "one", {"request_id": "a"}), folder(tmp_path, "two", {"request_id": "b"})
    assert fingerprint_day((one, two), DAY) != fingerprint_day((one,), DAY) != ""
    assert fingerprint_day((one, two), dt.date(2020, 1, 1)) == ""


def test_a_single_source_keeps_plain_file_names(tmp_path: Path) -> None:
    one = folder(tmp_path, "one", {"request_id": ""})
    assert read_day((one,), DAY).quarantine["file"].tolist() == ["2023-06-02.jsonl"]
