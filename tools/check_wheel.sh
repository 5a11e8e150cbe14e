#!/bin/sh
# Does the built wheel work alone? Installs it with its own requirements (held to requirements.lock, no Airflow, no test
# tools) in a fresh environment, and runs `obs` in an empty folder: what only the checkout has is not found there.
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
"$scratch/venv/bin/obs" config check
"$scratch/venv/bin/python" - <<'CHECK'
from importlib.resources import files
from importlib.util import find_spec

package = files("obs_lib")
missing = [name for name in ("py.typed", "stop_words.txt", "evaluators/weights", "evaluators/words", "evaluators/judge/rubrics",
                            "samples/texts", "reports_theme", "airflow_home/dags", "airflow_home/plugins")
           if not package.joinpath(name).is_file() and not any(package.joinpath(name).iterdir())]
assert not missing, f"the wheel lacks {missing}"
assert find_spec("airflow") is None, "obs must install without Airflow"
CHECK
echo "the wheel works outside the checkout"
