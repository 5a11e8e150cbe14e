#!/bin/sh
# Does the built wheel work alone? Installs it with its own requirements (held to requirements.lock, no Airflow, no test
# tools) in a fresh environment, first without models, then with them, and runs `obs` in an empty folder: what only the checkout
# has is not found there.
set -eu

wheel=$(realpath "$1")
lock=$(realpath requirements.lock)
python=$(realpath .venv/bin)/python
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM

"$python" -m uv venv --quiet --python "$python" "$scratch/venv"
"$python" -m uv pip install --quiet --python "$scratch/venv/bin/python" --constraint "$lock" "$wheel"

mkdir "$scratch/empty"
cd "$scratch/empty"
unset PYTHONPATH
"$scratch/venv/bin/obs" --help
if said=$("$scratch/venv/bin/obs" config check 2>&1); then
    echo "obs config check must say that no model can run here"; exit 1
fi
case $said in *"llm-night-watch[models]"*) ;; *) echo "$said"; exit 1 ;; esac
"$scratch/venv/bin/python" - <<'CHECK'
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.util import find_spec

package = files("obs_lib")
missing = [name for name in ("py.typed", "stop_words.txt", "evaluators/weights", "evaluators/words", "evaluators/judge/rubrics",
                            "samples/texts", "reports_theme")
           if not package.joinpath(name).is_file() and not any(package.joinpath(name).iterdir())]
assert not missing, f"the wheel lacks {missing}"
assert find_spec("airflow") is None, "obs must install without Airflow"

announced = entry_points(group="apache_airflow_provider")["provider_info"].load()()
assert announced["package-name"] == "llm-night-watch", announced
(plugin,) = entry_points(group="airflow.plugins")
assert find_spec(plugin.module.rpartition(".")[0]), "the wheel lacks the provider"
CHECK
"$python" -m uv pip install --quiet --python "$scratch/venv/bin/python" --constraint "$lock" "llm-night-watch[models] @ file://$wheel"
"$scratch/venv/bin/obs" config check
echo "the wheel works outside the checkout"
