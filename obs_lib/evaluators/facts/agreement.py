"""When two amounts are the same amount: units converted, numbers rounded, bounds held against each other."""

from __future__ import annotations

from obs_lib.evaluators.facts.quantities import Quantity

ROUNDED, ABOUT, COARSE = 0.05, 0.12, 0.035
"""How far apart, as a share, a rounded number may lie from the exact one; one with "about"; months from days, GB from MiB."""
_EXACT = 1e-6
_MONTH = 2_000_000
"""Seconds: units from here on have no exact length."""


def comparable(one: Quantity, other: Quantity) -> bool:
    """Whether both measure the same, or count the same things."""
    if one.kind != other.kind:
        return {one.kind, other.kind} <= {"pound", "mass"} or {one.kind, other.kind} <= {"pound", "GBP"}
    counted = bool(one.nouns & other.nouns) or not (one.nouns or other.nouns)
    return bool(one.kind and one.kind != "ordinal") or counted


def conflict(claim: Quantity, known: Quantity) -> bool:
    """Whether both give an amount of the same, and not the same; or the same number of two different units."""
    differ = bool(claim.kind and known.kind) and claim.kind != known.kind and claim.plain == known.plain
    return (differ or comparable(claim, known)) and not agree(claim, known)


def agree(claim: Quantity, known: Quantity) -> bool:
    """Whether what the claim says of an amount holds where `known` does."""
    if claim.kind != known.kind and claim.kind and known.kind:
        return comparable(claim, known) and claim.plain == known.plain
    mine, theirs = (claim.value, known.value) if claim.kind == known.kind else (claim.plain, known.plain)
    if claim.per and known.per and claim.kind == known.kind:
        mine, theirs = mine / claim.per, theirs / known.per
    if claim.bound and known.bound:
        return claim.bound == known.bound and _close(claim, known, mine, theirs)
    if _close(claim, known, mine, theirs):
        return True
    if claim.bound:
        return comparable(claim, known) and (theirs - mine) * claim.bound > 0
    if known.bound:
        return comparable(claim, known) and (mine - theirs) * known.bound > 0
    return bool(known.top) and min(theirs, known.top) <= mine <= max(theirs, known.top)


def _close(claim: Quantity, known: Quantity, mine: float, theirs: float) -> bool:
    """Whether one number is the other, as exactly as it was written."""
    apart, size = abs(mine - theirs), max(abs(mine), abs(theirs))
    if apart <= _EXACT * size:
        return True
    if claim.about and not known.about:
        return apart <= ABOUT * size
    converted = claim.kind == known.kind and claim.unit != known.unit
    if converted and (claim.kind == "data" or max(claim.unit, known.unit) >= _MONTH or claim.per != known.per):
        return apart <= COARSE * size
    scale = claim.grain / claim.unit if claim.kind != known.kind else claim.grain
    finer = known.grain / known.unit if claim.kind != known.kind else known.grain
    return (scale > finer * (1 + _EXACT) or converted) and apart <= min(scale / 2 * (1 + _EXACT), ROUNDED * size)
