"""The dashboard that comes with the package asks for what is there, in words that Prometheus understands."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_lib.exports.metrics import FAMILIES

LABELS = {family.name: {"watch", *family.labels} for family in FAMILIES}
SELECTOR = re.compile(r"(night_watch_\w+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(?:=~|!=|!~|=)\s*"')


@pytest.fixture(scope="module")
def dashboard(checkout: Path) -> dict[str, Any]:
    return dict(json.loads((checkout / "obs_lib" / "exports" / "grafana.json").read_text(encoding="utf-8")))


def queries(dashboard: dict[str, Any]) -> Iterator[str]:
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel["targets"])


def test_every_metric_and_label_that_it_asks_for_exists_and_no_metric_is_left_out(dashboard: dict[str, Any]) -> None:
    asked = set()
    for query in queries(dashboard):
        found = SELECTOR.findall(query)
        assert found, query
        for name, matchers in found:
            asked.add(name)
            assert set(MATCHER.findall(matchers)) <= LABELS[name], query
    assert asked == set(LABELS)


def test_its_variables_ask_for_labels_that_exist(dashboard: dict[str, Any]) -> None:
    variables = {one["name"]: one for one in dashboard["templating"]["list"]}
    assert set(variables) == {"datasource", "watch", "segment", "metric"}
    for name in ("watch", "segment", "metric"):
        (metric, label) = re.fullmatch(r"label_values\((\w+), (\w+)\)", variables[name]["definition"]).groups()  # type: ignore[union-attr]
        assert label in LABELS[metric]
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(dashboard)))
    assert used == set(variables)


def test_panels_lie_beside_each_other(dashboard: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    assert all(panel["description"].endswith(".") for panel in dashboard["panels"])


def test_prometheus_understands_every_query(dashboard: dict[str, Any], tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs promtool, which comes with Prometheus")
    rules = [{"record": f"q{n}", "expr": query.replace("$", "")} for n, query in enumerate(queries(dashboard))]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = subprocess.run([promtool, "check", "rules", file], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert f"{len(rules)} rules found" in done.stdout
