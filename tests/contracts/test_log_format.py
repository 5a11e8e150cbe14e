"""A log format is added by one file and one line, and somebody's own is read, rejected and named like one of the package."""

from __future__ import annotations

import ast
import datetime as dt
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from obs_lib.errors import ConfigError, ExtensionError, SourceError
from obs_lib.lake.tables import INTERACTIONS, QUARANTINE
from obs_lib.pipeline.config_check import check_config
from obs_lib.pipeline.ingest import ingest, late_days
from obs_lib.pipeline.preview import Preview, preview
from obs_lib.pipeline.workspace import Workspace, open_workspace
from obs_lib.records import StepState
from obs_lib.sources.formats.registry import BUNDLED, known
from obs_lib.sources.options import SourceOptions
from tests import logs

DAY = dt.date(2025, 3, 7)
WORDS = {"labels", "gpu"}
"""Names that are words for other things as well (tables, columns, settings): what counts is where something depends on them."""
SHARED = {
    "langfuse": {"sources/formats/otlp/langfuse.py"},  # its SDK's spans have the same fields
    "labels": {"pipeline/schema_5/rows.py"},  # the table of that name
    "otlp": {"sources/formats/spans.py"},  # other logs of spans, whose traces are read as its are
    "gpu": {"sources/formats/dcgm.py"},  # another log of the same samples: one set of rules for a name, a moment
}

HEAD = """
import datetime as dt
import json
from obs_lib.lake.tables import INTERACTIONS, LABELS
from obs_lib.sources.entries import Entry, Rejected, RejectedEntry, Row
from obs_lib.sources.formats.base import EntryFormat, Format

DAY = dt.date(2025, 3, 7)
AT = dt.datetime(2025, 3, 7, 12, tzinfo=dt.UTC)

def row(entry, **more):
    return Row(INTERACTIONS, entry, {"request_id": str(entry.number), "timestamp": AT, "prompt": "Why?"}, **more)
"""
LINES = """
class Lines(EntryFormat):
    describe, version, tables = "words", "1", frozenset({INTERACTIONS})

    def days(self, raw):
        if raw == b"undatable": raise KeyError("secret@example.org")
        return {DAY} if raw != b"no days" else {"2025-03-07"}

    def rows(self, entry):
        if entry.raw == b"bad": raise Rejected("not a word of ours")
        if entry.raw == b"broken": {}["secret@example.org"]
        yield row(entry)
"""


def write(folder: Path, module: str, *lines: str, name: str = "words:Lines") -> Path:
    """A settings file with a format beside it, named `words:Lines`, and the lines as its log."""
    (folder / "words.py").write_text(HEAD + module)
    (folder / "logs").mkdir()
    (folder / "logs" / f"{DAY}.jsonl").write_text("".join(line + "\n" for line in lines))
    path = folder / "obs.yaml"
    path.write_text(json.dumps({"sources": [{"format": name, "path": "logs"}]}))
    return path


@pytest.fixture(autouse=True)
def _words_anew() -> Iterator[None]:
    yield
    sys.modules.pop("words", None)


def note(ws: Workspace) -> str:
    """What the lake says of the failed day."""
    record = ws.lake.record(DAY, "ingest")
    assert record is not None
    assert record.state is StepState.FAILED
    return record.note


def reading(body: str) -> str:
    """A format whose `read` this is."""
    return f"""
class Lines(Format):
    describe, version, tables = "words", "1", frozenset({{INTERACTIONS}})
    def days(self, raw): return {{DAY}}
    def read(self, entries):
        {body}
"""


# -- how far a format is known -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BUNDLED)
def test_a_format_is_known_by_its_own_files_and_a_line_of_the_registry(checkout: Path, name: str) -> None:
    library = checkout / "obs_lib"
    own = library / "sources" / "formats" / name
    elsewhere = set()
    for path in library.rglob("*.py"):
        if not path.is_relative_to(own) and path != own.with_suffix(".py") and path.name != "registry.py":
            tree = ast.parse(path.read_text(encoding="utf-8"))
            if names_it(tree, name) or imports(tree, f"obs_lib.sources.formats.{name}"):
                elsewhere.add(str(path.relative_to(library)))
    assert elsewhere == SHARED.get(name, set())


def names_it(tree: ast.Module, name: str) -> bool:
    """Whether the text stands in the code; of a word that means other things too, whether something is compared with it."""
    within = (
        [node for node in ast.walk(tree) if isinstance(node, ast.Compare | ast.match_case)] if name in WORDS else [tree]
    )
    return any(isinstance(node, ast.Constant) and node.value == name for part in within for node in ast.walk(part))


def imports(tree: ast.Module, module: str) -> bool:
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return any(name == module or name.startswith(f"{module}.") for name in modules)


def test_a_format_that_is_added_stands_in_the_tables_of_settings_and_formats(checkout: Path) -> None:
    program = """
from obs_lib.sources.formats import registry
registry.BUNDLED["acme"] = "tests.packages.acme_extensions.acme_extensions.gateway:GatewayFormat"
from obs_lib.sources.options import SourceOptions
from tools import formats_table, settings_table
assert SourceOptions(format="acme", path="logs").format == "acme"
print(settings_table.table(), formats_table.table())
"""
    made = subprocess.run(
        [sys.executable, "-c", program], cwd=checkout, capture_output=True, text=True, check=True, timeout=60
    )
    settings, formats = made.stdout.split("<!-- end of settings -->")
    assert "`acme`" in settings
    assert "| `acme` | Acme's gateway: a JSON object a line" in formats
    assert "| interactions, spans, labels |" in formats.splitlines()[-2]


# -- of an installed package -------------------------------------------------------------------------------------------


def test_the_page_shows_the_package_as_it_is(checkout: Path) -> None:
    page = (checkout / "docs" / "extending.md").read_text(encoding="utf-8")
    package = checkout / "tests" / "packages" / "acme_extensions"
    assert (package / "acme_extensions" / "gateway.py").read_text(encoding="utf-8").strip() in page
    entry_point = '[project.entry-points."obs.formats"]\nacme = "acme_extensions.gateway:GatewayFormat"'
    assert entry_point in page
    assert entry_point in (package / "pyproject.toml").read_text(encoding="utf-8")


@pytest.fixture
def gateway(tmp_path: Path, acme: Path) -> Workspace:
    """Settings that name the format of the installed package, over a day of its logs with a broken line."""
    lines = [json.dumps(line) for row in logs.interactions(DAY, per_route=5) for line in logs.acme(row)]
    (tmp_path / f"{DAY}.jsonl").write_text("\n".join([*lines, '{"id": "x", "at": "noon"}']) + "\n")
    (tmp_path / "obs.yaml").write_text(json.dumps({"sources": [{"format": "acme", "path": f"{DAY}.jsonl"}]}))
    return open_workspace(tmp_path / "obs.yaml")


def test_what_a_package_names_is_known_read_and_stored(gateway: Workspace) -> None:
    assert known()[-1] == "acme"
    assert check_config(gateway)["sources"].startswith("acme (")
    seen = preview(gateway, DAY)
    assert (seen.lake, seen.sources[0].format, seen.sources[0].entries) == ("never read", "acme", 11)
    assert seen.rows == {"interactions": 10, "spans": 10, "labels": 10, "gpu_samples": 0}
    assert [(rejects.reason, rejects.line) for rejects in seen.rejects] == [("at: not seconds since 1970", 11)]
    assert ingest(gateway, DAY)["interactions"] == 10
    assert gateway.lake.read(INTERACTIONS, [DAY])["prompt"].notna().all()
    assert preview(gateway, DAY).lake == "unchanged"


def test_a_name_that_nothing_has_is_refused_with_those_that_there_are(acme: Path) -> None:
    with pytest.raises(ValueError, match=r"must be one of native, otlp, .*dcgm, acme, or a `module:object`"):
        SourceOptions(format="acne", path="logs")


# -- of a file beside the settings -------------------------------------------------------------------------------------


def test_one_bad_entry_is_a_rejected_line_and_says_nothing_of_what_it_held(tmp_path: Path) -> None:
    ws = open_workspace(write(tmp_path, LINES, "good", "bad", "broken", "undatable", "no days", "well"))
    seen: Preview = preview(ws, DAY)
    assert seen.sources[0].format == "words:Lines"
    assert seen.rows["interactions"] == 2
    last = HEAD.count("\n") + LINES.count("\n")
    assert {rejects.reason: rejects.line for rejects in seen.rejects} == {
        "not a word of ours": 2,
        f"KeyError in words.py, line {last - 1}": 3,
        f"KeyError in words.py, line {last - 6}": 4,
        "days: not a set of dates": 5,
    }
    ingest(ws, DAY)
    assert not ws.lake.read(QUARANTINE, [DAY])["reason"].str.contains("secret").any()


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("yield from [row(entry) for entry in entries if 1 / 0]", "fails: ZeroDivisionError in words.py, line"),
        ("yield row(next(iter(entries)))", "stops before the end"),
        ("yield from ((entry, 1) for entry in entries)", "gives tuple where a Row or a RejectedEntry belongs"),
        ("yield from (row(entry, of=AT.replace(tzinfo=None)) for entry in entries)", "has no time zone"),
        ("yield from (Row(LABELS, entry, {}) for entry in entries)", "gives a row of 'labels'"),
        ("yield from (Row(INTERACTIONS, entry, None) for entry in entries)", "not made as a Row must be"),
    ],
)
def test_any_other_fault_stops_the_day_and_names_the_format(tmp_path: Path, body: str, what: str) -> None:
    ws = open_workspace(write(tmp_path, reading(body), "one", "two"))
    with pytest.raises(SourceError, match=f"the log format 'words:Lines' of obs.yaml .*{what}") as caught:
        ingest(ws, DAY)
    assert note(ws) == str(caught.value)


def test_what_cannot_be_read_is_not_swallowed_by_a_format_that_catches_everything(tmp_path: Path) -> None:
    body = "\n        ".join(["try:", "    for entry in entries: yield row(entry)", "except Exception: pass"])
    path = write(tmp_path, reading(body), "one")
    (tmp_path / "logs" / f"{DAY}.jsonl.gz").write_bytes(b"damaged")
    with pytest.raises(SourceError, match="stops before the end"):
        ingest(open_workspace(path), DAY)


def test_a_day_is_read_again_when_the_version_is_raised(tmp_path: Path) -> None:
    path = write(tmp_path, LINES, "good")
    ingest(open_workspace(path), DAY)
    assert late_days(open_workspace(path), DAY + dt.timedelta(days=1)) == []
    (tmp_path / "words.py").write_text(
        HEAD + LINES.replace('"1"', '"1.1"')
    )  # of another size: Python tells files of one second apart by it
    sys.modules.pop("words")
    ws = open_workspace(path)
    assert late_days(ws, DAY + dt.timedelta(days=1)) == [DAY]
    ingest(ws, DAY)
    assert late_days(ws, DAY + dt.timedelta(days=1)) == []


@pytest.mark.parametrize(
    ("module", "what"),
    [
        ("raise RuntimeError('no licence')", "cannot be loaded.*RuntimeError: no licence"),
        ("class Lies: pass", "cannot be loaded.*AttributeError"),
        ("class Lines: pass", "is no log format"),
        ("class Lines(Format):\n    describe = 'x'\n    tables = {INTERACTIONS}", "cannot be made.*TypeError.*days"),
        (LINES.replace("describe, version, tables", "name, version, tables"), "does not say what it reads"),
        (LINES.replace("frozenset({INTERACTIONS})", "{'interactions'}"), "does not say which rows it gives"),
        (LINES.replace("frozenset({INTERACTIONS})", "7"), "does not say which rows it gives"),
        (LINES.replace('"words", "1"', '"words", 1'), "has a version that is no text"),
    ],
)
def test_one_that_cannot_be_loaded_is_named_by_the_check_and_by_the_night(
    tmp_path: Path, module: str, what: str
) -> None:
    ws = open_workspace(write(tmp_path, module, "good"))
    with pytest.raises(ExtensionError, match=f"(?s)words:Lines.*{what}"):
        check_config(ws)
    with pytest.raises(ConfigError, match=f"(?s)words:Lines.*{what}"):
        ingest(ws, DAY)
    assert "words:Lines" in note(ws)
