"""YAML as people write it, read so that whatever it holds is values or one kind of error, which says where."""

from __future__ import annotations

import math
from typing import Any

import yaml


def read_yaml(text: str | bytes) -> Any:
    """What a document holds; None for an empty one.

    yaml.YAMLError where it is no YAML, is nested too deeply, or holds a value that cannot be one, such as 2023-02-30.

    >>> read_yaml("shards: 2")
    {'shards': 2}
    """
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a safe loader
    except RecursionError as error:
        raise yaml.YAMLError("it is nested too deeply") from error


class _Loader(yaml.SafeLoader):
    """YAML whose every problem says where it is: a date that is none, `0x_`, a number of thousands of digits too."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            value = super().construct_object(node, deep)
        except (ValueError, OverflowError) as error:
            raise yaml.constructor.ConstructorError(None, None, str(error), node.start_mark) from error
        if isinstance(value, float) and not math.isfinite(value):
            raise yaml.constructor.ConstructorError(None, None, f"{node.value} is no finite number", node.start_mark)
        return value
