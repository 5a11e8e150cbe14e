"""`obs` as a user meets it: a process, its two outputs and its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.encoder import FEW_TEXTS
from tests.unit.pipeline import old_lake

DAY = "2024-03-02"
SETTINGS = {"scoring": {"evaluators": ["format", "refusal"], "max_scored": 20}, "models": FEW_TEXTS}


def obs(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from obs_lib.cli import main; main()", *map(str, arguments)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OBS_")}
    environment["PYTHONPATH"] = str(Path(__file__).resolve().parents[3])
    return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=cwd, env=environment)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with logs, settings and two finished nights."""
    folder = tmp_path_factory.mktemp("cli")
    assert obs("sample-logs", "logs", "2024-03-01", "--days", 2, cwd=folder).returncode == 0
    (folder / "obs.yaml").write_text(json.dumps(SETTINGS))
    done = obs("backfill", "2024-03-01", DAY, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "2 of 2 days done, 2 report(s) rendered" in done.stderr
    return folder


def test_a_night_again_says_what_it_did_on_stderr_only(home: Path) -> None:
    done = obs("run", DAY, cwd=home)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert f"{DAY} READY: 220 interactions" in done.stderr
    assert "0 report(s) rendered" in done.stderr


def test_json_is_all_there_is_on_stdout(home: Path) -> None:
    metrics = json.loads(obs("metrics", DAY, "--json", cwd=home).stdout)
    requests = next(row for row in metrics if (row["metric"], row["segment"]) == ("requests", "all"))
    assert requests["value"] == 220
    absent = next(row for row in metrics if (row["metric"], row["segment"]) == ("capacity_use", "all"))
    assert (absent["status"], absent["value"]) == ("NO_DATA", None)
    alerts = json.loads(obs("alerts", DAY, "--json", cwd=home).stdout)
    assert all(isinstance(row["evidence"], list) for row in alerts)


HOSTILE = "a\x1b[31m\x9b\u202e\u2066<b>[red]"


def test_names_from_logs_are_no_commands_to_a_terminal(tmp_path: Path) -> None:
    """Escapes, directions of writing and markup in the name of a segment, of a file and of a setting."""
    rows = [
        {
            "request_id": f"r{n}",
            "timestamp": f"{DAY}T00:00:0{n}Z",
            "prompt": "p",
            "response": "r",
            "tags": {"route": HOSTILE},
            "ttft_ms": 1.0,
        }
        for n in range(5)
    ]
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / f"{DAY}{HOSTILE.replace('/', '')}.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n{")
    (tmp_path / "obs.yaml").write_text(json.dumps(SETTINGS | {"segments": ["route"]}))
    assert obs("run", DAY, cwd=tmp_path).returncode == 0
    for command in (
        ("metrics", DAY),
        ("metrics", DAY, "--json"),
        ("alerts", DAY),
        ("alerts", DAY, "--json"),
        ("ingest", DAY, "--dry-run"),
        ("ingest", DAY, "--dry-run", "--json"),
        ("report", DAY),
        ("days",),
    ):
        done = obs(*command, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert not set("\x1b\x9b\u202e\u2066") & set(done.stdout + done.stderr), command
    names = {row["segment"] for row in json.loads(obs("metrics", DAY, "--json", cwd=tmp_path).stdout)}
    assert f"route:{HOSTILE}" in names or any(HOSTILE in name for name in names)
    assert "<b>[red]" in obs("metrics", DAY, cwd=tmp_path).stdout  # what stands in brackets is not swallowed
    (tmp_path / "obs.yaml").write_text(json.dumps({HOSTILE: 1}))
    refused = obs("days", cwd=tmp_path)
    assert refused.returncode == 2
    assert not set("\x1b\x9b\u202e\u2066") & set(refused.stderr)


@pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31", "9999-12-31"])
def test_a_day_beyond_the_calendar_of_logs_is_refused_at_once(home: Path, day: str) -> None:
    done = obs("report", day, cwd=home)
    assert done.returncode == 2
    assert "must be a day from 1970-01-01" in done.stderr


def test_reading_and_dry_runs_write_nothing(home: Path) -> None:
    """So they work where nobody may write."""
    before = {path: path.stat().st_mtime_ns for path in (home / "lake").rglob("*")}
    for command in (
        ("days",),
        ("report", DAY),
        ("metrics", DAY),
        ("alerts", DAY),
        ("maintain", "--dry-run"),
        ("maintain", "--verify"),
        ("forget", "--user", "nobody", "--dry-run"),
    ):
        assert obs(*command, cwd=home).returncode == 0, command
    assert {path: path.stat().st_mtime_ns for path in (home / "lake").rglob("*")} == before


def test_days_say_how_far_they_have_come_and_change_nothing(home: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (home / "lake").rglob("*")}
    days = json.loads(obs("days", "--json", cwd=home).stdout)
    assert [day["day"] for day in days] == [DAY, "2024-03-01"]
    assert days[0]["state"] == "READY"
    assert (days[0]["interactions"], days[0]["revision"]) == (220, 1)
    assert days[0]["verdict"]
    assert set(days[0]["steps"].values()) == {"READY"}
    assert list(days[0]["steps"])[:3] == ["ingest", "anchor", "collect"]
    assert list(days[0]["steps"])[-1] == "render"
    table = obs("days", cwd=home).stdout.splitlines()
    assert table[0].split() == ["day", "state", "interactions", "severity", "open", "revision", "verdict"]
    assert table[1].split()[:3] == [DAY, "READY", "220"]
    assert {path: path.stat().st_mtime_ns for path in (home / "lake").rglob("*")} == before


def test_a_lake_without_a_day_lists_none(tmp_path: Path) -> None:
    assert json.loads(obs("days", "--json", cwd=tmp_path).stdout) == []
    done = obs("days", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_a_report_is_text_or_a_page(home: Path) -> None:
    text = obs("report", DAY, cwd=home).stdout
    assert text.startswith("LLM night watch, 2 Mar 2024 (UTC)")
    page = obs("report", DAY, "--html", cwd=home).stdout
    assert page.startswith("<!doctype html>")


def test_config_check_names_models_and_evaluators(home: Path) -> None:
    done = obs("config", "check", cwd=home)
    assert done.returncode == 0
    assert "all-MiniLM-L6-v2" in done.stdout
    assert done.stdout.endswith("good\n")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("metrics", "2024-05-05"), 4, "run `obs run 2024-05-05`"),
        (("report", "2024-05-05", "--html"), 4, "there is no report of 2024-05-05"),
        (("run", "yesterday"), 2, "must be a day such as 2024-03-01, found 'yesterday'"),
        (("compare", "pairs.jsonl"), 2, "No such command 'compare'"),
        (("judge", "compare", "pairs.jsonl", "--judge", "best"), 2, "there is no such judge"),
        (("backfill", "2024-03-02", "2024-03-01"), 2, "the range of days is empty"),
        (("config", "check", "--config", "absent.yaml"), 2, "absent.yaml"),
        (("run", DAY, "--config", "broken.yaml"), 2, "drift.min_days"),
        (("run", DAY, "--config", "nothing.yaml"), 3, "gone"),
        (("ingest", DAY, "--dry-run", "--config", "nothing.yaml"), 3, "gone"),
        (("config", "check", "--config", "model.yaml"), 2, "nobody/nothing"),
    ],
)
def test_an_error_is_one_message_and_a_code(home: Path, arguments: tuple[str, ...], code: int, says: str) -> None:
    (home / "broken.yaml").write_text("drift: {min_days: 0}\n")
    (home / "nothing.yaml").write_text("lake: {root: other}\nsources: [{path: gone}]\n")
    (home / "model.yaml").write_text("models: {encoder: nobody/nothing}\n")
    done = obs(*arguments, cwd=home)
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert says in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_two_at_a_time_find_what_one_found(home: Path) -> None:
    (home / "two.yaml").write_text(json.dumps({"lake": {"root": "two"}, **SETTINGS}))
    done = obs("backfill", "2024-03-01", DAY, "--jobs", 2, "--config", "two.yaml", cwd=home)
    assert done.returncode == 0, done.stderr
    pages = [sorted((home / lake / "files/pages").iterdir()) for lake in ("lake", "two")]
    assert [page.read_bytes() for page in pages[0]] == [page.read_bytes() for page in pages[1]]


def test_forget_tells_what_goes_and_maintain_what_it_does(home: Path) -> None:
    shown = obs("forget", "--user", "u-013", "--dry-run", cwd=home)
    assert shown.returncode == 0, shown.stderr
    assert "interactions" in shown.stdout
    assert "would be removed" in shown.stderr
    assert "the log files are not ours and stay as they are" in shown.stderr
    nobody = obs("forget", "--user", "[bold]nobody", "--dry-run", cwd=home)
    assert (nobody.returncode, nobody.stdout) == (0, "")
    assert "nothing was found" in nobody.stderr
    both = obs("forget", "--user", "a", "--request", "b", cwd=home)
    assert (both.returncode, "give one id" in both.stderr) == (2, True)
    kept = obs("maintain", "--dry-run", cwd=home)
    assert kept.returncode == 0, kept.stderr


def test_a_lake_of_an_earlier_release_is_brought_over(tmp_path: Path) -> None:
    old_lake.copy_of(old_lake.unpack(tmp_path / "packed"), tmp_path / "old")
    config = tmp_path / "old" / "obs.yaml"
    refused = obs("days", "--config", config, cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (4, "")
    assert "obs maintain --migrate" in " ".join(refused.stderr.split())
    done = obs("maintain", "--migrate", "--config", config, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[:2] == ["table", "days"]
    assert "this release's names" in done.stderr
    assert json.loads(obs("days", "--json", "--config", config, cwd=tmp_path).stdout)
    again = obs("maintain", "--migrate", "--config", config, cwd=tmp_path)
    assert (again.returncode, again.stdout) == (0, "")
    assert "nothing to do" in again.stderr
    for wrong in (("--migrate", "--dry-run"), ("--force",)):
        assert obs("maintain", *wrong, "--config", config, cwd=tmp_path).returncode == 2


def test_labels_sample_writes_what_to_label_and_never_over_people_s_work(home: Path) -> None:
    done = obs("labels", "sample", DAY, "--score", "refusal", "-n", 15, "--out", "ask.jsonl", cwd=home)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    rows = [json.loads(line) for line in (home / "ask.jsonl").read_text().splitlines()]
    assert len(rows) == 15
    assert all(row["value"] is None and 0 < row["inclusion_probability"] <= 1 and row["prompt"] for row in rows)
    again = obs("labels", "sample", DAY, "--score", "refusal", "--out", "ask.jsonl", cwd=home)
    assert again.returncode == 2
    assert "there already" in again.stderr
    assert len((home / "ask.jsonl").read_text().splitlines()) == 15


def test_what_a_night_found_goes_to_receivers_and_a_failure_ends_no_night(home: Path) -> None:
    config = home / "exports.yaml"
    exports = {
        "graphs": {"kind": "prometheus", "path": "night.prom"},
        "traces": {"kind": "langfuse", "connection": "langfuse"},  # of which nobody knows
    }
    config.write_text(json.dumps({**SETTINGS, "exports": exports}))
    night = obs("run", DAY, "--config", config, cwd=home)
    assert (night.returncode, night.stdout) == (0, "")
    assert "exported: graphs 1 day(s), " in night.stderr
    assert "export to traces of 2024-03-02 failed: a connection is named that is not known" in night.stderr
    assert 'metric="requests",segment="all"' in (home / "night.prom").read_text()
    one = obs("export", DAY, "--to", "graphs", "--config", config, cwd=home)
    assert (one.returncode, one.stdout) == (0, "")
    both = obs("export", DAY, "--config", config, cwd=home)
    assert (both.returncode, "exported: graphs 1 day(s)" in both.stderr) == (1, True)
    wrong = obs("export", DAY, "--to", "nobody", "--config", config, cwd=home)
    assert (wrong.returncode, "must be one of graphs, traces" in " ".join(wrong.stderr.split())) == (2, True)
