"""What people build agents with makes real calls, each library in a process of its own: what is read equals what was said."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from obs_lib.lake.tables import INTERACTIONS
from obs_lib.sources.entries import Entry, Row
from obs_lib.sources.formats.otlp.format import OtlpFormat
from obs_lib.sources.stages import StageNames
from obs_lib.sources.validate import Limits, check
from tests.clients import openai_server
from tests.clients.openai_server import Answer, Exchange, OpenAIServer

pytestmark = [pytest.mark.server, pytest.mark.slow]
CLIENTS = Path(openai_server.__file__).parent
INSTALLED = Path(os.environ.get("OBS_CLIENTS") or Path.home() / ".cache" / "obs-clients")
PYTHON, NODE = INSTALLED / "python" / "bin" / "python", INSTALLED / "node"
ANSWERS = {
    "Is it open?": Answer(
        ("Until ", "six."), prompt_tokens=21, completion_tokens=7, cached_tokens=5, reasoning_tokens=2
    ),
    "Weather in Oslo?": Answer(
        (), (("weather", '{"city":"Oslo"}'),), "tool_calls", prompt_tokens=30, completion_tokens=9
    ),
    "-3 degrees in Oslo": Answer(("Cold.",), prompt_tokens=44, completion_tokens=2),
    '{"result": "-3 degrees in Oslo"}': Answer(("Cold.",), prompt_tokens=44, completion_tokens=2),  # as ADK hands it on
}
LACKS = {"strands": {"reasoning_tokens"}, "google-adk": {"finish_reason", "output_tokens"}}
"""What a library does not write down, or writes otherwise: ADK says STOP of calls, and adds reasoning that OpenAI counts in."""


def are_installed(libraries: Path) -> bool:
    """Whether the libraries are there, and are those that are asked for now."""
    told = INSTALLED / "installed"
    wanted = "".join((CLIENTS / name).read_text() for name in ("agents.txt", "package.json"))
    return libraries.exists() and told.exists() and told.read_text().strip() == wanted.strip()


@pytest.mark.skipif(
    not are_installed(PYTHON), reason="no libraries of agents, or older ones: `make clients` installs them"
)
@pytest.mark.parametrize(
    "library",
    [
        *("pydantic-ai-2", "pydantic-ai-4", "pydantic-ai-5", "pydantic-ai-6", "strands", "langchain"),
        *("mlflow", "google-adk"),
    ],
)
def test_what_python_libraries_log_is_what_was_said(library: str, checkout: Path, tmp_path: Path) -> None:
    out = tmp_path / "spans.jsonl"
    with OpenAIServer(ANSWERS) as openai:
        run([str(PYTHON), "-m", "tests.clients.agents_client", library, openai.url, str(out)], checkout)
    assert_read(out, openai.exchanges, 2 if library in ("langchain", "mlflow") else 3, LACKS.get(library, set()))


@pytest.mark.skipif(
    not are_installed(NODE / "node_modules"),
    reason="no libraries of agents for node, or older ones: `make clients` installs them",
)
def test_what_vercels_sdk_logs_is_what_was_said(tmp_path: Path) -> None:
    out, script = tmp_path / "spans.jsonl", NODE / "agents_client.mjs"
    shutil.copy(CLIENTS / script.name, script)  # packages are looked for beside it
    with OpenAIServer(ANSWERS) as openai:
        run(["node", str(script), openai.url, str(out)], tmp_path)
    records = assert_read(out, openai.exchanges, 4, set())
    assert {(record["user_id"], record["session_id"]) for record in records} == {("user-7", "session-9")}
    assert [record["ttft_ms"] is not None for record in records] == [False, False, False, True]
    assert {json.loads(record["tags"])["route"] for record in records} == {"shop"}


def run(command: list[str], folder: Path) -> None:
    """Nothing but loopback can be reached: any proxy is a closed port."""
    ways = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    environment = {**os.environ, **ways, "no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def assert_read(out: Path, exchanges: list[Exchange], n: int, lacking: set[str]) -> list[dict[str, Any]]:
    """As many interactions as calls, in their order, each with what was asked, answered and counted."""
    entries = [Entry(out.name, number, raw) for number, raw in enumerate(out.read_bytes().splitlines(), start=1)]
    items = list(OtlpFormat(StageNames()).read(entries))
    assert all(isinstance(item, Row) for item in items)
    rows = [item for item in items if isinstance(item, Row) and item.table is INTERACTIONS]
    records = sorted((check(row.table, row.fields, Limits()) for row in rows), key=lambda record: record["timestamp"])
    assert len(records) == len(exchanges) == n
    assert all(row.half_read is None for row in rows)
    for record, exchange in zip(records, exchanges, strict=True):
        answer = exchange.answer
        asked = [message for message in exchange.request["messages"] if message["role"] == "user"]
        assert record["prompt"] == text_of(asked[-1]["content"])
        roles = [message["role"] for message in json.loads(record["messages"])]
        assert roles == [message["role"].replace("developer", "system") for message in exchange.request["messages"]]
        calls = [{"arguments": json.loads(arguments), "name": name} for name, arguments in answer.tool_calls]
        assert record["response"] == (answer.text or json.dumps(calls, separators=(",", ":")))
        assert json.loads(record["tool_calls"] or "[]") == calls
        if "finish_reason" not in lacking:
            assert record["finish_reason"] == answer.finish_reason.replace("tool_calls", "tool_call")
        assert record["input_tokens"] == answer.prompt_tokens
        added = answer.reasoning_tokens if "output_tokens" in lacking else 0
        assert record["output_tokens"] == answer.completion_tokens + added
        assert (record["cached_input_tokens"] or 0) == answer.cached_tokens
        if "reasoning_tokens" not in lacking:
            assert (record["reasoning_tokens"] or 0) == answer.reasoning_tokens
        assert record["model_version"].removeprefix("openai/").startswith("gpt-4o")
        assert record["total_latency_ms"] > 0
        assert "sk-test-secret-key" not in str(record)
    return records


def text_of(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)
