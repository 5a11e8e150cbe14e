"""What tests of erasure and maintenance share: two worlds that differ by one person, and all that a folder's bytes say."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml

from obs_lib.pipeline.night import fold, run_day
from obs_lib.pipeline.workspace import Workspace, open_workspace
from tests.encoder import FEW_TEXTS

DAYS = [dt.date(2024, 3, 1) + dt.timedelta(days=n) for n in range(5)]
PERSON = "ada.lovelace@example.org"
MARK = "zyxomma"  # a word of the person's prompts that stands nowhere else
ANSWER = "quagga"  # and one of the answers to them


def workspace(folder: Path, logs: Path, **sections: object) -> Workspace:
    folder.mkdir(parents=True, exist_ok=True)
    native = {"format": "native", "path": str(logs)}
    settings = {"lake": {"root": "lake"}, "sources": [native], "models": FEW_TEXTS, **sections}
    (folder / "obs.yaml").write_text(yaml.safe_dump(settings))
    return open_workspace(folder / "obs.yaml")


def persons_lines(day: dt.date) -> list[dict[str, Any]]:
    """Three requests, one of them logged twice; the last one shares its texts with nobody."""
    return [
        {
            "request_id": f"ada-{day}-{n}",
            "timestamp": f"{day}T0{n}:00:00Z",
            "user_id": PERSON,
            "prompt": f"Is a {MARK} faster than bike {n}?",
            "response": f"A {ANSWER} is not a bicycle, {day}." if n > 1 else "I cannot help with that.",
            "tags": {"route": "support"},
            "total_latency_ms": 100.0 * n,
            "output_tokens": 9,
        }
        for n in (1, 2, 2, 3)
    ]


def add_person(logs: Path, folder: Path) -> Path:
    """A copy of the logs in which the person asks on the first and the third day."""
    shutil.copytree(logs, folder)
    for day in (DAYS[0], DAYS[2]):
        file = next(folder.glob(f"{day}*"))
        with gzip.open(file, "at", encoding="utf-8") as end:
            end.writelines(json.dumps(row) + "\n" for row in persons_lines(day))
    return folder


def run(ws: Workspace, days: list[dt.date]) -> Workspace:
    for day in days:
        run_day(ws, day)
    fold(ws)
    return ws


def digests(ws: Workspace) -> dict[tuple[str, str], dict[str, str]]:
    """What every step of the night wrote, by day."""
    return {(str(r.day), r.step): dict(r.digests) for r in ws.lake.records() if r.step not in ("forget", "drop")}


def pages(ws: Workspace) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (ws.lake.files / "pages").glob("*.html")}


def files_saying(folder: Path, *words: str) -> set[str]:
    """The files in a folder that say one of the words, in their name, their bytes, or any value of a Parquet file."""
    saying = set()
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if path.is_file() and any(word in part for part in (name, *_texts(path)) for word in words):
            saying.add(name)
    return saying


def _texts(path: Path) -> Iterator[str]:
    yield path.read_bytes().decode("latin-1")
    if path.suffix == ".parquet":
        file = pq.ParquetFile(path)
        yield str(file.metadata.to_dict())
        for row in file.read().to_pylist():
            yield repr(row)
            for value in row.values():
                if isinstance(value, bytes):
                    yield value.decode("latin-1")
                    if row.get("kind") == "tokens":
                        yield zlib.decompress(value).decode("latin-1")
