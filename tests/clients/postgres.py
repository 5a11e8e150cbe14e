"""A PostgreSQL server of one's own on loopback, from the programs that Debian's package `postgresql` installs."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

USER = "obs"


@contextmanager
def serving(password: str) -> Iterator[int]:
    """Run a fresh server for user `obs` with this password; gives its port on 127.0.0.1. Skips where it is not installed."""
    programs = _programs()
    # Not pytest's folder: PostgreSQL refuses to run as root, and nobody else may look into that one.
    folder = Path(tempfile.mkdtemp(prefix="obs-postgres-"))
    who: dict[str, Any] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    try:
        (folder / "password").write_text(password)
        (folder / "password").chmod(0o644)  # the folder is closed to others
        kind = ("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync")
        made = [
            programs / "initdb",
            f"--pgdata={folder}/data",
            f"--username={USER}",
            f"--pwfile={folder}/password",
            *kind,
        ]
        subprocess.run(made, check=True, capture_output=True, cwd=folder, **who)
        port = _free_port()
        started = [programs / "postgres", "-D", folder / "data", "-p", str(port), "-k", folder, "-F", "-h", "127.0.0.1"]
        with (folder / "log").open("w") as log:
            server = subprocess.Popen(started, stdout=log, stderr=log, cwd=folder, **who)
        try:
            _wait_for(port, server, folder / "log")
            yield port
        finally:
            server.send_signal(signal.SIGINT)  # its fast shutdown
            server.wait(30)
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    """The folder with `initdb` and `postgres`, of the newest version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    named = shutil.which("postgres")
    if named is None:
        pytest.skip("needs a PostgreSQL server's programs: apt-get install postgresql")
    return Path(named).resolve().parent


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise AssertionError(f"PostgreSQL did not start: {log.read_text()[-2000:]}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"PostgreSQL does not listen: {log.read_text()[-2000:]}")
