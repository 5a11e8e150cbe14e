"""What only stands for a secret or a personal datum: placeholders and the examples that documentation is full of."""

from __future__ import annotations

import re

_PLACEHOLDER = re.compile(
    r"your|example|sample|placeholder|change.?me|dummy|fake|redacted|insert|replace|todo|secret|p[a4]ss?w|hunter2|admin|"
    r"letmein|qwerty|foobar|my[-_]|(?:12345|23456|abcde|bcdef)|(.)\1{3}|\.\.\.|[<>{}$*…]|SflKxwRJSMeKKF2QT4fw",
    re.IGNORECASE,
)
"""In a key or a password. The last one is the signature of the token that jwt.io shows."""
_LEAST_DISTINCT = 8  # characters of a value that was drawn by chance
_EXAMPLE_MAIL = re.compile(
    r"@(?:[\w-]+\.)*(?:example|test|invalid|localhost|(?:(?:your|my|some)?-?_?(?:email|mail|domain|company|site|website|school|"
    r"university|organi[sz]ation|business|host|provider|server))|acme|xyz|abc|foo|bar)(?:\.[\w.-]+)?\Z"
    r"|\A(?:your|my|some|user|username|name|email|someone|somebody|john\.?doe|jane\.?doe|john|jane|foo|test)[\w.+-]*@"
    r"|\A(?:no-?reply|customer[\w.-]*|info|support|contact|help|hello|sales|press|privacy|security|team|office|service|admin)@",
    re.IGNORECASE,
)
"""Domains that are reserved or that nobody owns, people without a name, and the addresses of a whole house."""
_TEST_NUMBERS = re.compile(
    r"4111111111111111|4242424242424242|5555555555554444|5105105105105100|378282246310005|371449635398431|6011111111111117|"
    r"4012888888881881|4000056655665556|30569309025904|38520000023237|6011000990139424|3530111333300000|3566002020360505|"
    r"DE89370400440532013000|GB29NWBK60161331926819|GB82WEST12345698765432|FR1420041010050500013M02606|NL91ABNA0417164300|"
    r"ES9121000418450200051332|BE68539007547034|CH9300762011623852957|IT60X0542811101000000123456"
)
_FICTION = re.compile(r"55501\d\d\Z|(?:1234567|2345678|3456789|4567890)\Z|(\d)\1{5}")
"""Ends of phone numbers that are set aside for films (555-01xx), and those that count."""


def stands_for_a_secret(value: str) -> bool:
    """Whether a key or a password looks like a placeholder.

    >>> stands_for_a_secret("sk-your-api-key-here-123"), stands_for_a_secret("T7xq9vLw2KpZ")
    (True, False)
    """
    return bool(_PLACEHOLDER.search(value)) or len(set(value.lower())) < _LEAST_DISTINCT


def stands_for_a_mail(address: str) -> bool:
    """Whether an e-mail address is nobody's, or a whole house's."""
    return bool(_EXAMPLE_MAIL.search(address))


def stands_for_a_number(written: str) -> bool:
    """Whether a card or account number is one that issuers publish for tests."""
    return bool(_TEST_NUMBERS.fullmatch(re.sub(r"[ -]", "", written).upper()))


def stands_for_a_phone(written: str) -> bool:
    """Whether a phone number is made up, or a hotline that all may call for nothing."""
    digits = re.sub(r"\D", "", written)
    return bool(_FICTION.search(digits[-10:])) or bool(
        re.match(r"(?:1?8(?:00|33|44|55|66|77|88)|0[389]00|0808)", digits)
    )
