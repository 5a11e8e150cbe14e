"""The values for Airflow's Helm chart name what there is: mounted settings that are right, images of the tested version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_lib.settings.loading import load_settings


@pytest.fixture(scope="module")
def values(checkout: Path) -> dict[str, Any]:
    return dict(yaml.safe_load((checkout / "deploy" / "helm" / "values.yaml").read_text()))


def test_the_settings_are_mounted_where_they_are_looked_for_and_are_right(
    values: dict[str, Any], tmp_path: Path
) -> None:
    where = {one["name"]: one["value"] for one in values["env"]}["OBS_CONFIG"]
    (mount,) = [one for one in values["volumeMounts"] if one["mountPath"] == where]
    (volume,) = [one for one in values["volumes"] if one["name"] == mount["name"]]
    files = yaml.safe_load(values["extraConfigMaps"][volume["configMap"]["name"]]["data"])
    for name, text in files.items():
        assert name.endswith((".yaml", ".yml"))
        (tmp_path / name).write_text(text)
        settings = load_settings(tmp_path / name)
        assert str(settings.lake.files).startswith("/opt/obs/files/")
        named = {settings.lake.connection, *(source.connection for source in settings.sources)}
        given = {one["envName"] for one in values["secret"]}
        assert {f"OBS_CONNECTION_{name.upper()}" for name in named if name} <= given


def test_every_mount_has_its_volume_and_every_volume_a_mount(values: dict[str, Any]) -> None:
    assert {one["name"] for one in values["volumeMounts"]} == {one["name"] for one in values["volumes"]}


def test_airflow_is_that_of_the_lock(values: dict[str, Any], checkout: Path) -> None:
    (pinned,) = [
        line
        for line in (checkout / "requirements.lock").read_text().splitlines()
        if line.startswith("apache-airflow==")
    ]
    version = pinned.split("==")[1].split()[0]
    assert values["airflowVersion"] == values["defaultAirflowTag"] == version
