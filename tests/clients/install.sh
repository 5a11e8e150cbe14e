#!/bin/sh
# Installs the clients of tests/unit/sources/formats/test_agent_clients.py into a folder: install.sh PYTHON FOLDER
#
# PYTHON is one that has uv. Node's are left out where there is no npm. Half a minute, and nothing where all is there already.
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
python="$1" folder="$2"
wanted="$(cat "$here/agents.txt" "$here/package.json")"
if [ -f "$folder/installed" ] && [ "$wanted" = "$(cat "$folder/installed")" ]; then
    exit 0
fi
rm -rf "$folder"
mkdir -p "$folder/node"
"$python" -m uv venv --quiet "$folder/python"
"$python" -m uv pip install --quiet --python "$folder/python/bin/python" --requirement "$here/agents.txt"
if command -v npm >/dev/null; then
    cp "$here/package.json" "$folder/node/"
    npm install --prefix "$folder/node" --no-audit --no-fund --silent
fi
printf '%s\n' "$wanted" >"$folder/installed"
