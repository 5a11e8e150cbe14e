"""Units of measure: which kind a name belongs to, and what one of it is in the kind's base unit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

from obs_lib.evaluators.facts.numerals import Token

LONGEST = 3
"""Words of the longest unit's name."""
_SYMBOL = 2
"""Longest name whose capitals tell units apart ("mW" and "MW")."""
_FAHRENHEIT_ZERO = 32.0


class Unit(NamedTuple):
    """kind : what is measured, such as "mass" or a currency. factor : one of it in the kind's base unit."""

    kind: str
    factor: float

    def base(self, value: float) -> float:
        """A value of this unit in the base unit of `comparable`'s kind."""
        return (value - _FAHRENHEIT_ZERO) / 1.8 if self.kind == "fahrenheit" else value * self.factor


def _named() -> dict[str, Unit]:
    """Units by name: symbols as they are written, words in lower case, one and many."""
    content = yaml.safe_load((Path(__file__).parents[1] / "words" / "units.yaml").read_text(encoding="utf-8"))
    units: dict[str, Unit] = {}
    for kind, factors in content["units"].items():
        for factor, names in factors.items():
            for name in names:
                unit = Unit(kind, float(factor))
                units[name] = unit
                if len(name) > _SYMBOL:
                    units.setdefault(name.lower(), unit)
                if len(name) > _SYMBOL and name[-1].islower():
                    units.setdefault(name.lower() + "s", unit)
    return units


UNITS = _named()
CURRENCIES = frozenset({"USD", "EUR", "GBP", "JPY", "INR", "CHF", "CNY"})


def read_unit(row: Sequence[Token], at: int) -> tuple[Unit, int] | None:
    """The unit with the longest name that starts at token `at`, and the token behind it; None where there is none.

    >>> from obs_lib.evaluators.facts.numerals import tokens
    >>> read_unit(tokens("square metres"), 0), read_unit(tokens("MB of"), 0)
    ((Unit(kind='area', factor=1.0), 2), (Unit(kind='data', factor=1000000.0), 1))
    """
    for length in range(min(LONGEST, len(row) - at), 0, -1):
        written = " ".join(token.text for token in row[at : at + length])
        unit = UNITS.get(written) or (UNITS.get(written.lower()) if len(written) > 1 else None)
        if unit is not None:
            return unit, at + length
    return None
