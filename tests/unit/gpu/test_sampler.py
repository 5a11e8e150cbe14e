from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from obs_lib.errors import NoGpu
from obs_lib.gpu.files import DailyFiles
from obs_lib.gpu.sampler import Sampler
from obs_lib.lake.tables import GPU_SAMPLES
from tests.unit.gpu.simulated import HandClock, Machine

NOON = dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC)


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for file in sorted(folder.iterdir()) for line in file.read_text().splitlines()]


def run(folder: Path, machine: Machine, clock: HandClock, interval: float = 5.0, count: int | None = None) -> list[str]:
    messages: list[str] = []
    files = DailyFiles(folder, "node1", messages.append)
    Sampler(machine.open, files, clock, "node1", messages.append).run(interval, count)
    assert machine.closed >= 1
    return messages


def test_a_line_holds_the_columns_of_the_table_by_name(tmp_path: Path) -> None:
    assert run(tmp_path, Machine(2), HandClock(NOON), count=2) == []
    samples = rows(tmp_path)
    assert [list(row) for row in samples] == [list(GPU_SAMPLES.names)] * 4
    assert [(row["at"], row["gpu"]) for row in samples] == [
        (f"2024-03-01T12:00:{second:02d}.000+00:00", gpu) for second in (5, 10) for gpu in ("GPU-0000", "GPU-0001")
    ]
    assert (samples[0]["temperature_c"], samples[0]["ecc_uncorrected"]) == (None, None)  # not known, and no zero


def test_the_beat_is_kept_however_long_a_look_takes_and_missed_ones_are_left_out(tmp_path: Path) -> None:
    run(tmp_path / "quick", Machine(), HandClock(NOON, late=1.3), count=5)
    assert [row["at"][17:23] for row in rows(tmp_path / "quick")] == [f"{n:02d}.000" for n in (5, 10, 15, 20, 25)]
    run(tmp_path / "slow", Machine(), HandClock(NOON, late=6.0), count=4)
    assert [row["at"][17:23] for row in rows(tmp_path / "slow")] == [f"{n:02d}.000" for n in (5, 15, 25, 35)]


def test_each_utc_day_has_its_file(tmp_path: Path) -> None:
    run(tmp_path, Machine(), HandClock(dt.datetime(2024, 2, 29, 23, 59, 48, tzinfo=dt.UTC)), count=4)
    counts = {file.name: len(file.read_text().splitlines()) for file in tmp_path.iterdir()}
    assert counts == {"2024-02-29.node1.jsonl": 2, "2024-03-01.node1.jsonl": 2}
    for file in tmp_path.iterdir():
        assert {json.loads(line)["at"][:10] for line in file.read_text().splitlines()} == {file.name[:10]}


def test_it_ends_when_asked_to(tmp_path: Path) -> None:
    run(tmp_path, Machine(), HandClock(NOON, stop=27))
    assert len(rows(tmp_path)) == 5


def test_no_gpu_at_the_start_is_an_error_and_leaves_no_row(tmp_path: Path) -> None:
    machine = Machine(weather=lambda look: None)
    with pytest.raises(NoGpu, match="Driver Not Loaded"):
        Sampler(machine.open, DailyFiles(tmp_path, "a", print), HandClock(NOON), "a", print).run(1)
    assert rows(tmp_path) == []


@pytest.mark.parametrize("gone", [None, {0, 1}])
def test_a_lost_driver_is_said_once_and_opened_again_after_longer_and_longer_pauses(
    tmp_path: Path, gone: set[int] | None
) -> None:
    weather: Callable[[int], set[int] | None] = lambda look: gone if 10 <= look < 16 else set()  # noqa: E731
    machine, clock = Machine(2, weather), HandClock(NOON)
    messages = run(tmp_path, machine, clock, interval=1.0, count=120)
    assert len(messages) == 2
    assert messages[0] == "lost GPU 0: GPU is lost; GPU 1: GPU is lost; trying to open the driver again"
    assert messages[1] == "every GPU answers again"
    seconds = sorted({int(row["at"][14:16]) * 60 + int(row["at"][17:19]) for row in rows(tmp_path)})
    assert seconds[:9] == list(range(1, 10))
    assert seconds[-1] == 120
    assert seconds[9] > 12  # pauses: 1, 2, 4 s and so on, not a storm of openings
    assert 2 <= machine.opened <= 7


def test_one_lost_gpu_does_not_stop_the_others(tmp_path: Path) -> None:
    messages = run(tmp_path, machine := Machine(3, lambda look: {1} if look > 5 else set()), HandClock(NOON), count=200)
    assert messages == ["lost GPU 1: GPU is lost; trying to open the driver again"]
    samples = rows(tmp_path)
    assert sum(row["index"] == 1 for row in samples) == 5
    again = machine.opened - 1
    assert 5 <= again <= 12  # 1,000 s with pauses of 1 to 300 s
    assert sum(row["index"] == 2 for row in samples) == 200 - again


def test_the_room_is_light(checkout: Path) -> None:
    """It runs for months beside an inference server; pandas, pyarrow and torch have no business there."""
    import subprocess
    import sys

    program = (
        "import sys; from obs_lib.cli import app, gpu; from obs_lib.gpu import files, nvml, sampler;"
        "print({'numpy', 'pandas', 'pyarrow', 'torch', 'pydantic'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=checkout, timeout=60)
    assert done.stdout.strip() == "set()", done.stderr
