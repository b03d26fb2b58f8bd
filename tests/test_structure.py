"""The apps stand in one order: imports and foreign keys point one way."""

import ast
import subprocess
from functools import cache
from pathlib import Path

from django.apps import apps

ROOT = Path(__file__).resolve().parent.parent
ORDER = ["peixun.lib", "bureaus", "learners", "courses", "certificates", "ledgers"]
# Plain modules of the project that any app may read.
GROUND = {"peixun.lib"}


def app_of(module: str) -> str | None:
    return next((name for name in ORDER if module == name or module.startswith(f"{name}.")), None)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imported_modules(path: Path) -> list[str]:
    found = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.append(node.module)
    return found


def python_files(app: str) -> list[Path]:
    return sorted((ROOT / app.replace(".", "/")).rglob("*.py"))


def upward_imports() -> list[str]:
    found = []
    for app in ORDER:
        for path in python_files(app):
            for module in imported_modules(path):
                target = app_of(module)
                if module.startswith("peixun") and target is None:
                    found.append(f"{path.relative_to(ROOT)} imports {module}")
                if target and ORDER.index(target) > ORDER.index(app):
                    found.append(f"{path.relative_to(ROOT)} imports {module}")
    return found


def test_imports_point_one_way():
    assert upward_imports() == []


def test_every_app_is_looked_at():
    assert all(len(python_files(app)) > 2 for app in ORDER)


def test_foreign_keys_point_one_way():
    upward = []
    for model in apps.get_models():
        own = app_of(model.__module__)
        for field in model._meta.get_fields():
            target = app_of(field.related_model.__module__) if field.concrete and field.is_relation else None
            if own and target and ORDER.index(target) > ORDER.index(own):
                upward.append(str(field))
    assert upward == []


def test_no_import_hides_inside_a_function():
    hidden = []
    for app in ORDER:
        for path in python_files(app):
            for function in ast.walk(tree_of(path)):
                if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                    inner = [n for n in ast.walk(function) if isinstance(n, ast.Import | ast.ImportFrom)]
                    hidden += [f"{path.relative_to(ROOT)}:{node.lineno}" for node in inner]
    assert hidden == []


def test_lib_has_no_module_with_one_user_only():
    """What only one app uses belongs to that app."""
    for module in (ROOT / "peixun" / "lib").glob("*.py"):
        name = f"peixun.lib.{module.stem}"
        if module.stem in ("__init__", "apps", "language", "privacy", "uploads"):  # named by the settings
            continue
        users = {app for app in ORDER[1:] for path in python_files(app) if name in imported_modules(path)}
        assert len(users) > 1, name


def test_top_level_holds_what_the_readme_says():
    allowed = {
        *("manage.py", "requirements.in", "requirements.txt", "requirements-dev.txt", "pyproject.toml"),
        *("Makefile", "README.md", "CHANGELOG.md", "LICENSE", "peixun", "tests", "docs", "bench", "deploy"),
        *ORDER[1:],
    }
    tracked = subprocess.run(  # noqa: S603
        ["git", "ls-files"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split("\n")
    top = {name.split("/")[0] for name in tracked if name and not name.startswith(".")}
    assert top <= allowed
