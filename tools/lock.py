"""Write requirements.lock: every package that the project runs, tests and demonstrates with, for all supported Pythons.

One file with hashes, for every platform and every Python that pyproject.toml allows. torch is the exception: it is pinned by
version alone, without a hash and without a build tag, so that each machine takes the build it is configured to find
(a CPU build from find-links or TORCH_INDEX, the standard build elsewhere). For the same reason none of what a single build of
torch wants is pinned: the standard build brings its CUDA packages along at installation.

Run by `make lock`; `--upgrade` takes the newest releases that pyproject.toml allows, otherwise the present pins are kept.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
TORCH = "2.13.0"
OLDEST_PYTHON = "3.11"

HEADER = """\
# Written by `make lock` from pyproject.toml; do not edit. Install with uv (`make env`): pip refuses a file in which one
# package, torch, has no hash.
"""


def resolver_settings() -> str:
    """What uv must know beside the project's requirements, as a part of pyproject.toml.

    Only the CPU part of torch's requirements takes part, whichever build the resolver happens to see. This stands here
    and not in pyproject.toml because there it would keep the standard build from its CUDA packages at installation too.
    """
    return f"""
[tool.uv]
constraint-dependencies = ["torch=={TORCH}"]

[[tool.uv.dependency-metadata]]
name = "torch"
version = "{TORCH}"
requires-python = ">=3.10"
requires-dist = ["filelock", "fsspec", "jinja2", "networkx", "setuptools", "sympy", "typing-extensions"]
"""


def resolve(upgrade: bool) -> str:
    """Ask uv for the whole resolution, and return the text it would write."""
    environment = {name: value for name, value in os.environ.items() if name != "UV_FIND_LINKS"}
    with tempfile.TemporaryDirectory() as folder:
        project, output = Path(folder, "pyproject.toml"), Path(folder, "requirements.txt")
        project.write_text((ROOT / project.name).read_text(encoding="utf-8") + resolver_settings(), encoding="utf-8")
        if LOCK.exists() and not upgrade:
            output.write_text(LOCK.read_text(encoding="utf-8"), encoding="utf-8")
        subprocess.run(
            [
                *(sys.executable, "-m", "uv", "pip", "compile", project.name),
                *("--universal", "--python-version", OLDEST_PYTHON, "--all-extras", "--group", "dev"),
                *("--generate-hashes", "--no-header", "--no-emit-index-url", "--no-emit-find-links"),
                *("--quiet", "--output-file", output.name),
            ],
            cwd=folder,
            env=environment,
            check=True,
        )
        return output.read_text(encoding="utf-8")


def without_build_of_torch(text: str) -> str:
    r"""Strip hashes, the local build tag and uv's note of its own constraint from torch's entry.

    >>> entry = "a==1 \\\n    --hash=sha256:0\ntorch==2.13.0+cpu \\\n    --hash=sha256:1\n    # via x"
    >>> print(without_build_of_torch(entry), end="")
    a==1 \
        --hash=sha256:0
    torch==2.13.0
        # via x
    """
    lines, of_torch = [], False
    for line in text.splitlines():
        if not line.startswith((" ", "#")):
            of_torch = line.startswith("torch==")
        if of_torch and ("--hash=" in line or "-c (workspace)" in line):
            continue
        lines.append(re.sub(r"^(torch==[\d.]+)\S*(.*?) ?\\?$", r"\1\2", line) if of_torch else line)
    return "\n".join(lines) + "\n"


def check(text: str) -> None:
    """Stop where the lock would not work for everyone: an address, a local path, or a package of one build of torch."""
    for number, line in enumerate(text.splitlines(), start=1):
        if re.search(r"://|file:|^\s*--(?!hash=)|^(nvidia-(?!ml-py)|cuda-|triton)|\+cpu", line):
            sys.exit(f"tools/lock.py: line {number} of the lock belongs to one machine only: {line}")


def main() -> None:
    text = HEADER + without_build_of_torch(resolve(upgrade="--upgrade" in sys.argv[1:]))
    check(text)
    LOCK.write_text(text, encoding="utf-8")
    print(f"{LOCK.name}: {len(re.findall('^[a-z0-9]', text, flags=re.MULTILINE))} packages")


if __name__ == "__main__":
    main()
