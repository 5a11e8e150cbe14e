"""Scores back to Langfuse: what is sent again takes the place of what is there; newer and older servers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from obs_lib.errors import ConfigError, ExportError
from obs_lib.records import ExportedScore
from tests.score_servers import PUBLIC, SECRET, Langfuse, serving
from tests.unit.exports.conftest import receiver

pytestmark = pytest.mark.server
Make = Callable[..., ExportedScore]


def langfuse(url: str, keys: str = f"{PUBLIC}:{SECRET}") -> Any:
    return receiver("langfuse", url.replace("://", f"://{keys}@"))


@pytest.mark.parametrize("older", [False, True], ids=["lists", "ingestion"])
def test_a_score_stands_at_its_observation_and_sent_again_stands_once(score: Make, older: bool) -> None:
    server = Langfuse(older=older)
    with serving(server) as url:
        assert langfuse(url).send([score(1), score(2)]).n == 2
        langfuse(url).send([score(1, value=0.75, label="pass"), score(2)])
    one, two = server.scores.values()
    assert (one["traceId"], one["observationId"], one["name"]) == (f"{1:032x}", f"{1:016x}", "groundedness")
    assert (one["value"], one["metadata"]) == (0.75, {"version": "7", "label": "pass"})
    assert dt.datetime.fromisoformat(one["timestamp"]) == score().at
    assert "comment" not in one
    assert two["value"] == 0.25


def test_what_stands_in_no_trace_is_left_out_and_counted(score: Make) -> None:
    server = Langfuse()
    with serving(server) as url:
        sent = langfuse(url).send([score(1), score(2, trace_id=None)])
    assert (sent.n, sent.left_out, len(server.scores)) == (1, 1, 1)


@pytest.mark.parametrize("older", [False, True], ids=["lists", "ingestion"])
def test_many_with_explanations_keep_within_a_body(score: Make, older: bool) -> None:
    server = Langfuse(older=older)
    with serving(server) as url:
        assert langfuse(url).send(score(n, explanation="é" * 500) for n in range(1200)).n == 1200
    assert len(server.scores) == 1200


@pytest.mark.parametrize("older", [False, True], ids=["lists", "ingestion"])
def test_what_is_rejected_is_an_error(score: Make, older: bool) -> None:
    with (
        serving(Langfuse(older=older, rejects=frozenset({"refusal"}))) as url,
        pytest.raises(ExportError, match="1 rej"),
    ):
        langfuse(url).send([score(1), score(2, evaluator="refusal")])


def test_wrong_and_missing_keys_are_told(score: Make) -> None:
    with serving(Langfuse()) as url:
        with pytest.raises(ExportError, match=r"status 401'; check the connection's login and password") as caught:
            langfuse(url, "pk:wrong-secret").send([score()])
        with pytest.raises(ConfigError, match="lacks its keys"):
            receiver("langfuse", url)
    assert "wrong-secret" not in str(caught.value)
