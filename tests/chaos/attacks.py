"""Attacks on a small lake, each from a seed: what is killed, damaged, full or unreachable when. Whatever happens, the lake ends
where the lake of somebody who was left alone ends, to the digest and to the byte of each page.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from obs_lib.pipeline.at_work import remove_left_behind
from obs_lib.pipeline.verify import verify
from obs_lib.pipeline.workspace import Workspace, open_workspace
from tests.clients import faulty
from tests.clients.s3 import S3
from tests.encoder import FEW_TEXTS
from tests.unit.pipeline.lakes import DAYS, digests, pages

NIGHTS = DAYS[:3]
_SETTINGS = {"models": FEW_TEXTS, "scoring": {"evaluators": ["format"], "shards": 2}, "drift": {"window_days": 3}}
_TIMEOUT = 300
_CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Scene:
    """Logs, a finished lake over them that nobody attacks, and the seconds that it took."""

    logs: Path
    alone: Workspace
    seconds: float


class Broken(AssertionError):
    """An attack that the lake did not withstand; the message says with which seed."""


Attack = Callable[[Scene, Path, random.Random], None]


def made(folder: Path, logs: Path) -> Scene:
    """Run the nights of the scene once, alone."""
    workspace = lake_in(folder, logs)
    begun = time.monotonic()
    done = obs(workspace, "backfill", NIGHTS[0], NIGHTS[-1])
    assert done.returncode == 0, done.stderr
    return Scene(logs, workspace, time.monotonic() - begun)


def lake_in(folder: Path, logs: Path, **sections: object) -> Workspace:
    """A workspace of its own over the logs."""
    folder.mkdir(parents=True, exist_ok=True)
    source = {"format": "native", "path": str(logs)}
    settings = {"lake": {"root": "lake"}, "sources": [source], **_SETTINGS, **sections}
    (folder / "obs.yaml").write_text(yaml.safe_dump(settings))
    return open_workspace(folder / "obs.yaml")


def obs(ws: Workspace, *arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a command to its end. Broken where it ends in a traceback."""
    done = subprocess.run(
        _command(ws, *arguments), capture_output=True, text=True, timeout=_TIMEOUT, env=_environment(), **options
    )  # type: ignore[call-overload]
    if "Traceback" in done.stderr or "panicked" in done.stderr or "\x1b" in done.stderr:
        raise Broken(done.stderr[-2000:])
    return done


def killed_at_random(scene: Scene, folder: Path, chance: random.Random) -> None:
    """A backfill is killed at up to three moments, the process alone or all that it started; then it is run to its end."""
    ws = lake_in(folder, scene.logs)
    for _ in range(chance.randint(1, 3)):
        jobs = chance.choice((1, 2))
        command = _command(ws, "backfill", NIGHTS[0], NIGHTS[-1], "--jobs", jobs)
        number = chance.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM))
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_environment(), start_new_session=True
        ) as process:
            time.sleep(chance.uniform(0.3, 1.1) * scene.seconds)
            # Its children end when nobody is left to give them work.
            (os.killpg if chance.random() < 0.7 else os.kill)(process.pid, number)
            process.wait(_TIMEOUT)
            if number == signal.SIGKILL:
                os.killpg(process.pid, number) if _lives(process.pid) else None
    _ends_right(scene, ws, "backfill", NIGHTS[0], NIGHTS[-1], "--jobs", chance.choice((1, 2)))


def disk_full(scene: Scene, folder: Path, chance: random.Random) -> None:
    """No file may grow beyond some size, so that one write or another fails; then there is room again."""
    ws = lake_in(folder, scene.logs)
    most = int(10 ** chance.uniform(2.5, 5.0))

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    done = obs(ws, "backfill", NIGHTS[0], NIGHTS[-1], preexec_fn=limit)
    if done.returncode not in (0, 1, 4):
        raise Broken(f"{most} bytes: ended with {done.returncode}: {done.stderr[-500:]}")
    _ends_right(scene, ws, "backfill", NIGHTS[0], NIGHTS[-1])


def file_damaged(scene: Scene, folder: Path, chance: random.Random) -> None:
    """A file of the finished lake is cut, emptied, garbled or gone. What the commands say that mends it, does."""
    shutil.copytree(scene.alone.lake.files.parents[1], folder)
    ws = open_workspace(folder / "obs.yaml")
    root = Path(ws.lake.root)
    files = sorted(path for path in root.glob("*/**/*") if path.is_file() and path.suffix in (".parquet", ".json"))
    victim = chance.choice(files)
    _damage(victim, chance)
    day = chance.choice(NIGHTS)
    for command in (("days",), ("report", day), ("metrics", day), ("run", day)):
        done = obs(ws, *command)
        if done.returncode not in (0, 4):
            raise Broken(f"{victim.relative_to(root)}: {command[0]} ended with {done.returncode}: {done.stderr[-500:]}")
    obs(ws, "maintain", "--repair")
    for bad in sorted({damage.day for damage in verify(open_workspace(folder / "obs.yaml")) if damage.day}):
        obs(ws, "run", bad, "--afresh", "--no-late")
    try:
        _ends_right(scene, ws, "backfill", NIGHTS[0], NIGHTS[-1])
    except Broken as error:
        raise Broken(f"{victim.relative_to(root)}: {error}") from error


def store_fails(scene: Scene, folder: Path, chance: random.Random, store: S3) -> None:
    """One request in five meets an error, a reset, or is carried out without an answer."""
    name = folder.name
    lake = {"root": f"s3://bucket/{name}", "files": "files", "connection": "store"}
    with faulty.serving(store, chance.randint(0, 2**30), 0.2) as server:
        ws = lake_in(folder, scene.logs, lake=lake)
        reached = _environment() | {"OBS_CONNECTION_STORE": server.connection}
        done = subprocess.run(
            _command(ws, "backfill", NIGHTS[0], NIGHTS[-1]),
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            env=reached,
        )
        if "Traceback" in done.stderr:
            raise Broken(done.stderr[-2000:])
    os.environ["OBS_CONNECTION_STORE"] = store.connection
    _ends_right(scene, open_workspace(folder / "obs.yaml"), "backfill", NIGHTS[0], NIGHTS[-1])


ATTACKS: dict[str, Attack] = {
    "killed at a random moment": killed_at_random,
    "disk full": disk_full,
    "file damaged": file_damaged,
}


def _damage(path: Path, chance: random.Random) -> None:
    content = path.read_bytes()
    kind = chance.choice(("gone", "empty", "cut", "zeros", "garbled"))
    if kind == "gone":
        path.unlink()
    elif kind == "garbled":
        at = chance.randrange(max(len(content), 1))
        path.write_bytes(content[:at] + chance.randbytes(64) + content[at + 64 :])
    else:
        cut = content[: chance.randrange(max(len(content), 1))]
        path.write_bytes({"empty": b"", "cut": cut, "zeros": bytes(len(content))}[kind])


def _ends_right(scene: Scene, ws: Workspace, *command: object) -> None:
    done = obs(ws, *command)
    if done.returncode != 0:
        raise Broken(f"run again it ended with {done.returncode}: {done.stderr[-1000:]}")
    ws = open_workspace(
        ws.lake.files.parent / "obs.yaml" if not ws.lake.local else ws.lake.files.parents[1] / "obs.yaml"
    )
    if digests(ws) != digests(scene.alone):
        differing = [key for key, value in digests(scene.alone).items() if digests(ws).get(key) != value]
        raise Broken(f"other digests: {json.dumps(differing)[:500]}")
    if pages(ws) != pages(scene.alone):
        raise Broken("other bytes on a page")
    if damaged := verify(ws):
        raise Broken(f"damaged: {damaged}")
    remove_left_behind(ws.lake.files)
    if left := list((ws.lake.files / "staging").glob("*/*")):
        raise Broken(f"left in staging: {left}")


def _command(ws: Workspace, *arguments: object) -> list[str]:
    config = (ws.lake.files.parents[1] if ws.lake.local else ws.lake.files.parent) / "obs.yaml"
    program = "from obs_lib.cli import main; main()"
    return [sys.executable, "-c", program, *map(str, arguments), "--config", str(config)]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(_CHECKOUT), "no_proxy": "127.0.0.1", "AWS_EC2_METADATA_DISABLED": "true"}


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
