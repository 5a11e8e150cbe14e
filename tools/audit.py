"""What the environment consists of, as dist/sbom.json, and which of it has known vulnerabilities, as dist/audit.json.

Run by `make audit`. Vulnerabilities are asked for over the network; what nobody could tell never counts as sound. Ends with 1
where there is a vulnerability, or a package that could not be looked up.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OURS = "llm-night-watch"
_TOOL = [sys.executable, "-m", "uv", "tool", "run", "--quiet"]
_SBOM, _AUDIT = "cyclonedx-bom==7.5.0", "pip-audit==2.10.1"


@dataclass(frozen=True)
class Audit:
    """Packages by what is known of them. vulnerable : package and version, with the names of what is wrong with it."""

    sound: int
    vulnerable: dict[str, list[str]]
    unknown: list[str]


def read(report: Mapping[str, Any]) -> Audit:
    """What pip-audit's JSON says; of our own package nobody else can say anything."""
    packages = [one for one in report["dependencies"] if one["name"] != OURS]
    vulnerable = {
        f"{one['name']} {one['version']}": [known["id"] for known in one["vulns"]]
        for one in packages
        if one.get("vulns")
    }
    unknown = [one["name"] for one in packages if "skip_reason" in one]
    return Audit(len(packages) - len(vulnerable) - len(unknown), vulnerable, unknown)


def main() -> None:
    """Write both files and say what they hold."""
    folder = ROOT / "dist"
    folder.mkdir(exist_ok=True)
    sbom, audit = folder / "sbom.json", folder / "audit.json"
    made = ["cyclonedx-py", "environment", sys.executable, "--pyproject", str(ROOT / "pyproject.toml")]
    subprocess.run(
        [*_TOOL, "--from", _SBOM, *made, "--output-reproducible", "--output-file", str(sbom)], check=True, timeout=600
    )
    print(f"{sbom}: {len(json.loads(sbom.read_bytes())['components'])} components")
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    asked = ["pip-audit", "--path", packages, "--progress-spinner", "off", "--format", "json", "--output", str(audit)]
    audit.unlink(missing_ok=True)
    subprocess.run([*_TOOL, "--from", _AUDIT, *asked], check=False, timeout=1800, stderr=subprocess.DEVNULL)
    if not audit.exists():
        sys.exit("the vulnerabilities could not be asked for: the network or the advisory service is not there")
    found = read(json.loads(audit.read_bytes()))
    for package, names in found.vulnerable.items():
        print(f"{package}: {', '.join(names)}")
    print(
        f"{found.sound} packages without a known vulnerability, {len(found.vulnerable)} with, {len(found.unknown)} unknown"
    )
    if found.unknown:
        print("of those that are unknown the advisory service could not tell anything", file=sys.stderr)
    sys.exit(bool(found.vulnerable or found.unknown))


if __name__ == "__main__":
    main()
