"""Scores back to Phoenix, as annotations of spans."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from obs_lib.errors import ExportError
from obs_lib.records import ExportedScore
from tests.score_servers import Phoenix, serving
from tests.unit.exports.conftest import receiver

pytestmark = pytest.mark.server
Make = Callable[..., ExportedScore]


def test_a_score_is_an_annotation_of_its_span_and_sent_again_stands_once(score: Make) -> None:
    server = Phoenix(key="secret")
    with serving(server) as url:
        phoenix = receiver("phoenix", url.replace("://", "://:secret@"))
        assert phoenix.send([score(1), score(2, by_model=True, label=None)]).n == 2
        phoenix.send([score(1, value=0.5)])
        phoenix.send([score(1, version="8", id="night-watch-8")])
    one, two, other_version = server.annotations.values()
    assert (one.name, one.annotator_kind, one.metadata) == ("groundedness", "CODE", {"version": "7"})
    assert one.result.model_dump() == {"score": 0.5, "label": "fail", "explanation": None}
    assert (two.annotator_kind, two.result.label) == ("LLM", None)
    assert (other_version.span_id, other_version.metadata) == (one.span_id, {"version": "8"})


def test_what_is_no_span_is_left_out_and_counted(score: Make) -> None:
    server = Phoenix()
    with serving(server) as url:
        sent = receiver("phoenix", url).send([score(1), score(2, request_id="chatcmpl-1")])
    assert (sent.n, sent.left_out, len(server.annotations)) == (1, 1, 1)


def test_a_wrong_key_is_told(score: Make) -> None:
    with serving(Phoenix(key="secret")) as url, pytest.raises(ExportError, match="status 401"):
        receiver("phoenix", url).send([score()])
