"""Every exception of the OpenAI client gets the kind that its name or status says."""

from __future__ import annotations

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.records import ERROR_KINDS
from obs_lib.sources.error_kinds import error_kind

BY_CLASS = {
    openai.APITimeoutError: "timeout",
    openai.APIConnectionError: "connection",
    openai.RateLimitError: "rate_limit",
    openai.AuthenticationError: "auth",
    openai.PermissionDeniedError: "auth",
    openai.BadRequestError: "client",
    openai.NotFoundError: "client",
    openai.ConflictError: "client",
    openai.UnprocessableEntityError: "client",
    openai.InternalServerError: "server",
    openai.ContentFilterFinishReasonError: "content_filter",
}
# LiteLLM's own, by name: importing it here would patch other clients.
BY_NAME = {
    "Timeout": "timeout",
    "ContextWindowExceededError": "context_length",
    "ContentPolicyViolationError": "content_filter",
    "GuardrailRaisedException": "content_filter",
    "ServiceUnavailableError": "server",
    "BadGatewayError": "server",
    "MidStreamFallbackError": "server",
    "BudgetExceededError": "rate_limit",
    "ClientDisconnected": "client",
    "UnsupportedParamsError": "client",
    "httpx.ReadTimeout": "timeout",
    "java.net.UnknownHostException": "connection",
    "context_length_exceeded": "context_length",
    "insufficient_quota": "rate_limit",
    "invalid_api_key": "auth",
    "ValueError": "other",
}


@pytest.mark.parametrize(("kind", "name"), [(kind, cls.__name__) for cls, kind in BY_CLASS.items()])
def test_the_clients_own_exceptions(kind: str, name: str) -> None:
    assert error_kind(name, None, None) == kind
    assert error_kind(f"openai.{name}", None, "Error") == kind


@pytest.mark.parametrize(("name", "kind"), BY_NAME.items())
def test_other_names(name: str, kind: str) -> None:
    assert error_kind(name, None, None) == kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((400, "client"), (401, "auth"), (403, "auth"), (404, "client"), (408, "timeout"), (413, "context_length")),
        *((429, "rate_limit"), (499, "client"), (500, "server"), (503, "server"), (504, "timeout"), (529, "server")),
    ],
)
def test_status_alone_and_status_as_the_name(status: int, kind: str) -> None:
    assert error_kind(None, status, None) == kind
    assert error_kind(str(status), None, None) == kind


def test_a_message_says_why_a_request_was_refused() -> None:
    long = "This model's maximum context length is 8192 tokens"
    assert error_kind("BadRequestError", 400, long) == "context_length"
    assert error_kind("APIError", 400, "violates our content policy") == "content_filter"
    assert error_kind("RateLimitError", 429, long) == "rate_limit"
    assert error_kind(None, None, "Request timed out.") == "timeout"
    assert error_kind(None, None, "Connection error.") == "connection"


def test_a_message_alone_may_hold_a_status_or_a_class() -> None:
    assert error_kind(None, None, "Error code: 429 - {'error': {}}") == "rate_limit"
    assert error_kind(None, None, "litellm.AuthenticationError: no") == "auth"
    assert error_kind(None, None, "request failed with status 503") == "server"
    assert error_kind(None, None, "429 bottles") == "other"


def test_nothing_said_is_no_error() -> None:
    assert error_kind(None, None, None) is None
    assert error_kind("", None, "") is None
    assert error_kind(None, 200, None) == "other"  # a status is said, so something went wrong with an answered request


@given(st.none() | st.text(), st.none() | st.integers(), st.none() | st.text())
def test_always_one_of_the_kinds(name: str | None, status: int | None, message: str | None) -> None:
    kind = error_kind(name, status, message)
    assert kind in ERROR_KINDS or (kind is None and not name and status is None and not message)
