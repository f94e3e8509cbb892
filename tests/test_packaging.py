"""What is shipped, what it needs, and how it is installed."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import napari_unet

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
README = (ROOT / "README.md").read_text(encoding="utf-8")
QT_BINDINGS = {"pyqt5", "pyqt6", "pyside2", "pyside6"}
COMES_WITH_NAPARI = {"vispy"}
NAMES = {"skimage": "scikit-image", "PIL": "pillow", "yaml": "pyyaml"}
"""Distributions that are called otherwise than what is imported."""


def requirements(lines):
    return {Requirement(line).name.lower(): Requirement(line) for line in lines}


CORE = requirements(PROJECT["dependencies"])


def readme_command(kind):
    (command,) = re.findall(rf"^```sh {kind}\n(.*?)\n```$", README, re.MULTILINE)
    return command


def pins():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return requirements(line for line in lines if line and not line.startswith("#"))


def test_the_version_is_said_once_and_the_same():
    assert napari_unet.__version__ == PROJECT["version"]
    said = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text("utf-8"), re.MULTILINE)
    assert said.group(1) == PROJECT["version"]
    assert f"## {PROJECT['version']}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_readme_names_all_that_can_be_installed_with_it():
    for extra in PROJECT["optional-dependencies"].keys() - {"dev"}:
        assert re.search(rf'`{extra}`|[",\[]{extra}[,\]]', README), extra


def test_r5_1_installing_it_beside_napari_changes_nothing_that_is_there():
    """Nothing but our own package would be installed; `.ci/run` does so for real."""
    command = [
        *(sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--report", "-"),
        *("--no-index", "--no-build-isolation", str(ROOT)),
    ]
    here_only = {**os.environ, "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}
    run = subprocess.run(command, env=here_only, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    added = [one["metadata"]["name"] for one in json.loads(run.stdout)["install"]]
    assert added == [PROJECT["name"]]


def test_r5_2_no_qt_binding_in_the_core():
    assert QT_BINDINGS & set(CORE) == set()
    assert CORE["napari"].extras == set()
    assert "torchvision" not in set(CORE) | set(pins())


@cache
def trees():
    """Every node of the syntax trees of the package, by file."""
    sources = {path: path.read_text("utf-8") for path in (ROOT / "napari_unet").rglob("*.py")}
    return {path: list(ast.walk(ast.parse(source))) for path, source in sources.items()}


def nodes():
    return ((path, node) for path, tree in trees().items() for node in tree)


def test_r5_2_only_qtpy_is_imported():
    for path, node in nodes():
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        assert {m.partition(".")[0].lower() for m in modules} & QT_BINDINGS == set(), path


def programs_started(tree):
    """What `subprocess` and `os` are told to start: the source of each command."""
    lists = {
        ast.unparse(node.targets[0]): node.value for node in tree if isinstance(node, ast.Assign)
    }
    for node in tree:
        if isinstance(node, ast.Call) and STARTS.match(ast.unparse(node.func)):
            command = ast.unparse(node.args[0])
            yield ast.unparse(lists.get(command, node.args[0]))


STARTS = re.compile(
    r"(subprocess|os|asyncio)\.(Popen|run|call|check_|system|exec|spawn|popen|create)"
)


def test_r5_3_no_other_program_is_started_than_this_python():
    """No server, no container, no compiler: the engine is a module of ours."""
    started = [command for tree in trees().values() for command in programs_started(tree)]
    modules = {re.match(r"\[sys\.executable, (?:'-P', )?'-m', '([\w.]+)'", c)[1] for c in started}
    assert modules == {"napari_unet.jobs.engine", "napari_unet.cli.window_probe"}
    bad = ast.parse("command = ['docker', 'run']\nsubprocess.run(command)\nos.system('make')")
    assert list(programs_started(list(ast.walk(bad)))) == ["['docker', 'run']", "'make'"]


PRIVATE_OF_PYTHON = {"_asdict", "_fields", "_replace", "_exit"}


def test_r5_6_nothing_private_of_napari_is_used_without_a_fallback():
    """Each private name is our own; others are asked by `getattr` with a default."""
    own, used = set(), {}
    for path, node in nodes():
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                own.add(name)
            case ast.Attribute(attr=name, ctx=ast.Store()) | ast.Name(id=name, ctx=ast.Store()):
                own.add(name)
            case ast.Attribute(attr=name) if re.match("_[^_]", name):
                used[name] = f"{path}:{node.lineno}"
            case ast.ImportFrom(module=module, names=names) if module and "napari" in module:
                for one in [module, *(alias.name for alias in names)]:
                    assert not re.search(r"(^|\.)_[^_]", one), f"{path}: {one}"
            case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=name)]):
                assert not str(name).startswith("_"), f"{path}:{node.lineno}: {name}"
    assert {k: v for k, v in used.items() if k not in own | PRIVATE_OF_PYTHON} == {}


def test_r5_6_ci_opens_the_window_on_the_newest_the_oldest_and_the_coming_napari():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    installed = re.findall(r"^\.venv-ci/bin/pip install .*napari.*\n", script, re.MULTILINE)
    assert re.findall(r"^window (\w+)", script, re.MULTILINE) == ["newest", "oldest", "coming"]
    assert "==" not in installed[0]
    assert '"napari[pyqt6]==0.9.0"' in installed[1]
    assert "--pre" in installed[2]
    assert CORE["napari"].specifier.contains("0.9.0")
    assert not CORE["napari"].specifier.contains("0.8.1")


def test_what_is_imported_is_declared():
    used = set()
    for _, node in nodes():
        if isinstance(node, ast.Import):
            used |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            used.add((node.module or "").partition(".")[0])
    others = used - set(sys.stdlib_module_names) - {"napari_unet"} - COMES_WITH_NAPARI
    assert {NAMES.get(name, name).lower() for name in others} - set(CORE) == set()


def test_the_constraints_fit_what_is_declared():
    extras = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
    for name, wanted in [*CORE.items(), *requirements(extras).items()]:
        if name in pins():
            (pin,) = pins()[name].specifier
            assert pin.operator == "=="
            assert pin.version in wanted.specifier, name
    assert set(CORE) - set(pins()) == set()
    assert str(pins()["torch"].specifier) == "==2.13.0"


@pytest.mark.parametrize("kind", ["demo", "test"])
def test_the_commands_of_the_readme_install_through_the_constraints(kind):
    command = readme_command(kind)
    assert command.startswith("python3 -m venv .venv && .venv/bin/pip install -c constraints.txt ")
    assert command.count("pip install") == 1


def test_the_commands_of_the_readme_end_in_the_demo_and_in_the_tests():
    assert readme_command("demo").endswith("&& .venv/bin/napari-unet demo")
    assert readme_command("test").endswith("&& .venv/bin/python -m pytest -n 2 --dist loadfile")
    assert PROJECT["scripts"]["napari-unet"] == "napari_unet.cli:main"


def test_ci_runs_the_commands_of_the_readme():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "$(readme demo)" in script
    assert "$(readme test)" in script
    assert subprocess.run(["bash", "-n", ROOT / ".ci" / "run"], check=False).returncode == 0


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
def test_every_python_that_is_named_is_allowed(python):
    assert f"Programming Language :: Python :: {python}" in PROJECT["classifiers"]
    assert f"{python}.1" in SpecifierSet(PROJECT["requires-python"])


def test_the_manifest_is_valid_and_all_it_names_can_be_imported():
    run = subprocess.run(
        [sys.executable, "-m", "npe2", "validate", "--imports", PROJECT["name"]],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert "valid" in (run.stdout + run.stderr).lower()


def test_r5_3_the_wheel_holds_all_and_needs_no_compiler(tmp_path):
    pytest.importorskip("hatchling")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    shipped = {path.name for path in (ROOT / "napari_unet" / "starters").glob("*.safetensors")}
    assert {"napari_unet/napari.yaml", "napari_unet/py.typed"} <= names
    assert {f"napari_unet/starters/{name}" for name in shipped} <= names
    assert not any(name.startswith(("tests/", "benchmarks/", "docs/")) for name in names)
    assert wheel.stat().st_size < 30e6
    assert wheel.name.endswith("-py3-none-any.whl"), "R5.3: for every system, nothing to compile"
