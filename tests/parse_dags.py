"""Import the provider and run the file of dags/ as Airflow's parser does, without Airflow; print which modules are loaded.

Airflow itself loads half of PyPI. Here something stands in for it, so that whatever is loaded was loaded by this project.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

AIRFLOW = ("airflow", "fastapi", "starlette")
ROOT = Path(__file__).resolve().parent.parent


class Kind(type):
    """Makes attributes of the class itself answer too, such as those of an enumeration."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything


class Anything(metaclass=Kind):
    """Whatever Airflow gives: a base class, a decorator, a context, an operator, a task's result."""

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()

    def __call__(self, *_: Any, **__: Any) -> Any:
        return Anything()

    def __getitem__(self, _: Any) -> Any:
        return Anything()

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None: ...

    def __rshift__(self, other: Any) -> Any:
        return other

    def __rrshift__(self, _: Any) -> Any:
        return self


class StandIn(MetaPathFinder, Loader):
    """Finds any module of Airflow and of its web server; everything can be imported from it."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return ModuleSpec(name, self, is_package=True) if name.partition(".")[0] in AIRFLOW else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = ModuleType(spec.name)
        module.__dict__["__getattr__"] = lambda name: getattr(Anything, name)
        return module

    def exec_module(self, module: ModuleType) -> None: ...


def main() -> None:
    sys.meta_path.insert(0, StandIn())
    provider = ROOT / "night_watch" / "airflow"
    files = [path.stem for path in sorted(provider.glob("[a-z]*.py"))]
    for name in files:
        import_module(f"night_watch.airflow.{name}")
    sys.path.insert(0, str(ROOT / "dags"))
    import_module("watches")
    loaded = sorted(name for name in sys.modules if name.partition(".")[0] not in AIRFLOW)
    print(json.dumps({"files": files, "loaded": loaded}))


if __name__ == "__main__":
    main()
