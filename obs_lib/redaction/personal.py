r"""E-mail addresses, IBANs, card numbers and IP addresses: found by their shape, and checked by their own arithmetic.

Each masker takes a text and gives it with what it found replaced. Patterns are bounded, so time is linear in the text. None
begins inside an escape such as `\n` or `\u00e9`, and any may begin behind one: excerpts of raw log lines hold JSON text.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator

import regex

from obs_lib.redaction.spans import Span, replaced

Masker = Callable[[str], str]

_NOT_IN_ESCAPE = r"(?<!\\(?:u[0-9A-Fa-f]{0,3})?)"

ESCAPE = r"\\(?:u[0-9A-Fa-f]{4}|[bfnrt])"


def _after(unwanted: str) -> str:
    """A place behind an escape, or behind anything but the unwanted characters and not inside an escape."""
    return rf"(?:(?<={ESCAPE})|(?<![{unwanted}]){_NOT_IN_ESCAPE})"


_LABEL = r"[^\W_](?:[\w-]{0,61}\w)?"
# The local part may hold more by RFC 5322, but `=`, `/`, `&` or `|` before an address nearly always belong to what is around.
_EMAIL = regex.compile(
    rf"{_NOT_IN_ESCAPE}\w[\w.+'-]{{0,63}}+@(?:{_LABEL}\.){{1,8}}"
    r"(?:xn--[a-z0-9-]{2,59}|[^\W\d_]{2,24}+)(?![\w(])"
)
_IBAN = regex.compile(_after(r"\w") + r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}+(?: ?[A-Z0-9]{1,3})?+(?!\w)")
_CARD = regex.compile(
    _after(r"\w.,-") + r"(?:\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}|3\d{3}([ -]?)\d{6}\2\d{4,5}|\d{19})(?![\w-]|[.,]\d)"
)
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IPV4 = regex.compile(_after(r"\w.-") + rf"(?:{_OCTET}\.){{3}}{_OCTET}(?![\w-]|\.\d)")
# Only what is given out to networks: global (2..., 3...), private (fc, fd) and link-local (fe80). `x[1::2]` is a slice.
_IPV6 = regex.compile(_after(r"\w:.") + r"[23f][0-9a-f]{3}:[0-9a-f:]{2,35}+(?:%\w{1,16})?(?![\w:])", regex.IGNORECASE)

_VERSION = regex.compile(
    r"(?:\b(?:v|ver|versions?|release|build|rev|revision)\W{0,4}|\b(?:section|chapter|figure|table)[.\s]?|[=><~]=\s?|[§#^]\s?)\Z",
    regex.IGNORECASE,
)
_SPEAKS_OF_IP = regex.compile(r"(?<!\[)\b(?:ip|ipv4|address|addresses|hosts?|dns|gateway)\b", regex.IGNORECASE)


def mask_emails(text: str) -> str:
    """Addresses with a dot in their domain; `git@host:path` names a repository, not a person."""
    return replaced(text, emails(text), "[email]")


def emails(text: str) -> Iterator[Span]:
    """Where those addresses stand."""
    for match in _EMAIL.finditer(text) if "@" in text else ():
        if not (match.group().startswith("git@") and text[match.end() : match.end() + 1] in (":", "/")):
            yield match.span()


def mask_ibans(text: str) -> str:
    """Account numbers whose check digits (ISO 7064, mod 97-10) are right; a word in capitals behind one is left."""
    return replaced(text, ibans(text), "[iban]")


def ibans(text: str) -> Iterator[Span]:
    """Where those numbers stand."""
    for match in _IBAN.finditer(text):
        written = match.group()
        while len(written) >= 15:
            if _mod97(written.replace(" ", "")) == 1:
                yield match.start(), match.start() + len(written)
                break
            written = written.rpartition(" ")[0]


def mask_cards(text: str) -> str:
    """Card numbers as issuers write them (4-4-4-4, Amex 4-6-5, Diners 4-6-4, or no gaps), with a right Luhn digit."""
    return replaced(text, cards(text), "[card]")


def cards(text: str) -> Iterator[Span]:
    """Where those numbers stand."""
    for match in _CARD.finditer(text):
        digits = match.group().replace(" ", "").replace("-", "")
        if _issued(digits) and _luhn(digits):
            yield match.span()


def mask_ips(text: str) -> str:
    """Addresses that can belong to somebody: not loopback, unspecified, multicast, or netmasks, and not a version number.

    Four single digits (1.2.3.4) are more often a version, a section or a public resolver than somebody's address; they
    count only where the words before them speak of an address.
    """
    return _IPV6.sub(_ipv6, _IPV4.sub(_ipv4, text)) if "." in text or ":" in text else text


def _ipv4(match: regex.Match[str]) -> str:
    written, before = match.group(), match.string[max(0, match.start() - 40) : match.start()]
    address = ipaddress.IPv4Address(written)
    if address.is_loopback or address.is_unspecified or address.is_multicast or address.is_reserved:
        return str(written)
    if _VERSION.search(before) or (len(written) == 7 and not _SPEAKS_OF_IP.search(before)):
        return str(written)
    return "[ip]"


def _ipv6(match: regex.Match[str]) -> str:
    try:
        ipaddress.IPv6Address(match.group())
    except ValueError:
        return str(match.group())
    return "[ip]"


def _issued(digits: str) -> bool:
    """Whether an issuer gives out numbers of this beginning and length (ISO/IEC 7812)."""
    first, two, four = digits[0], int(digits[:2]), int(digits[:4])
    if len(digits) == 15:
        return two in (34, 37)
    if len(digits) == 14:
        return two in (36, 38, 39) or 300 <= int(digits[:3]) <= 305
    return first in "456" or 2221 <= four <= 2720 or 3528 <= four <= 3589


def _luhn(digits: str) -> bool:
    doubled = [int(digit) * (1 + n % 2) for n, digit in enumerate(reversed(digits))]
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0


def _mod97(written: str) -> int:
    return int("".join(str(int(character, 36)) for character in written[4:] + written[:4])) % 97
