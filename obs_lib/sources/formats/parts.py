"""What stands inside one message, in any client's shape: texts, tool calls, results of tools, and what has no text.

A part is recognised by its type; Bedrock's and Gemini's have none and are recognised by their only key.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from obs_lib.sources.formats.parse import embedded

TEXTS = (None, "text", "input_text", "output_text", "refusal")
CALLS = (
    *("tool_call", "tool_use", "function_call", "server_tool_call", "custom_tool_call", "mcp_call", "tool-call"),
    *("server_tool_use", "builtin-tool-call", "non_standard_tool_call", "tool_search_call"),
)
RESULTS = (
    *("tool_result", "tool_call_response", "function_call_output", "server_tool_call_response", "tool-result"),
    *("custom_tool_call_output", "tool-return", "builtin-tool-return", "web_search_tool_result"),
)
SILENT = (
    *("reasoning", "thinking", "redacted_thinking", "reasoning_content", "step-start", "source", "item_reference"),
    *("image", "image_url", "input_image", "image-url", "audio", "input_audio", "output_audio", "video", "video_url"),
    *("file", "input_file", "document", "blob", "uri", "binary", "media", "computer_call", "computer_call_output"),
    *("web_search_call", "file_search_call", "image_generation_call", "code_interpreter_call", "mcp_list_tools"),
    *("local_shell_call", "local_shell_call_output", "mcp_approval_request", "mcp_approval_response", "compaction"),
    *("code_execution_result", "executable_code", "guardContent", "generic"),
)
"""Types of parts that are known and hold no text of the conversation."""

_CALL_KEYS = ("functionCall", "function_call", "toolUse")
_RESULT_KEYS = ("functionResponse", "function_response", "toolResult")
_RESULT_TEXTS = ("content", "response", "result", "output")


def is_known(part: Any) -> bool:
    """Whether the part's type is one of ours, or it has none."""
    kind = part.get("type") if isinstance(part, dict) else None
    return not isinstance(kind, str) or kind in (*TEXTS, *CALLS, *RESULTS, *SILENT, "message")


def is_call(part: Any) -> bool:
    """Whether the part calls a tool."""
    return isinstance(part, dict) and (part.get("type") in CALLS or _key(part, _CALL_KEYS) is not None)


def is_result(part: Any) -> bool:
    """Whether the part is what a tool gave back."""
    return isinstance(part, dict) and (part.get("type") in RESULTS or _key(part, _RESULT_KEYS) is not None)


def result_of(part: dict[str, Any]) -> Any:
    """What a tool gave back."""
    held = _key(part, _RESULT_KEYS)
    inner = part[held] if held else part
    given = next((inner[name] for name in _RESULT_TEXTS if inner.get(name) is not None), None)
    if isinstance(given, dict) and given.keys() == {"type", "value"}:  # Vercel's
        return given["value"]
    return given


def calls_in(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every tool call of a message, as {name, arguments}."""
    if item.get("type") in CALLS:
        yield _call(item)
    if isinstance(item.get("function_call"), dict):
        yield _call(item["function_call"])
    for name in ("tool_calls", "content", "parts"):
        parts = item.get(name)
        for part in parts if isinstance(parts, list) else ():
            if not isinstance(part, dict):
                continue
            inner = part.get("function", next((part[key] for key in _CALL_KEYS if key in part), None))
            if isinstance(inner, dict):
                yield _call(inner)
            elif name == "tool_calls" or part.get("type") in CALLS:
                yield _call(part)


def _call(item: dict[str, Any]) -> dict[str, Any]:
    given = next((item[name] for name in ("arguments", "input", "args") if item.get(name) is not None), None)
    if isinstance(given, str):
        given = embedded(given)  # text where the answer was cut in the middle of the object
    return {"name": item.get("name") or item.get("toolName") or item.get("tool_name"), "arguments": given}


def _key(part: dict[str, Any], names: tuple[str, ...]) -> str | None:
    return next((name for name in names if isinstance(part.get(name), dict)), None)
