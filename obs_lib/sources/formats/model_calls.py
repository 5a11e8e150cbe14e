"""Which calls answer in text: by the word that a log has for the call, where that word is one that says so.

Logs name calls by their client's method, route or call type, and new names come with every client. So names decide only where
they are unmistakable; of all others it is what the call carries that decides (a model, tokens, messages).
"""

from __future__ import annotations

import re

_ANSWERS = frozenset(
    {
        *("chat", "text_completion", "completion", "generate_content", "responses", "anthropic_messages"),
        "pass_through_endpoint",
    }
)
_NO_TEXT = re.compile(
    r"embed|re_?rank|moderat|image|speech|transcri|audio|tts|video|ocr|count_?tokens|fine_?tun|batch|retriev|vector"
)
_AROUND = re.compile(r"agent|tool|workflow|task|chain|guardrail|evaluat|event_loop|crew|search|files?\b|plan\b")
_IN_TEXT = re.compile(r"chat|complet|response|messages|generate|converse|invoke_?model|inference")


def is_answering(kind: str) -> bool:
    """Whether the word is one that every convention has for a call that answers in text, a's of `async` left out.

    >>> is_answering("chat"), is_answering("acompletion"), is_answering("responses_stream"), is_answering("converse")
    (True, True, True, False)
    """
    plain = kind.lower()
    return plain in _ANSWERS or plain.removeprefix("_").removeprefix("a").removesuffix("_stream") in _ANSWERS


def answers_in_text(kind: str) -> bool | None:
    """Whether a call of that name answers in text; None where only what it carries can say.

    >>> answers_in_text("chat.completions"), answers_in_text("aembedding"), answers_in_text("execute_tool")
    (True, False, False)
    >>> answers_in_text("allm_passthrough_route") is None
    True
    """
    plain = kind.lower()
    if is_answering(plain):
        return True
    if _NO_TEXT.search(plain) or _AROUND.search(plain):
        return False
    return True if _IN_TEXT.search(plain) else None


def is_around(kind: str) -> bool:
    """Whether the word is for what stands around calls: agents, tools, workflows.

    >>> is_around("invoke_agent"), is_around("embeddings")
    (True, False)
    """
    return bool(_AROUND.search(kind.lower())) and not _NO_TEXT.search(kind.lower())
