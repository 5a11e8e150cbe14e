"""Why a request failed, as one of `records.ERROR_KINDS`, from what clients and gateways write about it."""

from __future__ import annotations

import re

# In a class name or error code only letters and digits count: APITimeoutError, api_timeout_error and api.timeout are one.
# The first rule that matches wins, so the special ones stand before those that would swallow them.
_NAMES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("client", "clientdisconnect|clientclosed"),  # before "connect"
        ("context_length", "contextwindow|contextlength|prompttoolong|requesttoolarge|stringabovemax"),
        (
            "content_filter",
            "contentpolicy|contentfilter|contentmanagement|responsibleai|moderation|guardrail|blockedpii|rejectedrequest",
        ),
        ("timeout", "timeout|timedout|deadlineexceeded"),
        ("rate_limit", "ratelimit|toomanyrequests|throttl|quota|resourceexhausted|budgetexceeded"),
        ("auth", "authentic|unauthorized|permission|forbidden|accessdenied|invalidapikey|credential|oauth"),
        ("server", "internalserver|serviceunavailable|badgateway|overloaded|servererror|midstream"),
        ("connection", "connect|network|socket|unknownhost|unreachable|dns|ssl|gaierror|eoferror|remoteprotocol"),
        (
            "client",
            "badrequest|invalid|(?<!module)(?<!file)notfound|unprocessable|conflict|unsupported|validation|paymentrequired|malformed|notsupported",
        ),
    )
)

_MESSAGES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (
            "context_length",
            r"maximum context length|context.length.exceeded|context window|prompt is too long|too many tokens",
        ),
        ("content_filter", r"content.(?:management.)?polic|content.filter|safety system|blocked by .{0,30}guardrail"),
        ("timeout", r"\btime[d]?.?out\b|deadline exceeded"),
        ("rate_limit", r"rate.?limit|too many requests|quota|throttl"),
        ("auth", r"api.key|unauthori[sz]ed|authentication|permission denied|forbidden"),
        ("connection", r"connection|connect call failed|name resolution|network|unreachable|broken pipe"),
        ("server", r"internal server error|service unavailable|bad gateway|overloaded|server had an error"),
    )
)

_STATUSES = {
    401: "auth",
    403: "auth",
    407: "auth",
    408: "timeout",
    413: "context_length",
    429: "rate_limit",
    504: "timeout",
}
_STATUS = re.compile(r"(?:error code|status code|status|http)[\s:=]{1,3}([45]\d\d)\b", re.IGNORECASE)
_CLASS = re.compile(r"[\w.]{0,100}?(\w{1,60}(?:Error|Exception|Timeout))\b")
_READ = 2000  # characters of a message that are looked at


def error_kind(type_or_name: str | None, status: int | None, message: str | None) -> str | None:
    """One of `records.ERROR_KINDS`; None when nothing at all is said about an error.

    The name (an exception's class or an error code, dotted or not) is believed first where it is specific, then the HTTP
    status, then the message. A refused request (400, 422) says only in its message that it was too long or filtered.

    >>> error_kind("openai.BadRequestError", 400, "This model's maximum context length is 4096 tokens.")
    'context_length'
    >>> error_kind("APITimeoutError", None, None), error_kind(None, 503, None), error_kind("_OTHER", None, None)
    ('timeout', 'server', 'other')
    """
    if type_or_name is not None and re.fullmatch(r"[1-5]\d\d", type_or_name.strip()):
        status, type_or_name = status or int(type_or_name), None
    if not type_or_name and status is None and not message:
        return None
    head = (message or "")[:_READ]
    if status is None and (match := _STATUS.search(head)):  # "Error code: 429 - ...", as the OpenAI client writes
        status = int(match[1])
    if not type_or_name and (match := _CLASS.match(head)):  # "RateLimitError: ..."
        type_or_name = match[1]
    from_type, from_message = _named(type_or_name), _in_text(head)
    if (
        from_type in (None, "client")
        and from_message in ("context_length", "content_filter")
        and status in (None, 400, 413, 422)
    ):
        return from_message
    if from_type not in (None, "client", "server"):  # these two are what a status says as well, and better
        return from_type
    return _by_status(status) or from_type or from_message or "other"


def _named(name: str | None) -> str | None:
    plain = re.sub(r"[^a-z0-9]", "", (name or "")[:_READ].lower())
    return next((kind for kind, pattern in _NAMES if pattern.search(plain)), None)


def _in_text(head: str) -> str | None:
    return next((kind for kind, pattern in _MESSAGES if pattern.search(head)), None)


def _by_status(status: int | None) -> str | None:
    if status is None or status < 400 or status > 599:
        return None
    return _STATUSES.get(status) or ("client" if status < 500 else "server")
