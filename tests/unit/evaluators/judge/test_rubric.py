"""Rubrics, prompts and token probabilities, without a server."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from obs_lib.errors import ConfigError
from obs_lib.evaluators.judge.options import JudgeOptions
from obs_lib.evaluators.judge.prompt import request_body, shortened
from obs_lib.evaluators.judge.rubric import READY_MADE, Rubric, load_rubric, score_name
from obs_lib.evaluators.judge.verdict import label_probabilities

GOOD: dict[str, Any] = {
    "name": "manners",
    "version": 1,
    "title": "Manners",
    "reads": ["prompt", "response"],
    "labels": {"polite": 1.0, "rude": 0.0},
    "instructions": "Decide.",
}
OPTIONS = JudgeOptions(rubric="relevance", model="m", connection="c")


@pytest.mark.parametrize("name", READY_MADE)
def test_ready_made_rubrics_explain_each_label(name: str) -> None:
    rubric = load_rubric(name)
    assert rubric.name == name
    for label in rubric.labels:
        assert f"\n{label}: " in rubric.instructions
    assert rubric.kind == "pairwise" or max(rubric.labels.values()) == 1.0 > min(rubric.labels.values()) == 0.0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"labels": {"polite": 1.0, "pleasant": 0.0}}, "begin with different letters"),
        ({"labels": {"polite": 1.5, "rude": 0.0}}, "from 0 to 1"),
        ({"labels": {"polite": 1.0, "rude": 1.0}}, "not all the same"),
        ({"labels": {"polite": 1.0}}, "two or more"),
        ({"labels": {"po lite": 1.0, "rude": 0.0}}, "words"),
        ({"labels": {"polite": ".nan", "rude": 0.0}}, "labels"),
        ({"reads": ["prompt", "user_id"]}, "reads"),
        ({"optional": ["contexts"]}, "optional"),
        ({"version": 0}, "version"),
        ({"kind": "pairwise"}, "pairwise"),
        ({"temperature": 1}, "temperature"),
    ],
)
def test_a_rubric_that_is_none_says_why(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(GOOD | change))
    with pytest.raises(ConfigError, match=says) as caught:
        load_rubric(str(path))
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("text", ["!!python/object/apply:os.system ['true']", "a: [", "just words", ""])
def test_what_is_no_yaml_is_refused_and_never_run(tmp_path: Path, text: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError):
        load_rubric(str(path))


@pytest.mark.parametrize(
    "change",
    [{"instructions": "Decide!"}, {"labels": {"rude": 0.0, "polite": 1.0}}, {"version": 2}, {"title": "Other"}],
)
def test_the_digest_names_all_that_is_asked(change: dict[str, Any]) -> None:
    assert Rubric.model_validate(GOOD | change).digest != Rubric.model_validate(GOOD).digest


def test_the_score_s_name_says_which_way_is_good() -> None:
    rubric = Rubric.model_validate(GOOD)
    assert score_name("own", rubric) == "judge:own"
    assert score_name("own", rubric.model_copy(update={"direction": "lower_is_better"})) == "judge_rate:own"
    assert score_name("relevance", rubric) == "relevance"


@pytest.mark.parametrize("name", ["model", "messages", "stream", "seed"])
def test_extra_fields_are_no_way_around_a_setting(name: str) -> None:
    with pytest.raises(ValidationError):
        JudgeOptions(rubric="relevance", model="m", connection="c", extra={name: "x"})


@given(prompt=st.text(max_size=60), response=st.text(max_size=200))
def test_any_text_is_sent_as_it_is_between_marks_that_it_does_not_hold(prompt: str, response: str) -> None:
    body = request_body(load_rubric("relevance"), {"prompt": prompt, "response": response}, OPTIONS)
    assert body == request_body(load_rubric("relevance"), {"prompt": prompt, "response": response}, OPTIONS)
    user = json.loads(json.dumps(body))["messages"][1]["content"]
    mark = user.rpartition("<<<end of response ")[2][:16]
    assert mark not in prompt + response
    sent = user.partition(f"<<<response {mark}>>>\n")[2].partition(f"\n<<<end of response {mark}>>>")[0]
    assert sent == response.encode("utf-8", "replace").decode()


@given(st.text(max_size=300), st.integers(100, 200))
def test_a_long_text_keeps_both_ends(text: str, most: int) -> None:
    short = shortened(text, most)
    assert short == text if len(text) <= most else len(short) < most + 60
    assert short[:50] == text[:50]
    assert short[-50:] == text[-50:]


LABELS = ["relevant", "partial", "off_topic"]


@given(
    st.text(max_size=40),
    st.sampled_from(LABELS),
    st.lists(st.floats(0.01, 1.0), min_size=3, max_size=3),
    st.integers(1, 6),
    st.booleans(),
)
def test_probabilities_are_found_however_the_text_is_cut_into_tokens(
    reason: str, label: str, weights: list[float], size: int, quoted: bool
) -> None:
    content = json.dumps({"reason": reason, "label": label})
    start = content.rindex(f'"{label}"') + (0 if quoted else 1)
    cuts = [*range(0, start, size), start]
    tokens = [content[a:b] for a, b in pairwise(cuts)]
    first = content[start : start + size + quoted]
    after = content[start + len(first) :]
    shares = [weight / sum(weights) for weight in weights]
    top = [
        {"token": ('"' if quoted else "") + other[:size], "logprob": math.log(p)}
        for other, p in zip(LABELS, shares, strict=True)
    ]
    listed = [{"token": token, "logprob": 0.0, "top_logprobs": []} for token in tokens]
    listed += [{"token": first, "logprob": 0.0, "top_logprobs": top}]
    listed += [{"token": after[n : n + 4], "logprob": 0.0, "top_logprobs": []} for n in range(0, len(after), 4)]
    probabilities = label_probabilities({"content": listed}, content, load_rubric("relevance"))
    assert probabilities == pytest.approx(dict(zip(LABELS, shares, strict=True)), abs=1e-5)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["content", "token", "top_logprobs", "logprob"]), inner)
        ),
    )
)
def test_nonsense_for_probabilities_is_none(logprobs: Any) -> None:
    assert label_probabilities(logprobs, '{"reason": "r", "label": "partial"}', load_rubric("relevance")) is None


@pytest.mark.parametrize(
    ("name", "digest"), [("groundedness", "8887eab364c4"), ("toxicity", "2a2a9f5000b2"), ("preference", "eaadc0e39eb8")]
)
def test_digests_stand_so_that_no_verdict_is_paid_for_twice(name: str, digest: str) -> None:
    assert load_rubric(name).digest == digest


def test_a_file_that_says_which_end_is_worse_is_still_read() -> None:
    before = Rubric.model_validate(
        {name: value for name, value in GOOD.items() if name != "direction"} | {"worse": "higher"}
    )
    assert before.direction == "lower_is_better"
    assert before == Rubric.model_validate(GOOD | {"direction": "lower_is_better"})
