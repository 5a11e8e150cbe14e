"""docker-compose.yml and Dockerfile against what they name: the Compose schema, Airflow's commands and settings, files.

No Docker engine is needed: what is checked is that nothing in these files has drifted from the code and the libraries.
"""

from __future__ import annotations

import json
import re
import shlex
import stat
import subprocess
import sys
from fnmatch import fnmatch
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from cryptography.fernet import Fernet

from obs_lib.settings.loading import load_settings
from tools import compose_env

VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(?::?([-?])([^}]*))?\}")

# Asks the installed Airflow, in a process of its own with a home of its own.
ASK_AIRFLOW = """
import json, sys
from importlib import import_module
asked = json.load(sys.stdin)
from airflow.cli import cli_parser
from airflow.configuration import conf
parser = cli_parser.get_parser()
answer = {"commands": [], "options": [], "objects": []}
for words in asked["commands"]:
    try:
        parser.parse_args(words)
    except SystemExit as error:
        if error.code:
            answer["commands"].append(words)
known = conf.configuration_description
for section, key in asked["options"]:
    if key not in known.get(section, {}).get("options", {}):
        answer["options"].append([section, key])
for path in asked["objects"]:
    module, _, name = path.rpartition(".")
    if not hasattr(import_module(module), name):
        answer["objects"].append(path)
print("\\n" + json.dumps(answer))
"""


@pytest.fixture(scope="module")
def text(checkout: Path) -> str:
    return (checkout / "docker-compose.yml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def compose(text: str) -> dict[str, Any]:
    return yaml.safe_load(text)


@pytest.fixture(scope="module")
def dockerfile(checkout: Path) -> str:
    return (checkout / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")


@pytest.fixture(scope="module")
def airflow_services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: service for name, service in compose["services"].items() if "build" in service}


def airflow_commands(services: dict[str, dict[str, Any]]) -> list[list[str]]:
    """Every call of `airflow`, as the words after it: commands, health checks, and lines of shell scripts."""
    found = []
    for service in services.values():
        if "entrypoint" not in service:
            found.append(service["command"])
        lines = [" ".join(service.get("healthcheck", {}).get("test", []))]
        if "entrypoint" in service:
            lines += service["command"][0].replace("\\\n", " ").splitlines()
        for line in lines:
            words = shlex.split(line.replace("$$", "$"), posix=True)
            if "airflow" in words:
                found.append(words[words.index("airflow") + 1 :])
    return found


def test_follows_the_compose_schema(compose: dict[str, Any]) -> None:
    schema = json.loads(
        files("check_jsonschema.builtin_schemas.vendor").joinpath("compose-spec.json").read_text("utf-8")
    )
    jsonschema.validate(compose, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(compose | {"services": {"worker": {"comand": ["x"]}}}, schema)


def test_every_part_of_airflow_runs_once(airflow_services: dict[str, dict[str, Any]]) -> None:
    commands = {" ".join(service["command"][:2]).split(" --")[0] for service in airflow_services.values()}
    assert {"api-server", "scheduler", "dag-processor", "triggerer", "celery worker"} <= commands
    for name, service in airflow_services.items():
        assert ("healthcheck" in service) is (name != "init"), name


def test_airflow_knows_every_command_option_and_object(
    airflow_services: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    environment = airflow_services["worker"]["environment"]
    options = [name.lower().split("__")[1:] for name in environment if name.startswith("AIRFLOW__")]
    commands = airflow_commands(airflow_services)
    assert len(commands) >= 9, commands
    assert len(options) >= 14, options
    asked = {
        "commands": commands,
        "options": options,
        "objects": [
            environment["AIRFLOW__CORE__AUTH_MANAGER"],
            "airflow.providers.celery.executors.celery_executor.app",
        ],
    }
    assert asked["objects"][1] in airflow_services["worker"]["healthcheck"]["test"][1]
    answer = subprocess.run(
        [sys.executable, "-c", ASK_AIRFLOW],
        input=json.dumps(asked),
        env={
            "PATH": "/usr/bin:/bin",
            "AIRFLOW_HOME": str(tmp_path),
            "AIRFLOW__CORE__AUTH_MANAGER": environment["AIRFLOW__CORE__AUTH_MANAGER"],
            "AIRFLOW__CORE__EXECUTOR": environment["AIRFLOW__CORE__EXECUTOR"],
        },
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr[-2000:]
    unknown = json.loads(answer.stdout.splitlines()[-1])
    assert unknown == {"commands": [], "options": [], "objects": []}, answer.stderr[-2000:]


def test_every_mounted_path_exists_or_is_a_volume(checkout: Path, compose: dict[str, Any], text: str) -> None:
    mounts = [mount for service in compose["services"].values() for mount in service.get("volumes", [])]
    assert len(mounts) > 4
    for mount in mounts:
        source = VARIABLE.sub(lambda match: compose_env.values()[match[1]], mount).split(":")[0]
        known = source in compose["volumes"] or (checkout / source).exists() or source in ("./logs", "./models")
        assert known, f"{mount}: neither a named volume nor in the checkout"
    unused = set(compose["volumes"]) - {mount.split(":")[0] for mount in mounts}
    assert not unused


def test_every_variable_is_in_the_generated_file_and_every_secret_is_required(text: str) -> None:
    uses = VARIABLE.findall("\n".join(line.split(" # ")[0] for line in text.splitlines() if not line.startswith("#")))
    values = compose_env.values()
    assert {name for name, _, _ in uses} == set(values)
    optional = {name for name, kind, _ in uses if kind != "?"}
    assert optional == {"AIRFLOW_BIND", "AIRFLOW_BASE_URL", "OBS_LOGS_FOLDER", "OBS_MODELS_FOLDER", "OBS_NOTIFY_URLS"}
    for name, kind, default in uses:
        assert kind == "?" or default == values[name], f"{name}: the default differs from the generated value"


def test_services_share_the_secrets_that_they_check_each_other_with(compose: dict[str, Any]) -> None:
    shared = ("AIRFLOW__API_AUTH__JWT_SECRET", "AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__API__SECRET_KEY")
    for name, service in compose["services"].items():
        if "build" in service:
            assert all(key in service["environment"] for key in shared), name


def test_generated_secrets_are_long_fresh_and_plain() -> None:
    first, second = compose_env.values(), compose_env.values()
    secret = [name for name in first if name.endswith(("PASSWORD", "SECRET", "KEY"))]
    assert len(secret) == 6
    assert all(first[name] != second[name] for name in secret)
    assert len(first["AIRFLOW_JWT_SECRET"].encode()) >= 64
    assert Fernet(first["AIRFLOW_FERNET_KEY"]).encrypt(b"x")
    # Neither a URL, nor a command line, nor Compose's own reading of .env may find anything to interpret in them.
    assert all(re.fullmatch("[0-9a-f]{24,}", first[name]) for name in secret if name != "AIRFLOW_FERNET_KEY")


def test_env_file_is_private_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    assert compose_env.write(path)
    before = path.read_text(encoding="utf-8")
    assert dict(line.split("=", 1) for line in before.splitlines()).keys() == compose_env.values().keys()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (tmp_path / "logs").is_dir()
    assert (tmp_path / "models").is_dir()
    assert not compose_env.write(path)
    assert path.read_text(encoding="utf-8") == before


def test_image_copies_what_exists_and_what_the_builder_is_sent(checkout: Path, dockerfile: str) -> None:
    rules = (checkout / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sent = {rule[1:] for rule in rules if rule.startswith("!")}
    hidden = [rule for rule in rules if rule.startswith("**/")]
    sources = {
        source
        for line in re.findall(r"^COPY +(?!--from)(.+)$", dockerfile, flags=re.MULTILINE)
        for source in shlex.split(line)[:-1]
    }
    assert {"requirements.lock", "obs_lib", "night_watch", "reports"} <= sources
    assert sources == sent
    for source in sources:
        assert (checkout / source).exists(), f"COPY {source}: not in the checkout"
        assert not any(fnmatch(source, rule.removeprefix("**/")) for rule in hidden)


def test_image_and_compose_mean_the_same_folders(compose: dict[str, Any], dockerfile: str) -> None:
    worker = compose["services"]["worker"]
    folders = {mount.rsplit(":", 2 if mount.endswith(":ro") else 1)[1] for mount in worker["volumes"]}
    assert folders == {f"/opt/obs/{name}" for name in ("settings", "logs", "models", "lake")} | {"/opt/airflow/logs"}
    assert all(folder in dockerfile for folder in folders)
    for key in ("AIRFLOW__CORE__DAGS_FOLDER", "OBS_CONFIG"):
        assert re.search(rf"[ =]{re.escape(worker['environment'][key])}\b", dockerfile), key


def test_image_pins_the_same_uv_as_the_makefile(checkout: Path, dockerfile: str) -> None:
    makefile = (checkout / "Makefile").read_text(encoding="utf-8")
    pins = re.findall(r"^(?:ARG )?UV_VERSION\s*:?=\s*([\d.]+)$", makefile + "\n" + dockerfile, flags=re.MULTILINE)
    assert len(pins) == 2
    assert len(set(pins)) == 1


def test_nights_run_without_anybody_pressing_a_switch(airflow_services: dict[str, dict[str, Any]]) -> None:
    for name, service in airflow_services.items():
        assert service["environment"]["AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION"] == "False", name


def test_probes_are_shell_lines_and_those_that_import_airflow_are_rare(compose: dict[str, Any]) -> None:
    """Engines split a probe of several words differently; an import of Airflow or Celery costs seconds of a core."""
    probes = {name: one["healthcheck"] for name, one in compose["services"].items() if "healthcheck" in one}
    assert len(probes) >= 7
    for name, probe in probes.items():
        assert (probe["test"][0], len(probe["test"])) == ("CMD-SHELL", 2), name
        assert shlex.split(probe["test"][1].replace("$$", "$")), name
        if re.match(r"(airflow|celery) ", probe["test"][1]):
            assert probe["interval"] == "60s", name


def test_no_single_file_is_mounted(checkout: Path, compose: dict[str, Any]) -> None:
    """An editor that replaces a file would leave the old one mounted."""
    mounts = {mount.split(":")[0] for service in compose["services"].values() for mount in service.get("volumes", [])}
    assert not [mount for mount in mounts if mount.startswith("./") and (checkout / mount).is_file()]


def test_the_settings_of_the_stack_name_its_own_folders(checkout: Path, compose: dict[str, Any]) -> None:
    worker = compose["services"]["worker"]
    settings = load_settings(checkout / "settings" / "obs.yaml")
    inside = {mount.rsplit(":", 2 if mount.endswith(":ro") else 1)[1] for mount in worker["volumes"]}
    assert {settings.lake.root, *(source.where for source in settings.sources)} <= inside
    assert worker["environment"]["OBS_CONFIG"] == "/opt/obs/settings/obs.yaml"


def test_connections_and_the_outside_address_reach_every_service(airflow_services: dict[str, dict[str, Any]]) -> None:
    for name, service in airflow_services.items():
        assert service["env_file"] == [{"path": "connections.env", "required": False}], name
        assert "AIRFLOW__API__BASE_URL" in service["environment"], name


def test_another_admin_password_takes_effect(airflow_services: dict[str, dict[str, Any]]) -> None:
    (script,) = airflow_services["init"]["command"]
    assert script.index("users create") < script.index("users reset-password")


def test_what_the_image_copies_can_be_read_whatever_the_umask(dockerfile: str) -> None:
    final = dockerfile.rpartition("FROM ")[2]
    copied = re.findall(r"^COPY (?!--from)\S+ (\S+)$", final, flags=re.MULTILINE)
    (opened,) = re.findall(r"^RUN chmod -R a\+rX (.+)$", final, flags=re.MULTILINE)
    assert set(copied) == set(opened.split()) != set()
    assert final.index("chmod -R") < final.index("USER airflow")
    assert re.search(r"chmod -R a\+rX \. && uv pip install .*--no-deps \.", dockerfile)


def test_the_default_image_brings_no_cuda(dockerfile: str) -> None:
    assert "ARG TORCH_BACKEND=cpu" in dockerfile
    assert "--torch-backend" in dockerfile


def test_secrets_are_written_with_the_standard_library_alone(checkout: Path, tmp_path: Path) -> None:
    """By the Python that is there: no environment of some gigabytes for a file of ten lines."""
    target = re.search(r"^compose-env:(.*?)##.*\n\t(.+)$", (checkout / "Makefile").read_text(), flags=re.MULTILINE)
    assert target is not None
    assert target[1].strip() == ""
    assert target[2] == "@$(PYTHON) tools/compose_env.py"
    script = checkout / "tools" / "compose_env.py"
    command = [sys.executable, "-I", "-S", str(script), "--file", str(tmp_path / ".env")]
    assert subprocess.run(command, check=True, capture_output=True, timeout=30, text=True).stdout.startswith("wrote")
