r"""Secrets in text: keys by the shapes that their issuers give them, and values that are called secret where they stand.

Every pattern takes time linear in the text: runs are possessive (`++`) or bounded, so a hostile text cannot make one
slow. What a pattern's first group holds stays (`password=`, `https://user:`); the rest becomes `[secret]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from obs_lib.redaction.spans import Found, Span, replaced

MASK = "[secret]"

_RUN = r"[A-Za-z0-9_-]{16,}+"
_SHAPES = (  # all begin at a word's start
    # OpenAI, Anthropic, Stripe, Langfuse: sk-..., sk-ant-..., rk_live_..., pk-lf-...
    rf"(?:sk|pk|rk)[-_]{_RUN}",
    rf"(?:github_pat_|glpat-|xox[abeprs]-|xapp-|AIza|pypi-|dop_v1_|whsec_|nvapi-|tvly-){_RUN}",
    # Letters and digits alone: with an underscore, hf_ or npm_ would begin many an ordinary variable.
    r"(?:gh[pousr]|hf|npm|r8|gsk)_[A-Za-z0-9]{16,}+(?!_)",
    r"(?:SG\.|ya29\.)[A-Za-z0-9_.-]{16,}+",
    r"(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA|ANVA)[A-Z0-9]{16}\b",
    rf"eyJ{_RUN}(?:\.[A-Za-z0-9_-]++){{0,4}}",  # JWT: '{"' in base64
)
_NAME = r"""(?:api[_-]?key|account[_-]?key|access[_-]?key|private[_-]?key|secret|token|passw(?:or)?d|passwd|pwd|passphrase
    |credentials?)(?:[_-](?:key|id|value|hash))?"""
_IS = r"""\s{0,3}(?::=|=>|[=:])(?![=>])\s{0,3}"""
_CALLED = (
    # Quoted: api_key = "...", 'password': '...', \"token\": \"...\" inside JSON text.
    rf"""(?xi)({_NAME}(?:\\?["'`])?{_IS}\\?["'`])[^"'`\s\\]{{6,}}+""",
    # Bare: a digit in it tells a value from a word and from a variable; a number alone is a count, not a secret.
    rf"""(?xi)({_NAME}["'`]?{_IS})(?=[^\s"'`,;&(){{}}<>\[\]]{{0,200}}\d)(?!\d++\b)
        [^\s"'`,;&(){{}}<>\[\]]{{6,}}+(?![(\[])""",
    # The line of an environment file.
    r"""(\b[A-Z0-9_]{0,40}(?:KEY|SECRET|TOKEN|PASSWORD|PASSWD|PWD)=)[^\s"'`,;&(){}<>\[\]]{6,}+(?![(\[])""",
    r"(?i)(\bauthorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?:[a-z]{2,12}\s{1,3})?)[A-Za-z0-9._~+/=-]{8,}+",
    r"(?i)(\bbearer\s{1,3})(?=[A-Za-z._~+/=-]{0,200}\d)[A-Za-z0-9._~+/=-]{12,}+",
    # https://user:password@host
    r"(\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{0,80}:)[^\s/@]{1,200}(?=@)",
)
_SHAPED = re.compile(rf"\b(?:{'|'.join(_SHAPES)})")
_NAMED = tuple(re.compile(pattern) for pattern in _CALLED)
_NAMING = ("key", "secret", "token", "pass", "pwd", "credential", "authorization", "bearer", "://")

_PEM = re.compile(r"-----(BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PEM_BODY = re.compile(r"(?:(?:\s|\\[nrt])*+[A-Za-z0-9+/=]{8,}+)*+")


def mask_secrets(text: str) -> str:
    """The text with every secret that can be told by its shape or its name replaced by `[secret]`.

    >>> mask_secrets("key sk-proj-abcdefghijklmnopqrstuv ok, password=hunter2")
    'key [secret] ok, password=[secret]'
    """
    text = _SHAPED.sub(MASK, _without_private_keys(text))
    lowered = text.lower()
    if any(word in lowered for word in _NAMING):  # most texts name nothing, and the patterns cost more than this look
        for pattern in _NAMED:
            text = pattern.sub(lambda match: match.group(1) + MASK, text)
    return text


def secrets(text: str) -> Iterator[Found]:
    """What `mask_secrets` masks, by kind: `private key`, `key` (by its issuer's shape) and `named` (by what it is called)."""
    yield from (Found("private key", start, end) for start, end in _private_keys(text))
    yield from (Found("key", *match.span()) for match in _SHAPED.finditer(text))
    lowered = text.lower()
    if any(word in lowered for word in _NAMING):
        for pattern in _NAMED:
            yield from (Found("named", match.end(1), match.end()) for match in pattern.finditer(text))


def _without_private_keys(text: str) -> str:
    return replaced(text, _private_keys(text), MASK)


def _private_keys(text: str) -> Iterator[Span]:
    """Private key blocks whole; of one whose end is cut off, as far as its body goes."""
    for mark, after in pairwise([*_PEM.finditer(text), None]):
        if mark is None or mark.group(1) == "END":
            continue
        whole = after is not None and after.group(1) == "END"
        end = after if whole and after else _PEM_BODY.match(text, mark.end())
        yield mark.start(), end.end() if end else mark.end()
