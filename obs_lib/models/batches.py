"""Batches whose shape depends on nothing but the length of a text, so that its numbers do not depend on its company."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

_LENGTHS = (16, 32, 48, 64, 96, 128, 160, 192, 256)
"""Lengths in tokens that texts are padded to; beyond the last, multiples of it."""


def padded_length(length: int, longest: int) -> int:
    """The smallest allowed length that holds `length` tokens.

    >>> padded_length(17, 256), padded_length(97, 100), padded_length(300, 8192)
    (32, 100, 512)
    """
    fitting = next((size for size in _LENGTHS if size >= length), -(-length // _LENGTHS[-1]) * _LENGTHS[-1])
    return min(fitting, longest)


def batches(lengths: Sequence[int], longest: int, budget: int) -> Iterator[tuple[int, int, list[int]]]:
    """(rows, padded length, indices of the texts) of each batch; the caller fills up to `rows`.

    >>> list(batches([3, 40, 5], 64, 32))
    [(2, 16, [0, 2]), (1, 48, [1])]
    """
    groups: dict[int, list[int]] = {}
    for index, length in enumerate(lengths):
        groups.setdefault(padded_length(length, longest), []).append(index)
    for padded, members in sorted(groups.items()):
        rows = max(1, budget // padded)
        yield from ((rows, padded, members[start : start + rows]) for start in range(0, len(members), rows))


@contextmanager
def fixed_threads(count: int) -> Iterator[None]:
    """Run with `count` torch threads, and put the process's own number back."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
