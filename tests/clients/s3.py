"""An S3 server of one's own on loopback: moto, as a process, since Delta's writer lets no other thread run while it waits."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

KEY, SECRET, REGION = "AKIAEXAMPLE", "geheim/Schluessel", "eu-central-1"


@dataclass(frozen=True)
class S3:
    """endpoint : its address, such as http://127.0.0.1:5000."""

    endpoint: str

    @property
    def connection(self) -> str:
        """The whole as one address, for OBS_CONNECTION_<NAME> or AIRFLOW_CONN_<ID>."""
        keys = f"{KEY}:{quote(SECRET, safe='')}"
        return f"aws://{keys}@/?endpoint_url={quote(self.endpoint, safe='')}&region_name={REGION}"

    @property
    def client(self) -> Any:
        """boto3's client of it."""
        import boto3

        keys = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET, "region_name": REGION}
        return boto3.client("s3", endpoint_url=self.endpoint, **keys)

    def make_bucket(self, name: str) -> None:
        """An empty bucket."""
        self.client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})

    @contextmanager
    def checking_keys(self) -> Iterator[None]:
        """From now on keys that nobody was given are refused; nobody was given any."""
        self._requests_unchecked("0")
        try:
            yield
        finally:
            self._requests_unchecked("inf")

    def _requests_unchecked(self, count: str) -> None:
        address, kind = f"{self.endpoint}/moto-api/reset-auth", {"Content-Type": "text/plain"}
        urlopen(Request(address, count.encode(), kind, method="POST"), timeout=10).close()


@contextmanager
def serving() -> Iterator[S3]:
    """Run an empty server."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    named = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)]
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(named, stdout=log, stderr=log, env=os.environ | {"AWS_DEFAULT_REGION": REGION})
        try:
            _wait_for(port, server)
            yield S3(f"http://127.0.0.1:{port}")
        finally:
            server.terminate()
            server.wait(30)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
        assert server.poll() is None, "moto did not start"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("moto does not listen")
