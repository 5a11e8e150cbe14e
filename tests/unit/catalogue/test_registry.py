"""A registry knows names without importing, loads once, and leaves out what somebody else broke."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from obs_lib.catalogue.registry import Registry, kept
from obs_lib.errors import ExtensionError
from obs_lib.extensions import Extension

LOADED: list[str] = []


def read(extension: Extension, thing: object, known: Mapping[str, object]) -> object:
    LOADED.append(extension.name)
    if thing == "bad":
        raise ExtensionError(f"{extension.name} is bad")
    return thing


@pytest.fixture
def registry(tmp_path: Path) -> Registry[object]:
    (tmp_path / "things.py").write_text("good, better, bad = 'good', 'better', 'bad'\n")
    sys.modules.pop("things", None)
    LOADED.clear()
    registry: Registry[object] = Registry({"path": "os:sep"}, None, read)
    registry.use(tuple(Extension(name, f"things:{name}", "a test", str(tmp_path)) for name in ("good", "bad", "gone")))
    return registry


def test_names_import_nothing_and_entries_are_loaded_once(registry: Registry[object]) -> None:
    assert registry.names() == ("path", "good", "bad", "gone")
    assert (LOADED, "things" in sys.modules) == ([], False)
    assert dict(registry.entries()) == {"path": "/", "good": "good"}
    assert registry.entries() is registry.entries()
    assert LOADED == ["path", "good", "bad"]


def test_what_is_broken_is_named_with_its_reason(registry: Registry[object]) -> None:
    bad, gone = registry.problems()
    assert (bad.subject, str(bad.error)) == ("bad of a test", "bad is bad")
    assert gone.extension.target == "things:gone"
    assert "AttributeError" in str(gone.error)


def test_what_comes_with_the_package_must_work() -> None:
    with pytest.raises(ExtensionError, match="'path' of the package cannot be loaded"):
        Registry({"path": "os:no_such_thing"}, None, read).entries()


def test_a_name_is_given_once_and_the_first_keeps_it(registry: Registry[object], tmp_path: Path) -> None:
    registry.use((Extension("path", "things:good", "a test", str(tmp_path)),))
    assert dict(registry.entries()) == {"path": "/"}
    (problem,) = registry.problems()
    assert "'path' of a test has a name that is taken" in str(problem.error)
    assert "path of the package" in str(problem.error)


def test_what_is_made_of_entries_is_kept_until_they_change(registry: Registry[object], tmp_path: Path) -> None:
    made: list[int] = []

    @kept(lambda: registry)
    def how_many() -> int:
        made.append(1)
        return len(registry.entries())

    assert [how_many(), how_many(), len(made)] == [2, 2, 1]
    registry.use((Extension("better", "things:better", "a test", str(tmp_path)),))
    assert [how_many(), len(made)] == [2, 2]
    registry.leave_out("better", ExtensionError("it broke later"))
    assert [how_many(), len(made)] == [1, 3]
    assert [str(problem.error) for problem in registry.problems()] == ["it broke later"]
    registry.use((Extension("better", "things:better", "a test", str(tmp_path)),))  # the same: nothing is loaded again
    assert [how_many(), len(made)] == [1, 3]
