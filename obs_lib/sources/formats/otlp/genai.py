"""OpenTelemetry GenAI attributes and events, to the fields of the native log format.

Three generations are in the field at once: 1.36 and older (`gen_ai.system`, content in events), 1.41, and the conventions'
own repository, https://github.com/open-telemetry/semantic-conventions-genai. Names are disjoint, so all are looked up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from obs_lib.sources.finish import finish_reason
from obs_lib.sources.formats.langchain import plain_message
from obs_lib.sources.formats.messages import (
    Message,
    answer_of,
    finish_in,
    has_unknown_part,
    messages_of,
    prompt_of,
    text_of,
)
from obs_lib.sources.formats.model_calls import answers_in_text, is_answering
from obs_lib.sources.formats.otlp.any_value import Attributes
from obs_lib.sources.formats.otlp.attribute_values import captured, first, indexed, milliseconds, number, text
from obs_lib.sources.formats.otlp.encoding import Record
from obs_lib.sources.formats.parse import embedded
from obs_lib.sources.formats.parse import number as plain
from obs_lib.sources.formats.tool_use import tool_use
from obs_lib.sources.formats.usage import COUNTED, settled

DETAILS = "gen_ai.client.inference.operation.details"
"""The event that carries a whole request: the span's attributes with the content beside them."""

EVALUATION = "gen_ai.evaluation.result"

_MESSAGE = re.compile(r"gen_ai\.(\w+)\.message")
_OLD_PROMPT, _OLD_ANSWER = "gen_ai.content.prompt", "gen_ai.content.completion"
_OPERATIONS = ("gen_ai.operation.name", "llm.request.type")  # the latter is OpenLLMetry's and LiteLLM's
_SYSTEM = ("gen_ai.system_instructions",)
_ASKED = ("gen_ai.input.messages", "gen_ai.request.messages")
_SAID = ("gen_ai.output.messages", "gen_ai.response.text")
_FINISHED = ("gen_ai.response.finish_reasons", "gen_ai.response.finish_reason")
_CALLED = ("gen_ai.response.tool_calls",)
_PROMPT, _COMPLETION = "gen_ai.prompt", "gen_ai.completion"
_CONTENT = (*_ASKED, *_SAID, _PROMPT, _COMPLETION)
_FLAT_CONTENT = ("gen_ai.prompt.0.content", "gen_ai.completion.0.content", "gen_ai.completion.0.finish_reason")

_TEXTS = {
    "session_id": ("gen_ai.conversation.id", "session.id", "traceloop.association.properties.session_id"),
    "user_id": (
        "user.id",
        "enduser.id",
        "traceloop.association.properties.user_id",
        "llm.user",
        "metadata.user_api_key_end_user_id",
        "metadata.user_api_key_user_id",
    ),
    "model_version": ("gen_ai.response.model", "gen_ai.request.model"),
    "provider": ("gen_ai.provider.name", "gen_ai.system"),
    "prompt_version": ("gen_ai.prompt.version",),
}
_NUMBERS = {
    "input_tokens": ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "gen_ai.response.prompt_tokens"),
    "output_tokens": (
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.completion_tokens",
        "gen_ai.response.completion_tokens",
    ),
    "cached_input_tokens": (
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens",
        *("gen_ai.usage.cached_tokens", "gen_ai.usage.input_tokens.cached", "gen_ai.usage.experimental.cached_tokens"),
        "gen_ai.usage.prompt_tokens_details.cached_tokens",
        # pydantic-ai's details, in the provider's own words
        "gen_ai.usage.details.cache_read_tokens",
        "gen_ai.usage.details.cache_read_input_tokens",
        "gen_ai.usage.details.cached_tokens",
        "gen_ai.usage.details.cached_content_tokens",
    ),
    "reasoning_tokens": (
        *("gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens", "llm.usage.reasoning_tokens"),
        *("gen_ai.usage.output_tokens.reasoning", "gen_ai.usage.completion_tokens_details.reasoning_tokens"),
        *("gen_ai.usage.details.reasoning_tokens", "gen_ai.usage.details.thoughts_tokens"),
        "gen_ai.usage.experimental.reasoning_tokens",
    ),
    "cost_usd": ("gen_ai.cost.total_cost", "operation.cost", "gen_ai.usage.cost", "gen_ai.usage.total_cost"),
}
_WRITTEN = (
    *("gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens"),
    *("gen_ai.usage.cache_creation_input_tokens", "gen_ai.usage.cache_write_input_tokens"),
    *("gen_ai.usage.details.cache_write_tokens", "gen_ai.usage.input_tokens.cache_write"),
    "llm.token_count.prompt_details.cache_write",
)
_TOTAL = ("gen_ai.usage.total_tokens", "llm.usage.total_tokens", "llm.token_count.total")
_BESIDE = "gen_ai.usage.experimental.reasoning_tokens"
"""Google ADK's first name for what Gemini thought, which it counts beside the output; the name after it is inside."""
_COUNTS = (*_NUMBERS["input_tokens"], *_NUMBERS["output_tokens"])
_SECONDS = {
    # Names of `latency` are of vLLM's server spans.
    "ttft_ms": (
        *("gen_ai.response.time_to_first_chunk", "gen_ai.latency.time_to_first_token"),
        "gen_ai.response.time_to_first_token",
    ),
    "prefill_ms": ("gen_ai.latency.time_in_model_prefill",),
    "decode_ms": ("gen_ai.latency.time_in_model_decode",),
}
_OF_A_SERVER = ("gen_ai.latency.time_to_first_token", "gen_ai.latency.e2e")
"""What servers of one model (vLLM, SGLang) write of a request, whose model they need not name."""
_AGENTS = ("gen_ai.agent.name", "agent_name")  # the latter is pydantic-ai's
_AGENT_MODELS = (*_TEXTS["model_version"], "model_name")
_AGENT_ANSWERS = (
    *("gen_ai.output.messages", "gen_ai.completion", "gen_ai.completion.0.content"),
    *("final_result", "pydantic_ai.all_messages", "all_messages_events"),
)
_TOOLS = ("gen_ai.tool.definitions", "gen_ai.request.available_tools", "gen_ai.request.tools")
_OUTPUT_TYPES = ("gen_ai.output.type", "gen_ai.openai.request.response_format")
DOCUMENTS = "gen_ai.retrieval.documents"

NAMES: Mapping[str, tuple[str, ...]] = {
    **_TEXTS,
    **_NUMBERS,
    **_SECONDS,
    "prompt": (*_SYSTEM, *_ASKED, _PROMPT),
    "messages": (*_ASKED, _PROMPT),
    "response": (*_SAID, _COMPLETION),
    "tool_calls": (*_SAID, _COMPLETION, *_CALLED),
    "tools": _TOOLS,
    "contexts": (DOCUMENTS,),
    "finish_reason": _FINISHED,
    "expected_format": _OUTPUT_TYPES,
    "safety_flags": (),
}
"""By field: the attributes that it is read from, the first that has something first."""


def is_llm(attributes: Attributes) -> bool | None:
    """Whether the attributes are of a call to a model that answers in text; None where the conventions say nothing."""
    named = [str(attributes[name]) for name in _OPERATIONS if attributes.get(name) not in (None, "")]
    if any(map(is_answering, named)):
        return True
    verdict = next((known for name in named if (known := answers_in_text(name)) is not None), None)
    if verdict is False:
        return False
    has_model = first(attributes, (*_TEXTS["model_version"], *_OF_A_SERVER)) is not None
    return True if has_model and (verdict or _carries_a_call(attributes)) else None


def is_whole_agent(attributes: Attributes) -> bool:
    """Whether an agent's own span carries all that a call does: tokens, a model and what was answered.

    Where nobody writes the calls inside it, it is all that there is of them.
    """
    operation = attributes.get("gen_ai.operation.name")
    is_agent = operation == "invoke_agent" or (operation is None and first(attributes, _AGENTS) is not None)
    named, counted, answered = (first(attributes, names) for names in (_AGENT_MODELS, _COUNTS, _AGENT_ANSWERS))
    return is_agent and None not in (named, counted, answered)


def usage(attributes: Attributes, native: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The token counts of a span, cached tokens and reasoning among the rest, and the repairs that it took.

    native : the counts as they were read.
    """
    written, total = (number(first(attributes, names)) for names in (_WRITTEN, _TOTAL))
    known = {name: native.get(name) for name in COUNTED}
    return settled(known, written=plain(written), total=plain(total), reasoning_beside=bool(attributes.get(_BESIDE)))


def _carries_a_call(attributes: Attributes) -> bool:
    """Tokens that were counted, or texts."""
    return first(attributes, (*_COUNTS, *_CONTENT, *_FLAT_CONTENT)) is not None


def answered_with_unknown_parts(attributes: Attributes) -> bool:
    """Whether parts of the answer are of no known kind."""
    return has_unknown_part(embedded(attributes.get("gen_ai.output.messages")))


def is_content(record: Record) -> bool:
    """Whether an event carries what was asked or answered."""
    return record.name in (DETAILS, "gen_ai.choice", _OLD_PROMPT, _OLD_ANSWER) or bool(_MESSAGE.fullmatch(record.name))


def identity(attributes: Attributes) -> dict[str, Any]:
    """The fields that say whose request it was and which versions served it."""
    return {name: text(value) for name, names in _TEXTS.items() if (value := first(attributes, names)) is not None}


def fields(attributes: Attributes, events: Iterable[Record]) -> dict[str, Any]:
    """The native fields that are said; events come in the order of their times."""
    events = list(events)
    native: dict[str, Any] = identity(attributes)
    native |= {name: number(first(attributes, names)) for name, names in _NUMBERS.items()}
    native |= {name: milliseconds(first(attributes, names)) for name, names in _SECONDS.items()}
    native["prompt"] = _with_system(attributes, _prompt(attributes, events))
    choice = _choice(attributes, events)
    native |= {"response": _answer(choice), "finish_reason": _finish(attributes, choice)}
    native |= tool_use({"tools": first(attributes, _TOOLS)}, choice)
    if str(first(attributes, _OUTPUT_TYPES)).startswith("json"):
        native["expected_format"] = "json"
    return {name: value for name, value in native.items() if value is not None}


def _prompt(attributes: Attributes, events: list[Record]) -> str | list[Message] | None:
    whole = embedded(first(attributes, _ASKED))
    if whole is None:
        whole = _flat(attributes, _PROMPT) or embedded(attributes.get(_PROMPT))
    if whole is None:
        whole = next((embedded(event.attributes.get(_PROMPT)) for event in events if event.name == _OLD_PROMPT), None)
    if whole:
        asked = prompt_of(whole)
        return captured(asked) if isinstance(asked, list) else asked
    messages = [
        message
        for event in events
        if (match := _MESSAGE.fullmatch(event.name))
        for message in messages_of(_event_message(match[1], event))
    ]
    return captured(messages)


def _flat(attributes: Attributes, prefix: str) -> list[Any]:
    """Messages in indexed attributes; where their content is a list of parts, it is written as JSON text."""
    return [_with_parts(item) if isinstance(item, dict) else item for item in indexed(attributes, prefix)]


def _with_parts(message: dict[str, Any]) -> dict[str, Any]:
    decoded = embedded(message.get("content"))
    typed = isinstance(decoded, list) and decoded and all(isinstance(part, dict) and "type" in part for part in decoded)
    return {**message, "content": decoded} if typed else message


def _with_system(attributes: Attributes, asked: str | list[Message] | None) -> str | list[Message] | None:
    """System instructions that stand apart from the messages, as the first message."""
    instructions = embedded(first(attributes, _SYSTEM))
    system = instructions if isinstance(instructions, str) else text_of({"parts": instructions})
    if not system:
        return asked
    rest = [{"role": "user", "content": asked}] if isinstance(asked, str) else asked or []
    return [{"role": "system", "content": system}, *rest]


def _choice(attributes: Attributes, events: list[Record]) -> Any:
    """The first choice: a message, in most shapes."""
    whole = embedded(first(attributes, _SAID))
    if whole is None:
        whole = _flat(attributes, _COMPLETION) or embedded(attributes.get(_COMPLETION))
    if whole is None:
        whole = next(
            (embedded(event.attributes.get(_COMPLETION)) for event in events if event.name == _OLD_ANSWER), None
        )
    if whole is None and (called := embedded(first(attributes, _CALLED))):
        whole = {"role": "assistant", "tool_calls": called}
    whole = plain_message(whole)
    choice = whole[0] if isinstance(whole, list) and whole and not _is_parts(whole) else whole
    if not choice:
        choices = [_event_message("assistant", event) for event in events if event.name == "gen_ai.choice"]
        choice = min(choices, key=_place, default=None)
    return choice


def _answer(choice: Any) -> str | None:
    return text_of(choice) if _is_message(choice) else answer_of(choice)


def _finish(attributes: Attributes, choice: Any) -> str | None:
    reason = embedded(first(attributes, _FINISHED))
    return finish_reason(reason) or finish_reason(finish_in(choice))


def _is_parts(whole: list[Any]) -> bool:
    """A list that is one message's content rather than choices."""
    return not any(isinstance(item, dict) and {"role", "message", "index"}.intersection(item) for item in whole)


def _is_message(choice: Any) -> bool:
    return isinstance(choice, dict) and isinstance(choice.get("role"), str)


def _event_message(role: str, event: Record) -> dict[str, Any]:
    """The body of a message event; older span events have it as JSON in an attribute, or spread over attributes."""
    body = embedded(event.body) if event.body is not None else embedded(event.attributes.get("gen_ai.event.content"))
    if body is None:
        body = {name: embedded(value) for name, value in event.attributes.items()}
    if not isinstance(body, dict):
        return {"role": role, "content": body}
    content = embedded(body.get("content"))
    if isinstance(content, dict) and isinstance(content.get("parts"), list):  # Gemini's, as ADK writes it
        body = {**body, "content": content["parts"]}
    inner = embedded(body.get("message"))  # of a choice
    if isinstance(inner, dict):
        body = {**{name: value for name, value in body.items() if name != "message"}, **inner}
    elif isinstance(inner, (str, list)):
        body = {**body, "content": inner}
    return {**body, "role": body["role"] if isinstance(body.get("role"), str) else role}


def _place(choice: dict[str, Any]) -> int:
    index = number(choice.get("index"))
    return index if type(index) is int else 0
