"""`make audit`: what nobody could look up never counts as sound."""

from __future__ import annotations

from tools.audit import OURS, read


def test_a_package_is_sound_vulnerable_or_unknown() -> None:
    report = {
        "dependencies": [
            {"name": "a", "version": "1", "vulns": []},
            {"name": "b", "version": "2", "vulns": [{"id": "CVE-1"}, {"id": "CVE-2"}]},
            {"name": "c", "skip_reason": "Dependency not found on PyPI and could not be audited: c (3)"},
            {"name": OURS, "skip_reason": "Dependency not found on PyPI"},
        ]
    }
    audit = read(report)
    assert audit.sound == 1
    assert audit.vulnerable == {"b 2": ["CVE-1", "CVE-2"]}
    assert audit.unknown == ["c"]
