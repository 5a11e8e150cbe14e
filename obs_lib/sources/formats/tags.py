"""What vendors' labels and metadata give as tags: scalars only, bounded, and never a secret."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

Tags = dict[str, str | int | float | bool]

_MOST = 50  # tags of one interaction
_LONGEST = 200  # characters of a value: longer text is content, not a tag
_SECRET_NAME = re.compile(
    r"api.?key|token(?!s)|secret|passw|authori[sz]ation|credential|cookie|private.?key|headers?$", re.IGNORECASE
)
_SECRET_VALUE = re.compile(r"(?:sk|pk|rk)-\w|bearer\s|basic\s+\w{8}", re.IGNORECASE)
_PAIR = re.compile(r"([A-Za-z][\w.-]{0,40})\s*[:=]\s*(\S.*)")


def add_labels(tags: Tags, labels: Any) -> None:
    """Labels of a list: "name:value" and "name=value" as such a tag, any other word as a tag that is true.

    >>> tags = {}; add_labels(tags, ["env:prod", "beta", 7, "sk-abc"]); tags
    {'env': 'prod', 'beta': True}
    """
    for label in labels if isinstance(labels, list) else ():
        if isinstance(label, str) and label:
            pair = _PAIR.fullmatch(label)
            _add(tags, *(pair.groups() if pair else (label, True)))


def add_scalars(tags: Tags, metadata: Any, names: Iterable[str] | None = None) -> None:
    """Text, numbers and truth values of an object, all or those named; what is already a tag stays.

    >>> tags = {"a": 1}; add_scalars(tags, {"a": 2, "b": "x", "api_key": "k", "nested": {}, "max_tokens": 9}); tags
    {'a': 1, 'b': 'x', 'max_tokens': 9}
    """
    if isinstance(metadata, Mapping):
        for name in metadata if names is None else names:
            _add(tags, name, metadata.get(name))


def _add(tags: Tags, name: str, value: Any) -> None:
    if not isinstance(value, (str, int, float, bool)) or value == "" or name in tags or len(tags) >= _MOST:
        return
    if len(name) > _LONGEST or _SECRET_NAME.search(name) or _SECRET_VALUE.match(name):
        return
    if not isinstance(value, str) or (len(value) <= _LONGEST and not _SECRET_VALUE.match(value)):
        tags[name] = value
