"""The shape of the house: which part may import which, and what no file may hold."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

import vadreview

ROOT = Path(__file__).resolve().parent.parent
LINES = 400
# each part may import those before it; shared modules (jobs, errors, ...) stand before all of them
ORDER = ["accounts", "footage", "runs", "review", "exports", "api"]
SHARED = {"vadreview", "vadreview.errors", "vadreview.jobs", "vadreview.celery", "vadreview.embedded_queue"}
DOORS = {
    "vadreview/runs/inference.py": "detectors",
    "vadreview/footage/media.py": "detectors.video",
}
# reads checkpoints that a person names on the command line, by torch's restricted reader; never in the application
CHECKPOINTS = "detectors/weights.py"


def modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@functools.cache
def nodes_of(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def imports(path: Path) -> Iterator[str]:
    """Yield the full names of everything a module imports, at its top or inside a function."""
    package = ".".join(path.relative_to(ROOT).with_suffix("").parts[:-1])
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                base = ".".join([*parts[: len(parts) - node.level + 1], *([base] if base else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("app", ORDER)
def test_no_app_imports_one_that_stands_on_it(app):
    later = ORDER[ORDER.index(app) + 1 :]

    wrong = [
        f"{name_of(path)} imports {name}"
        for path in modules(f"vadreview/{app}")
        for name in imports(path)
        if any(within(name, f"vadreview.{other}") for other in later)
    ]

    assert wrong == []


def test_shared_modules_import_no_app():
    wrong = [
        f"{name} imports {found}"
        for name in SHARED
        for path in [ROOT / f"{name.replace('.', '/')}.py", ROOT / name.replace(".", "/") / "__init__.py"]
        if path.is_file()
        for found in imports(path)
        if any(within(found, f"vadreview.{app}") for app in ORDER)
    ]

    assert wrong == []


def test_the_application_reaches_detectors_by_two_doors_alone():
    wrong = [
        f"{name_of(path)} imports {name}"
        for path in modules("vadreview")
        for name in imports(path)
        if within(name, "detectors") and not within(name, DOORS.get(name_of(path), "nothing"))
    ]

    assert wrong == []


def test_detectors_know_nothing_of_the_application():
    wrong = [
        f"{name_of(path)} imports {name}"
        for path in modules("detectors")
        for name in imports(path)
        if within(name, "vadreview") or within(name, "django") or within(name, "rest_framework")
    ]

    assert wrong == []


def test_the_product_imports_no_test():
    wrong = [
        f"{name_of(path)} imports {name}"
        for path in modules("detectors", "vadreview", "fixtures")
        for name in imports(path)
        if within(name, "tests") or within(name, "pytest")
    ]

    assert wrong == []


def test_no_signals_between_apps():
    found = [
        name_of(path)
        for path in modules("vadreview")
        if any(
            within(name, "django.dispatch") or within(name, "django.db.models.signals")
            for name in imports(path)
        )
    ]

    assert found == []


def test_the_web_process_loads_no_torch(tmp_path):
    code = (
        "import sys, vadreview.wsgi\n"
        "from django.urls import get_resolver\n"
        "get_resolver().url_patterns, [list(one.url_patterns) for one in get_resolver().url_patterns"
        " if hasattr(one, 'url_patterns')]\n"
        "print([name for name in ('torch', 'cv2', 'av', 'zarr', 'sklearn') if name in sys.modules])"
    )

    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"VADREVIEW_DATA": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )

    assert "torch" not in found.stdout


# ---- what no file may hold ----


def names_in(path: Path) -> set[str]:
    return {node.id for node in nodes_of(path) if isinstance(node, ast.Name)} | {
        node.attr for node in nodes_of(path) if isinstance(node, ast.Attribute)
    }


def test_nothing_is_exempt_from_csrf():
    found = [
        name_of(path)
        for path in modules("vadreview")
        if "csrf_exempt" in names_in(path) or any(name.endswith("csrf_exempt") for name in imports(path))
    ]

    assert found == []


@pytest.mark.parametrize("module", ["pickle", "cloudpickle", "dill", "marshal", "shelve", "joblib"])
def test_nothing_is_pickled(module):
    found = [
        name_of(path)
        for path in modules("vadreview", "detectors", "fixtures")
        if any(within(name, module) for name in imports(path))
    ]

    assert found == []


def is_said(arguments: dict[str | None, ast.expr], name: str, value: bool) -> bool:
    """Say whether a call passes exactly this constant by name."""
    given = arguments.get(name)
    return isinstance(given, ast.Constant) and given.value is value


def test_arrays_and_weights_are_never_loaded_as_code():
    wrong = []
    for path in modules("vadreview", "detectors", "fixtures"):
        for node in nodes_of(path):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            arguments = {argument.arg: argument.value for argument in node.keywords}
            if (
                called == "torch.load"
                and name_of(path) == CHECKPOINTS
                and is_said(arguments, "weights_only", True)
            ):
                continue
            if called in {"torch.load", "eval", "exec"}:
                wrong.append(f"{name_of(path)}:{node.lineno} calls {called}")
            if called in {"np.load", "numpy.load"} and not is_said(arguments, "allow_pickle", False):
                wrong.append(f"{name_of(path)}:{node.lineno} np.load without allow_pickle=False")

    assert wrong == []


def test_no_file_is_two_things():
    folders = ("vadreview", "detectors", "fixtures", "tests")
    files = [path for path in modules(*folders) if "migrations" not in path.parts]
    source = ROOT / "frontend" / "src"
    files += [path for path in source.rglob("*.ts*") if not path.name.endswith(".d.ts")]

    long = {name_of(path): count for path in files if (count := len(path.read_text().splitlines())) > LINES}

    assert long == {}


@pytest.mark.parametrize(
    "name", ["utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"]
)
def test_no_module_is_named_after_nothing(name):
    folders = ("vadreview", "detectors", "fixtures", "tests")

    assert [
        name_of(path) for path in modules(*folders) if path.stem == name or path.parent.name == name
    ] == []


def test_migrations_are_up_to_date(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_the_version_is_the_packages():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

    assert vadreview.__version__ == declared
