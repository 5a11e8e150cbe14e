"""Topics on a small lake: found, sliced by, listed, and named by the incident of a night on which one of them is refused."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from obs_lib.cli.app import app
from obs_lib.errors import ConfigError
from obs_lib.lake.tables import ALERTS, METRICS, SKETCHES
from obs_lib.pipeline.dataset import Choice, chosen
from obs_lib.pipeline.night import fold, run_day
from obs_lib.pipeline.render import report_text
from obs_lib.pipeline.topics import fit_topics, known_topics
from obs_lib.pipeline.workspace import Workspace, open_workspace
from obs_lib.settings.scoring import ScoringOptions
from tests.unit.pipeline.lakes import workspace

DAYS = [dt.date(2024, 3, 1) + dt.timedelta(days=n) for n in range(8)]
ASKED = {
    "refund": "How do I get a refund on my {} to my credit card?",
    "helmet": "Which helmet fits my {} when we ride a bike?",
    "weather": "Will there be rain in the weather forecast for {} tomorrow?",
}
OF = {
    "refund": ("pass", "ticket", "deposit", "order", "voucher", "plan", "booking", "fare", "rental", "card fee"),
    "helmet": ("child", "daughter", "husband", "mother", "son", "baby", "wife", "father", "friend", "aunt"),
    "weather": ("Paris", "London", "Rome", "Bern", "Madrid", "Oslo", "Lisbon", "Vienna", "Dublin", "Athens"),
}
MUSEUM = (
    "Monet",
    "Picasso",
    "Klee",
    "Miro",
    "Dali",
    "Rembrandt",
    "Vermeer",
    "Munch",
    "Klimt",
    "Degas",
    "Cezanne",
    "Goya",
)
PER_TOPIC = 90


def lines(day: dt.date) -> Iterator[dict[str, Any]]:
    """Answers of three topics; on the last day those about refunds are refused, and a fourth topic is asked about."""
    rng, last = random.Random(day.toordinal()), day == DAYS[-1]
    asked = [(topic, text.format(what)) for topic, text in ASKED.items() for what in OF[topic]]
    questions = [question for question in asked for _ in range(PER_TOPIC // 10)]
    if last:
        questions += [
            ("museum", f"In which museum can I see paintings by {what}?") for what in MUSEUM for _ in range(6)
        ]
    for n, (topic, question) in enumerate(questions):
        refused = rng.random() < (0.8 if last and topic == "refund" else 0.05)
        answer = (
            "I'm sorry, but I can't help with that." if refused else f"Here is what we know about the {topic} today."
        )
        yield {
            "request_id": f"r{n}",
            "timestamp": f"{day}T{n % 24:02d}:00:00Z",
            "prompt": question,
            "response": answer,
            "total_latency_ms": rng.lognormvariate(6, 0.3),
            "output_tokens": 10,
            "user_id": f"u{n}",
        }
    # A request without words has no vector and no topic, and takes nobody else's.
    yield {"request_id": "empty", "timestamp": f"{day}T00:00:00Z", "prompt": "", "error": "refused by the server"}


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("topics")
    (folder / "logs").mkdir()
    for day in DAYS:
        (folder / "logs" / f"{day}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines(day)))
    ws = workspace(folder, folder / "logs", scoring={"evaluators": ["refusal"]}, segments=["topic"])
    for day in DAYS[:2]:
        run_day(ws, day)
    fit_topics(ws, DAYS[:2])
    for day in DAYS:
        run_day(ws, day)
    fold(ws)
    return ws


def named(ws: Workspace, word: str) -> str:
    topics = known_topics(ws)
    assert topics is not None
    return next(topic.name for topic in topics.topics if word in topic.name)


def test_every_metric_is_sliced_by_topic(ws: Workspace) -> None:
    rows = ws.lake.read(METRICS, [DAYS[0]])
    of_topics = rows[rows["segment"].str.startswith("topic=")]
    counted = of_topics[of_topics["metric"] == "requests"].set_index("segment")["value"]
    assert counted.get(f"topic={named(ws, 'refund')}") == PER_TOPIC
    assert counted.sum() == 3 * PER_TOPIC
    refused = of_topics[of_topics["metric"] == "refusal_rate"]
    assert sorted(refused["n"]) == [PER_TOPIC] * 3


def test_an_incident_of_one_topic_names_it(ws: Workspace) -> None:
    alerts = ws.lake.read(ALERTS, [DAYS[-1]])
    (place,) = alerts[alerts["title"].str.contains("refuses more")]["place"]
    assert json.loads(place) == [f"topic={named(ws, 'refund')}"]
    assert named(ws, "refund") in report_text(ws, DAYS[-1])


def test_what_people_newly_ask_about_is_a_line_of_the_report(ws: Workspace) -> None:
    assert "like no known topic" in report_text(ws, DAYS[-1])
    assert "like no known topic" not in report_text(ws, DAYS[-2])


def test_days_before_it_are_quiet(ws: Workspace) -> None:
    assert ws.lake.read(ALERTS, DAYS[:-1]).empty


def test_what_is_like_no_topic_is_other(ws: Workspace) -> None:
    rows = ws.lake.read(METRICS, [DAYS[-1]], where={"metric": ["requests"], "segment": ["topic=other"]})
    assert rows["value"].tolist() == [6 * len(MUSEUM)]


def test_a_day_is_the_same_in_any_shards(ws: Workspace) -> None:
    before = {table: ws.lake.read(table, [DAYS[3]]) for table in (METRICS, SKETCHES)}
    run_day(ws, DAYS[3], ScoringOptions(evaluators=("refusal",), shards=3, batch_size=16, reuse=False))
    for table, rows in before.items():
        assert ws.lake.read(table, [DAYS[3]]).equals(rows)


def test_requests_of_a_topic_are_found(ws: Workspace) -> None:
    choice = Choice((DAYS[0],), None, (f"topic={named(ws, 'helmet')}",), "drawn", 500)
    assert len(chosen(ws, choice)) == PER_TOPIC


def test_of_a_sample_scores_alone_are_sliced_by_topic(ws: Workspace, tmp_path: Path) -> None:
    config = tmp_path / "obs.yaml"
    settings = ws.settings.model_dump(mode="json", include={"segments", "sources", "models"})
    config.write_text(
        json.dumps({**settings, "lake": {"root": str(tmp_path / "lake")}, "scoring": {"evaluators": ["refusal"]}})
    )
    few = open_workspace(config)
    (few.lake.files).mkdir(parents=True, exist_ok=True)
    (few.lake.files / "topics.json").write_bytes((ws.lake.files / "topics.json").read_bytes())
    for prompt in range(2):  # a day in which one prompt was never drawn
        run_day(few, DAYS[prompt], ScoringOptions(evaluators=("refusal",), max_scored=12))
    rows = few.lake.read(METRICS, [DAYS[0]])
    assert rows[(rows["metric"] == "refusal_rate") & rows["segment"].str.startswith("topic=")]["n"].sum() == 12
    assert not (rows["metric"].eq("requests") & rows["segment"].str.startswith("topic=")).any()
    kept = few.lake.read(SKETCHES, [DAYS[0]], ["kind", "segment"])
    assert not (kept["kind"].isin(["tokens", "words"]) & kept["segment"].str.startswith("topic=")).any()
    in_a_topic = tuple(f"topic={topic.name}" for topic in known_topics(few).topics)
    found = chosen(few, Choice((DAYS[0],), None, in_a_topic, "drawn", 500))
    assert found["inclusion_probability"].between(0, 1, inclusive="neither").all()


def test_the_command_lists_topics_and_takes_in_new_ones(ws: Workspace) -> None:
    config = str(Path(ws.lake.root).parent / "obs.yaml")
    listed = CliRunner().invoke(app, ["topics", "list", str(DAYS[0]), str(DAYS[0]), "--config", config, "--json"])
    assert listed.exit_code == 0, listed.output
    rows = json.loads(listed.stdout)
    assert [row["n"] for row in rows] == [PER_TOPIC] * 3 + [0]
    assert any("credit card" in text for row in rows for text in row["examples"])
    before = known_topics(ws)
    fitted = CliRunner().invoke(app, ["topics", "fit", str(DAYS[-1]), str(DAYS[-1]), "--config", config])
    assert fitted.exit_code == 0, fitted.output
    after = known_topics(ws)
    assert before is not None
    assert after is not None
    assert after.topics[:3] == before.topics
    (new,) = after.topics[3:]
    assert "museum" in new.name
    assert new.born == str(DAYS[-1])


def test_without_prompts_or_topics_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    empty = workspace(tmp_path, tmp_path / "logs")
    with pytest.raises(ConfigError, match="no prompt of these days has a vector"):
        fit_topics(empty, DAYS)
    (empty.lake.files).mkdir(parents=True, exist_ok=True)
    (empty.lake.files / "topics.json").write_text("{")
    with pytest.raises(ConfigError, match="the topics cannot be read"):
        known_topics(empty)
