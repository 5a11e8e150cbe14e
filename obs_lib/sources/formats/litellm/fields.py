"""One StandardLoggingPayload of LiteLLM as native fields.

`response_time` is never read: it is the time to the first token when the call streamed. What a failed call reports as 0
(tokens, cost) is not known, and neither is the cost of a model that LiteLLM has no price for.
"""

from __future__ import annotations

from typing import Any

from obs_lib.sources.error_kinds import error_kind
from obs_lib.sources.finish import finish_reason
from obs_lib.sources.formats.messages import answer_of, finish_in, has_unknown_part, prompt_of
from obs_lib.sources.formats.parse import embedded, mapping, milliseconds, moment, number
from obs_lib.sources.formats.tags import Tags, add_labels, add_scalars
from obs_lib.sources.formats.tool_use import tool_use
from obs_lib.sources.formats.usage import richer, settled, usage_of
from obs_lib.sources.repair import UNKNOWN_PART

Payload = dict[str, Any]

_ANSWERED = ("choices", "output", "content", "candidates", "message", "generations", "completion")
_REDACTED = "redacted-by-litellm"  # written for every text where message logging is turned off
_RAISED = ("guardrail_intervened", "guardrail_flagged")
_USERS = ("user_api_key_end_user_id", "user_api_key_user_id")
_LABELS = {
    "team": ("user_api_key_team_alias", "team_alias", "user_api_key_team_id", "team_id"),
    "key_alias": ("user_api_key_alias",),
    "organization": ("user_api_key_org_alias", "user_api_key_org_id"),
    "project": ("user_api_key_project_alias", "user_api_key_project_id"),
}


def interaction(payload: Payload) -> dict[str, Any]:
    """The native fields of one call, without those that it says nothing about."""
    metadata = mapping(payload.get("metadata"))
    start, end = moment(payload["startTime"]), moment(payload.get("endTime"))
    error, kind = failure(payload)
    response = _body(payload.get("response"))
    fields = {
        "request_id": payload.get("id"),
        "timestamp": start.isoformat() if start else payload["startTime"],
        "user_id": _user(payload, metadata),
        "session_id": payload.get("session_id") or None,
        "trace_id": payload.get("trace_id") or None,
        "model_version": payload.get("model") or None,
        "provider": payload.get("custom_llm_provider") or None,
        "prompt_version": mapping(metadata.get("prompt_management_metadata")).get("prompt_id"),
        "prompt": _prompt(payload.get("messages")),
        "contexts": contexts(payload),
        "response": _answer(response),
        "total_latency_ms": milliseconds(start, end),
        "ttft_ms": _ttft_ms(payload),
        "finish_reason": finish_reason(finish_in(response)),
        "safety_flags": _safety_flags(payload),
        "error": error,
        "error_kind": kind,
        "cost_usd": _cost(payload, failed=error is not None),
        "tags": _tags(payload, metadata) or None,
    }
    fields |= _tokens(payload, metadata, failed=error is not None)
    fields |= tool_use(payload.get("model_parameters"), response)
    if has_unknown_part(response):
        fields["repairs"] = [*fields.get("repairs", ()), UNKNOWN_PART]
    return {name: value for name, value in fields.items() if value is not None}


def failure(payload: Payload) -> tuple[str | None, str | None]:
    """(error, its kind) of a failed call; (None, None) for any other."""
    if payload.get("status") != "failure":
        return None, None
    information = mapping(payload.get("error_information"))
    messages = (payload.get("error_str"), information.get("error_message"), information.get("error_class"))
    error = next((text for text in messages if isinstance(text, str) and text), "failure")
    name, status = information.get("error_class"), number(information.get("error_code"))
    known = name if isinstance(name, str) and name else None
    return error, error_kind(known, None if status is None else int(status), error) or "other"


def vector_stores(payload: Payload) -> list[Any]:
    """What was asked of vector stores for the call."""
    requests = mapping(payload.get("metadata")).get("vector_store_request_metadata")
    return requests if isinstance(requests, list) else []


def contexts(payload: Payload) -> list[dict[str, Any]] | None:
    """What vector stores contexts for the call, as native `contexts`; None where none was asked."""
    contexts, asked = [], False
    for request in map(mapping, vector_stores(payload)):
        results = mapping(request.get("vector_store_search_response")).get("data")
        for result in map(mapping, results if isinstance(results, list) else ()):
            parts = result.get("content")
            texts = [mapping(part).get("text") for part in (parts if isinstance(parts, list) else ())]
            text = "\n".join(text for text in texts if isinstance(text, str) and text)
            name = result.get("file_id") or result.get("filename")
            if text:
                score = number(result.get("score"))
                contexts.append({"id": name if isinstance(name, str) else None, "text": text, "score": score})
        asked = asked or isinstance(results, list)
    return contexts if asked else None


def _prompt(messages: Any) -> Any:
    prompt = prompt_of(messages) if messages else None
    texts = [message["content"] for message in prompt] if isinstance(prompt, list) else [prompt]
    return None if all(text in (None, _REDACTED) for text in texts) else prompt


def _answer(response: Any) -> str | None:
    answer = answer_of(response) if response else None
    return None if answer == _REDACTED or response == {"text": _REDACTED} else answer


def answers(response: Any) -> str | None:
    """The answer of a body that holds one in a shape that is known; None for any other body."""
    body = _body(response)
    return answer_of(body) if any(mapping(body).get(name) for name in _ANSWERED) else None


def _body(response: Any) -> Any:
    """The response, also where a route that is passed through has it as JSON text."""
    body = embedded(response)
    return body if any(mapping(body).get(name) for name in _ANSWERED) else response


def _user(payload: Payload, metadata: Payload) -> Any:
    """The person: the end user that the caller names, before the user that owns the key."""
    named = (payload.get("end_user"), metadata.get(_USERS[0]), mapping(payload.get("model_parameters")).get("user"))
    return next((name for name in (*named, metadata.get(_USERS[1])) if name), None)


def _ttft_ms(payload: Payload) -> float | None:
    """Start to first token, of a call that streamed; of others LiteLLM writes the end for it."""
    start, end = moment(payload["startTime"]), moment(payload.get("endTime"))
    first = moment(payload.get("completionStartTime"))
    if payload.get("stream") is not True or first is None or (end is not None and first >= end):
        return None
    return milliseconds(start, first)


def _tokens(payload: Payload, metadata: Payload, *, failed: bool) -> dict[str, Any]:
    if failed and not payload.get("total_tokens"):
        return {}
    usage = mapping(metadata.get("usage_object")) or mapping(mapping(payload.get("response")).get("usage"))
    beside, _ = usage_of(usage)
    counts = {"input_tokens": payload.get("prompt_tokens"), "output_tokens": payload.get("completion_tokens")}
    told, repairs = richer(counts, beside)
    settled_counts, more = settled(told)
    return settled_counts | {"repairs": [*repairs, *more]}


def _cost(payload: Payload, *, failed: bool) -> float | None:
    cost = number(payload.get("response_cost"))
    if cost is None:
        cost = number(mapping(payload.get("cost_breakdown")).get("total_cost"))
    unpriced = payload.get("zero_cost_diagnostic") or payload.get("response_cost_failure_debug_info")
    return None if cost == 0 and (failed or unpriced) else cost


def _safety_flags(payload: Payload) -> list[str] | None:
    """What guardrails blocked or flagged: their categories, else their names. [] where all passed, None where none ran."""
    ran = payload.get("guardrail_information")
    checks = [mapping(item) for item in (ran if isinstance(ran, list) else [ran])]
    checks = [item for item in checks if item.get("guardrail_status") not in (None, "not_run")]
    if not checks:
        return None
    flags: list[str] = []
    for item in checks:
        if item["guardrail_status"] in _RAISED:
            categories = item.get("violation_categories")
            named = [
                name for name in (categories if isinstance(categories, list) else ()) if isinstance(name, str) and name
            ]
            flags += named or [str(item.get("guardrail_name") or "guardrail")]
    return list(dict.fromkeys(flags))


def _tags(payload: Payload, metadata: Payload) -> Tags:
    tags: Tags = {}
    add_labels(tags, payload.get("request_tags"))
    add_scalars(tags, {"route": payload.get("model_group")})
    for tag, names in _LABELS.items():
        add_scalars(tags, {tag: next((metadata[name] for name in names if metadata.get(name)), None)})
    if payload.get("cache_hit") is True:
        add_scalars(tags, {"cache_hit": True})
    for name in ("requester_metadata", "spend_logs_metadata"):
        add_scalars(tags, metadata.get(name))
    return tags
