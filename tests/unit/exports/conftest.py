"""Scores as they leave."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from obs_lib.connections import Connection
from obs_lib.exports.options import ExportOptions
from obs_lib.exports.receiver import ScoreReceiver, Sent, score_receiver
from obs_lib.records import ExportedScore

Send = Callable[..., Sent]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("obs_lib.http.RetryPolicy.pause_s", lambda *_: 0.0)


@pytest.fixture
def score() -> Callable[..., ExportedScore]:
    """Make a score of the n-th span; keyword arguments replace its fields."""

    def make(n: int = 1, **more: Any) -> ExportedScore:
        fields: dict[str, Any] = {
            "id": f"night-watch-{n:032x}",
            "request_id": f"{n:016x}",
            "trace_id": f"{n:032x}",
            "at": dt.datetime(2024, 3, 1, 12, 0, 0, 123456, tzinfo=dt.UTC),
            "evaluator": "groundedness",
            "version": "7",
            "value": 0.25,
            "label": "fail",
            "by_model": False,
            "explanation": None,
        }
        return ExportedScore(**fields | more)

    return make


def receiver(kind: str, uri: str) -> ScoreReceiver:
    """A receiver whose connection is the address."""
    options = ExportOptions(kind=kind, connection="there")
    return score_receiver("mine", options, {"there": Connection.from_uri(uri)}.__getitem__)
