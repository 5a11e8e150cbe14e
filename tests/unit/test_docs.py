"""What the pages say of files, pages, commands and layers, against the checkout."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from obs_lib.cli.app import SUBJECTS, imported
from obs_lib.settings.loading import parse_settings
from obs_lib.settings.settings import Settings

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
YAML = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
PATH = re.compile(r"[\w./-]+/[\w.-]*|[\w-]+\.(?:py|toml|yml|j2|md)")
LONGEST_README = 140  # lines: one page
GONE = ("editions?", "keeping", "upkeep", "at equal tokens", "equal_tokens", "utilisation", "obs_fold", "sum_up")
NOT_OURS = ("logs/",)  # paths in a reader's own folder


@pytest.fixture(scope="module")
def pages(checkout: Path) -> list[Path]:
    """README.md, CHANGELOG.md and every page of docs/."""
    return [checkout / "README.md", checkout / "CHANGELOG.md", *sorted((checkout / "docs").rglob("*.md"))]


@pytest.fixture(scope="module")
def architecture(checkout: Path) -> str:
    return (checkout / "docs" / "architecture.md").read_text(encoding="utf-8")


def prose(page: Path) -> str:
    """The text of a page without its fenced blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def slug(heading: str) -> str:
    """A heading's anchor, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def test_the_readme_is_one_page(checkout: Path) -> None:
    assert len((checkout / "README.md").read_text(encoding="utf-8").splitlines()) <= LONGEST_README


def test_every_relative_link_resolves(pages: list[Path]) -> None:
    broken = []
    for page in pages:
        for target in LINK.findall(prose(page)):
            if "://" in target:
                continue
            name, _, section = target.partition("#")
            place = (page.parent / name).resolve() if name else page
            headings = re.findall(r"^#+ (.*)$", prose(place), re.MULTILINE) if section and place.exists() else []
            if not place.exists() or (section and section not in map(slug, headings)):
                broken.append(f"{page.name}: {target}")
    assert broken == []


def test_every_page_that_the_code_names_exists(checkout: Path) -> None:
    missing = [
        f"{path.name}: {name}"
        for folder in ("obs_lib", "dags", "plugins", "tools", "tests")
        for path in (checkout / folder).rglob("*.py")
        for name in re.findall(r"\bdocs/[\w/-]+\.md", path.read_text(encoding="utf-8"))
        if not (checkout / name).exists()
    ]
    assert missing == []


def test_every_page_is_in_the_index(checkout: Path, pages: list[Path]) -> None:
    index = checkout / "docs" / "README.md"
    listed = {(index.parent / target).resolve() for target in LINK.findall(prose(index))}
    docs = {page for page in pages if page.parent == index.parent and page != index}
    assert docs - listed == set()


def test_every_path_that_the_architecture_names_exists(checkout: Path, architecture: str) -> None:
    named = [name for name in re.findall(r"`([^`\n]+)`", FENCE.sub("", architecture)) if PATH.fullmatch(name)]
    named = [name for name in named if not name.startswith(NOT_OURS)]
    assert len(named) >= 50
    missing = [name for name in named if not any((root / name).exists() for root in (checkout, checkout / "obs_lib"))]
    assert missing == []


def test_the_architecture_has_every_room(checkout: Path, architecture: str) -> None:
    library = checkout / "obs_lib"
    rooms = {f"{path.parent.name}/" for path in library.glob("*/__init__.py")}
    rooms |= {path.name for path in library.glob("*.py") if path.name != "__init__.py"}
    assert {room for room in rooms if f"`{room}`" not in architecture} == set()


def test_the_architecture_has_the_layers_that_are_checked(checkout: Path, architecture: str) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (layers,) = [contract["layers"] for contract in contracts if contract.get("containers") == ["obs_lib"]]
    assert "```\n" + "\n".join(layers) + "\n```" in architecture


def test_decisions_are_numbered_without_a_gap_and_listed(checkout: Path) -> None:
    folder = checkout / "docs" / "decisions"
    records = sorted(path for path in folder.glob("*.md") if path.name != "README.md")
    assert [path.name[:5] for path in records] == [f"{number:04d}-" for number in range(1, len(records) + 1)]
    index = (folder / "README.md").read_text(encoding="utf-8")
    for path in records:
        title = path.read_text(encoding="utf-8").splitlines()[0]
        assert title.startswith(f"# {path.name[:4]} "), path.name
        assert f"| [{path.name[:4]}]({path.name}) | {title[7:]} |" in index


def test_the_glossary_is_in_order(checkout: Path) -> None:
    page = (checkout / "docs" / "glossary.md").read_text(encoding="utf-8")
    terms = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")][1:]
    assert len(terms) >= 50
    assert terms == sorted(terms, key=str.lower)
    assert len(terms) == len(set(terms))


def test_every_command_has_its_place(checkout: Path) -> None:
    page = (checkout / "docs" / "cli.md").read_text(encoding="utf-8")
    assert [name for name in commands() if f"`obs {name}" not in page] == []


def commands() -> list[str]:
    """The names of all commands, those of groups behind their group's."""
    names = []
    for name in (name for subject in SUBJECTS for name in subject.commands):
        inner = getattr(imported(name), "commands", None)
        names += [f"{name} {each}" for each in inner] if inner else [name]
    return names


def test_every_example_of_settings_holds(checkout: Path, pages: list[Path]) -> None:
    sections = set(Settings.model_fields)
    examples = 0
    for page in pages:
        for block in YAML.findall(page.read_text(encoding="utf-8")):
            data = yaml.safe_load(block)
            rubric = isinstance(data, dict) and "instructions" in data  # has a name too
            if isinstance(data, dict) and next(iter(data)) in sections and not rubric:
                examples += 1
                parse_settings(data, checkout / f"{page.name}.yaml")
    assert examples >= 10


def test_no_page_uses_a_name_that_is_gone(pages: list[Path]) -> None:
    """Decision records and the changelog may: they speak of their time."""
    present = [page for page in pages if page.name != "CHANGELOG.md" and page.parent.name != "decisions"]
    uses = [
        f"{page.name}: {word}"
        for page in present
        for word in GONE
        if re.search(rf"\b{word}\b", page.read_text(encoding="utf-8"), re.IGNORECASE)
    ]
    assert uses == []
