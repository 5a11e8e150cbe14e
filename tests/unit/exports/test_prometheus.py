"""The numbers of a night as Prometheus reads them, in a file and through a Pushgateway."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from obs_lib.connections import Connection
from obs_lib.errors import ExportError
from obs_lib.exports.metrics import FAMILIES, registry_of
from obs_lib.exports.options import ExportOptions
from obs_lib.exports.receiver import NumberReceiver, Sent, number_receiver
from obs_lib.records import (
    ComparedNumber,
    DriftVerdict,
    Incident,
    IncidentState,
    MetricStatus,
    MetricValue,
    NightNumbers,
    Severity,
)
from tests.receivers import Receiver
from tests.score_servers import Request, serving

DAY = dt.date(2024, 3, 1)
HOSTILE = 'route=a"b\\c\nd{x}'


def value(metric: str, segment: str = "all", value: float | None = 0.25, **more: Any) -> MetricValue:
    status = MetricStatus.NO_DATA if value is None else MetricStatus.OK
    ends = {"low": None, "high": None, "std_error": None, "effective_n": None}
    return MetricValue(day=DAY, metric=metric, segment=segment, status=status, value=value, n=40, **ends | more)


def night(*metrics: MetricValue, day: dt.date = DAY) -> NightNumbers:
    incident = Incident(
        day=day, fingerprint="f" * 32, kind="change", severity=Severity.P1, state=IncidentState.NEW, place=("all",),
        lead="refusal", title="", score=0.9, why="", notify=True, first_day=day, last_day=day,
    )  # fmt: skip
    return NightNumbers(
        watch="chat",
        day=day,
        metrics=metrics or (value("refusal_rate", low=0.1, high=0.4, n_failed=2), value("capacity_use", value=None)),
        units={"refusal_rate": "share"},
        objectives={"refusal_rate": 0.1},
        comparisons=[ComparedNumber("change:refusal_rate", "all", DriftVerdict.DRIFTED, 0.15, "share")],
        incidents=[incident],
    )


def textfile(path: Path, **more: Any) -> NumberReceiver:
    options = ExportOptions(kind="prometheus", path=str(path), **more)
    return number_receiver("prom", options, {}.__getitem__)


def series(text: str) -> dict[tuple[str, ...], float]:
    """Value by (name, sorted label values without `watch`)."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            assert sample.labels.pop("watch") == "chat"
            found[sample.name, *(sample.labels[name] for name in sorted(sample.labels))] = sample.value
    return found


def test_a_file_says_what_the_night_found(tmp_path: Path) -> None:
    path = tmp_path / "night.prom"
    assert textfile(path).show(night()) == Sent(15)
    assert series(path.read_text()) == {
        ("night_watch_day_timestamp_seconds",): 1709251200,
        ("night_watch_metric", "refusal_rate", "all", "share"): 0.25,
        ("night_watch_metric_low", "refusal_rate", "all"): 0.1,
        ("night_watch_metric_high", "refusal_rate", "all"): 0.4,
        ("night_watch_metric_observations", "refusal_rate", "all"): 40,
        ("night_watch_metric_observations", "capacity_use", "all"): 40,
        ("night_watch_metric_failed", "refusal_rate", "all"): 2,
        ("night_watch_metric_failed", "capacity_use", "all"): 0,
        ("night_watch_metric_objective", "refusal_rate"): 0.1,
        ("night_watch_drift", "change:refusal_rate", "all", "DRIFTED"): 1,
        ("night_watch_drift_effect", "change:refusal_rate", "all", "share"): 0.15,
        **{("night_watch_incidents", severity): float(severity == "P1") for severity in ("P0", "P1", "P2", "P3")},
    }


def test_segments_come_where_they_are_asked_for_and_hostile_names_come_through(tmp_path: Path) -> None:
    path = tmp_path / "night.prom"
    numbers = night(value("refusal_rate"), value("refusal_rate", HOSTILE))
    textfile(path).show(numbers)
    assert "route" not in path.read_text()
    textfile(path, segments=True).show(numbers)
    assert series(path.read_text())["night_watch_metric", "refusal_rate", HOSTILE, "share"] == 0.25


def test_who_reads_the_file_meanwhile_sees_a_whole_one(tmp_path: Path) -> None:
    path, seen, over = tmp_path / "night.prom", set(), threading.Event()
    first, second = (night(*(value("refusal_rate", f"route={n}", size) for n in range(500))) for size in (0.25, 0.75))
    receiver = textfile(path, segments=True)
    receiver.show(first)

    def read() -> None:
        while not over.is_set():
            seen.add(path.read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for numbers in (second, first) * 10:
        receiver.show(numbers)
    over.set()
    reader.join()
    whole = {registry_text(one) for one in (first, second)}
    assert seen <= whole
    assert os.listdir(tmp_path) == ["night.prom"]


def registry_text(numbers: NightNumbers) -> str:
    from prometheus_client import generate_latest

    return generate_latest(registry_of(numbers, segments=True)[0]).decode()


def test_prometheus_own_check_finds_no_fault(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs promtool, which comes with Prometheus")
    path = tmp_path / "night.prom"
    textfile(path, segments=True).show(night(value("refusal_rate", low=0.1, high=0.2), value("refusal_rate", HOSTILE)))
    command = [promtool, "check", "metrics"]
    done = subprocess.run(command, input=path.read_text(), capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_every_metric_says_what_it_is() -> None:
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)
    assert all(family.help.endswith(".") for family in FAMILIES)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        textfile(tmp_path / "nowhere" / "night.prom").show(night())


@pytest.mark.server
def test_a_pushgateway_is_given_the_group_of_the_watch_as_a_whole() -> None:
    seen: list[Request] = []

    class Gateway:
        def answer(self, request: Request) -> tuple[int, bytes]:
            seen.append(request)
            return 200, b""

    with serving(Gateway()) as url:
        assert gateway(url).show(night()).n == 15
    (request,) = seen
    assert (request.method, request.path) == ("PUT", "/metrics/job/night_watch/watch/chat")
    assert request.headers["Content-Type"].startswith("text/plain")
    assert series(request.body.decode())["night_watch_incidents", "P1"] == 1


@pytest.mark.server
def test_a_pushgateway_that_refuses_is_an_error(receiver: Receiver) -> None:
    class Refuses:
        def answer(self, request: Request) -> tuple[int, bytes]:
            return 400, b"pushed metrics are invalid"

    with serving(Refuses()) as url, pytest.raises(ExportError, match="status 400"):
        gateway(url).show(night())


def gateway(url: str) -> NumberReceiver:
    options = ExportOptions(kind="pushgateway", connection="there")
    return number_receiver("push", options, {"there": Connection.from_uri(url)}.__getitem__)
