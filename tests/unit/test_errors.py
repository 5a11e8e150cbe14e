"""The error tree: drawn in its docstring as it is, and each message answers its five questions."""

from __future__ import annotations

import pickle

from obs_lib import errors


def subclasses(kind: type[Exception]) -> set[type[Exception]]:
    return {kind}.union(*(subclasses(each) for each in kind.__subclasses__()))


def test_the_tree_is_drawn_completely() -> None:
    assert errors.__doc__ is not None
    drawn = {word for word in errors.__doc__.replace("+--", " ").split() if hasattr(errors, word)}
    assert drawn == {kind.__name__ for kind in subclasses(errors.ObsError) if kind.__module__ == errors.__name__}


def test_a_message_says_what_rule_found_where_and_fix() -> None:
    error = errors.ConfigError(
        "too small", rule="at least 1", found=0, where="obs.yaml: drift.min_days", fix="raise it"
    )
    assert str(error) == "obs.yaml: drift.min_days: too small; must be at least 1; found 0; raise it"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
