"""Makes calls through LiteLLM and writes each StandardLoggingPayload as a line, as LiteLLM's own file loggers do.

    python litellm_client.py BASE_URL OUT

Prints one JSON object a call: what was asked for and what the caller got back.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

os.environ.update(LITELLM_LOCAL_MODEL_COST_MAP="True", LITELLM_TELEMETRY="False", LITELLM_LOG="ERROR")

import litellm
from litellm.integrations.custom_logger import CustomLogger
from litellm.litellm_core_utils.safe_json_dumps import safe_dumps

litellm.telemetry = False
litellm.suppress_debug_info = True

WEATHER = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}
CALLS: list[dict[str, Any]] = [
    {"text": "say four words to you"},
    {"text": "say a streamed answer here", "stream": True},
    {"text": "use weather", "tools": [WEATHER]},
    {"text": "use weather", "tools": [WEATHER], "stream": True},
    {"text": "cut short answer"},
    {"text": "filter this"},
    {"text": "say labelled", "metadata": {"tags": ["env:prod", "beta"], "trace_id": "trace-7"}, "user": "user-9"},
    {"text": "fail 429"},
    {"text": "fail 401"},
    {"text": "fail 500"},
    {"text": "long"},
    {"text": "fail 429", "stream": True},
]


class Writer(CustomLogger):
    """Keeps what LiteLLM hands to every logger."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path, self.n = path, 0

    def log_success_event(self, kwargs: Any, response_obj: Any, start_time: Any, end_time: Any) -> None:
        self._write(kwargs)

    def log_failure_event(self, kwargs: Any, response_obj: Any, start_time: Any, end_time: Any) -> None:
        self._write(kwargs)

    def _write(self, kwargs: Any) -> None:
        payload = kwargs.get("standard_logging_object")
        if payload is None:
            return
        with open(self.path, "a", encoding="utf-8") as out:
            out.write(safe_dumps(payload) + "\n")
        self.n += 1


def main(base_url: str, path: str) -> None:
    writer = Writer(path)
    litellm.callbacks = [writer]
    for n, call in enumerate(CALLS):
        got = _make(base_url, dict(call))
        _wait(lambda n=n: writer.n > n)
        print(json.dumps({**call, **got}), flush=True)
    litellm.embedding(
        model="openai/text-embedding-3-small",
        input=["one"],
        api_base=base_url,
        api_key="sk-test-secret-key",
        max_retries=0,
    )
    _wait(lambda: writer.n > len(CALLS))


def _make(base_url: str, call: dict[str, Any]) -> dict[str, Any]:
    text = call.pop("text")
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}]
    start, first = time.perf_counter(), None
    try:
        answer = litellm.completion(
            model="openai/gpt-4o-mini",
            messages=messages,
            api_base=base_url,
            api_key="sk-test-secret-key",
            num_retries=0,
            max_retries=0,
            **({"stream_options": {"include_usage": True}} if call.get("stream") else {}),
            **call,
        )
        if call.get("stream"):
            chunks = []
            for chunk in answer:
                first = first or time.perf_counter() - start
                chunks.append(chunk)
            answer = litellm.stream_chunk_builder(chunks, messages=messages)
    except Exception as error:  # noqa: BLE001 - what the caller sees is what is compared
        return {"error": type(error).__name__, "total_ms": (time.perf_counter() - start) * 1000}
    message = answer.choices[0].message
    return {
        "id": answer.id,
        "content": message.content,
        "tool_calls": [[call.function.name, call.function.arguments] for call in message.tool_calls or []],
        "finish": answer.choices[0].finish_reason,
        "ttft_ms": None if first is None else first * 1000,
        "total_ms": (time.perf_counter() - start) * 1000,
    }


def _wait(done: Any) -> None:
    """LiteLLM logs from a thread."""
    until = time.monotonic() + 10
    while not done() and time.monotonic() < until:
        time.sleep(0.01)


if __name__ == "__main__":
    main(*sys.argv[1:])
