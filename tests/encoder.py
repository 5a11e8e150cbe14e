"""How tests run the real encoder: one thread, since two processes share the tests, and batches that a few texts fill.

A batch has one shape whatever it holds, so with the defaults three short texts cost as much as a thousand tokens.
"""

from __future__ import annotations

FEW_TEXTS: dict[str, int] = {"threads": 1, "token_budget": 256}
"""Fields of `models` in the settings. Vectors differ from the defaults' in their last digits."""
