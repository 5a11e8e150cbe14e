"""The sampler as a process that is stopped, killed and out of room."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

Process = subprocess.Popen[str]


@pytest.fixture
def start(checkout: Path, tmp_path: Path) -> Iterator[Any]:
    """Starts the sampler over two simulated GPUs, fifty times a second, into the test's folder."""
    running: list[Process] = []

    def begin(**given: Any) -> Process:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.unit.gpu.simulated", str(tmp_path / "out"), "0.02"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=checkout,
            env=os.environ | {"PYTHONPATH": str(checkout)},
            **given,
        )
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        return process

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def written(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted((folder / "out").glob("*.node1.jsonl")))


def until(folder: Path, size: int) -> None:
    deadline = time.monotonic() + 30
    while len(written(folder)) < size:
        assert time.monotonic() < deadline, "nothing is written"
        time.sleep(0.01)


def whole_lines(folder: Path) -> bytes:
    """What is written at a moment between two tries: within one, what did not fit lies there until it is taken back."""
    deadline = time.monotonic() + 10
    while not (data := written(folder)).endswith(b"\n"):
        assert time.monotonic() < deadline, "a torn line stays"
    return data


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_ends_with_whole_looks(start: Any, tmp_path: Path, kind: signal.Signals) -> None:
    process = start()
    until(tmp_path, 5_000)
    process.send_signal(kind)
    out, stderr = process.communicate(timeout=20)
    assert (process.returncode, out, stderr) == (0, "stopped\n", "")
    data = written(tmp_path)
    assert data.endswith(b"\n")
    rows = [json.loads(line) for line in data.splitlines()]
    assert [row["index"] for row in rows] == [0, 1] * (len(rows) // 2)  # both GPUs of every look


def test_killed_and_started_again_at_most_one_line_is_torn(start: Any, tmp_path: Path) -> None:
    for _ in range(3):
        process = start()
        until(tmp_path, len(written(tmp_path)) + 3_000)
        process.kill()
        process.wait(timeout=20)
    with next((tmp_path / "out").iterdir()).open("ab") as file:
        file.write(b'{"at":"2024-03-')  # as a kill within a write leaves it
    process = start()
    until(tmp_path, len(written(tmp_path)) + 3_000)
    process.terminate()
    process.wait(timeout=20)
    torn = []
    for line in written(tmp_path).splitlines():
        try:
            json.loads(line)
        except ValueError:
            torn.append(line)
    assert torn == [b'{"at":"2024-03-']


def test_a_full_disk_keeps_rows_until_there_is_room(start: Any, tmp_path: Path) -> None:
    """A limit on the size of a file stands for the full disk: the write that reaches it is cut short."""
    limit = 3_001
    process = start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY)))
    time.sleep(1.0)
    full = whole_lines(tmp_path)  # what did not fit was taken back
    assert 2_000 < len(full) <= limit
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    until(tmp_path, 12_000)
    process.terminate()
    _, stderr = process.communicate(timeout=20)
    assert process.returncode == 0
    assert (
        stderr
        == "rows cannot be written (File too large): keeping the last 50,000\nrows can be written again; 0 were lost\n"
    )
    rows = [json.loads(line) for line in written(tmp_path).splitlines()]
    assert [row["index"] for row in rows] == [0, 1] * (len(rows) // 2)
    at = [row["at"] for row in rows]
    assert at == sorted(at)


def test_stopped_on_a_full_disk_it_says_what_is_lost_and_fails(start: Any, tmp_path: Path) -> None:
    process = start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (3_001, 3_001)))
    time.sleep(0.6)
    process.terminate()
    _, stderr = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "rows could not be written and are lost" in stderr
    assert written(tmp_path).endswith(b"\n")


@pytest.mark.parametrize(("given", "code"), [((), 3), (("--if-present",), 0)])
def test_without_a_gpu_it_is_one_line_and_the_promised_code(
    tmp_path: Path, checkout: Path, given: Any, code: int
) -> None:
    try:
        import pynvml

        pynvml.nvmlInit()
        pynvml.nvmlShutdown()
        pytest.skip("this machine has a GPU")
    except pynvml.NVMLError:
        pass
    program = "from obs_lib.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "gpu-sample", "--out", str(tmp_path / "o"), "--interval", "5", *given],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": str(checkout)},
    )
    assert (done.returncode, done.stdout) == (code, "")
    (line,) = done.stderr.splitlines()
    assert "no GPU answers here: " in line
    assert not list((tmp_path / "o").glob("*"))
