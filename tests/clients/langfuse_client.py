"""Makes traces with the Langfuse SDK: by hand, and through its wrapper of the OpenAI client.

    python langfuse_client.py LANGFUSE_URL OPENAI_URL

Prints one JSON object an interaction: what was given to the SDK, by the name of the observation.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import time
from typing import Any

os.environ.update(
    LANGFUSE_PUBLIC_KEY="pk-lf-test", LANGFUSE_SECRET_KEY="sk-lf-test", LANGFUSE_MEDIA_UPLOAD_ENABLED="false"
)

MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Where is the parliament?"}]
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}


def main(langfuse_url: str, openai_url: str) -> None:
    os.environ["LANGFUSE_BASE_URL"] = langfuse_url
    from langfuse import Langfuse, propagate_attributes

    langfuse = Langfuse(environment="staging", release="r42", flush_at=1)
    with (
        langfuse.start_as_current_observation(name="answer question", as_type="span", input={"question": "Where?"}),
        propagate_attributes(
            user_id="user-3",
            session_id="session-5",
            tags=["team:search", "beta"],
            trace_name="support chat",
            metadata={"country": "ch", "tier": "7"},
            version="v9",
        ),
    ):
        with langfuse.start_as_current_observation(name="look up", as_type="retriever", input="parliament") as step:
            time.sleep(0.02)
            step.update(
                output=[{"id": "d1", "text": "The parliament sits in Bern.", "score": 0.9}, {"text": "Bern is a city."}]
            )
        told = {
            "output": {"role": "assistant", "content": "In Bern."},
            "usage": {"input": 30, "input_cached_tokens": 10, "output": 4},
        }
        with langfuse.start_as_current_observation(
            name="by hand",
            as_type="generation",
            model="gpt-4o-mini-2024-07-18",
            model_parameters={"temperature": 0.1},
            input=MESSAGES,
            prompt=_prompt(),
        ) as call:
            time.sleep(0.03)
            first = dt.datetime.now(dt.UTC)
            time.sleep(0.02)
            call.update(
                output=told["output"],
                completion_start_time=first,
                usage_details=told["usage"],
                cost_details={"input": 0.25, "output": 0.5, "total": 0.75},
                metadata={"attempt": 2, "labels": {"deep": 1}},
            )
        _print("by hand", text="In Bern.", first=first.isoformat())
        with langfuse.start_as_current_observation(name="pii check", as_type="guardrail", input="In Bern.") as guard:
            guard.update(output={"passed": True})
    with langfuse.start_as_current_observation(
        name="failing", as_type="generation", model="gpt-4o", input="plain question"
    ) as call:
        call.update(level="ERROR", status_message="Request timed out.")
    _print("failing", error="Request timed out.")
    _through_openai(openai_url)
    langfuse.flush()
    langfuse.shutdown()


def _through_openai(openai_url: str) -> None:
    from langfuse.openai import OpenAI

    client = OpenAI(base_url=openai_url, api_key="sk-test-secret-key", max_retries=0)
    for name, text, more in (
        ("openai whole", "say four words to you", {}),
        ("openai streamed", "say a streamed answer here", {"stream": True, "stream_options": {"include_usage": True}}),
        ("openai tool", "use weather", {"tools": [WEATHER]}),
        ("openai tool streamed", "use weather", {"tools": [WEATHER], "stream": True}),
        ("openai failing", "fail 429", {}),
    ):
        messages: list[dict[str, Any]] = [{"role": "user", "content": text}]
        try:
            answer = client.chat.completions.create(model="gpt-4o-mini", messages=messages, name=name, **more)
            _print(name, text=_text(answer, streamed=bool(more.get("stream"))))
        except Exception as error:  # noqa: BLE001 - what the caller sees is what is compared
            _print(name, error=type(error).__name__)


def _text(answer: Any, *, streamed: bool) -> str | None:
    if not streamed:
        return answer.choices[0].message.content
    deltas = [chunk.choices[0].delta.content or "" for chunk in answer if chunk.choices]
    return "".join(deltas) or None


def _prompt() -> Any:
    from langfuse.api.prompts import Prompt_Text
    from langfuse.model import TextPromptClient

    return TextPromptClient(
        Prompt_Text(
            name="greeting", version=3, prompt="Be brief.", config={}, labels=[], tags=[], type="text", is_active=True
        )
    )


def _print(name: str, **said: Any) -> None:
    print(json.dumps({"name": name, **said}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
