"""Guards the floors of ``docs/architecture.md``: who may import whom, and what nobody may call."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import napari_unet

PACKAGE = Path(napari_unet.__file__).parent
BENCHMARKS = PACKAGE.parent / "benchmarks"


class Floor(NamedTuple):
    """How high a part of the house is, and which packages of others it may use.

    ``inside`` may be imported in the body of a function only, so that it is loaded when needed.
    """

    number: int
    uses: frozenset[str]
    inside: frozenset[str] = frozenset()


def uses(names: str) -> frozenset[str]:
    return frozenset(names.split())


FLOORS = {
    "disk": Floor(0, uses("")),
    "memory": Floor(0, uses("")),
    "schema": Floor(0, uses("numpy pydantic")),
    "images": Floor(
        1, uses("numpy scipy skimage PIL tifffile roifile dask"), uses("cc3d edt fastremap zarr")
    ),
    "networks": Floor(1, uses("torch")),
    "losses": Floor(1, uses("torch")),
    "augment": Floor(1, uses("torch numpy")),
    "device": Floor(1, uses("torch")),
    "models": Floor(2, uses("numpy pydantic safetensors platformdirs filelock yaml torch")),
    "inference": Floor(3, uses("numpy torch")),
    "training": Floor(3, uses("numpy scipy skimage torch")),
    "jobs": Floor(4, uses("numpy pydantic")),
    "session": Floor(5, uses("numpy scipy skimage psygnal pydantic")),
    "widgets": Floor(
        6, uses("napari qtpy magicgui superqt psygnal numpy scipy skimage pydantic vispy")
    ),
    "cli": Floor(6, uses("cyclopts rich tqdm numpy pydantic"), uses("napari qtpy vispy torch")),
}
FOR_ALL = {"schema", "disk", "memory"}
NEIGHBOURS = {("training", "inference")}
"""Rooms of one floor of which the first may use the second."""
WITHOUT_TORCH = (
    "disk",
    "memory",
    "schema",
    "images",
    "models.library",
    "jobs",
    "session",
    "widgets",
    "cli",
)
"""What runs in napari's process: loading it must not load torch."""


class Import(NamedTuple):
    module: str
    line: int
    late: bool
    """In a function's body, or for the type checker only."""


def imports(tree, late=False):
    """Every import of a module."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (Import(name.name, node.lineno, late) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            names = [f"{module}.{name.name}" for name in node.names]
            for name in names if module == "napari_unet" else [module]:
                yield Import(name, node.lineno, late)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from imports(ast.Module(node.body, []), late=True)
            yield from imports(ast.Module(node.orelse, []), late)
        else:
            functions = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
            yield from imports(node, late or isinstance(node, functions))


def complaints(room, source):
    """What a module of a room imports though its floor does not allow it."""
    for found in imports(ast.parse(source)):
        allowed = (
            may_use_our_own(room, found)
            if found.module.partition(".")[0] == "napari_unet"
            else may_use_other(room, found)
        )
        if not allowed:
            yield f"line {found.line}: {room} may not import {found.module} here"


def may_use_our_own(room, found):
    target = found.module.split(".")[1] if "." in found.module else ""
    if target in FOR_ALL | {room, "__version__"}:
        return True
    if target not in FLOORS or (room == "jobs" and not found.late):
        return False
    below = FLOORS[target].number < FLOORS[room].number
    return below or (room, target) in NEIGHBOURS


def may_use_other(room, found):
    name = found.module.partition(".")[0]
    if name in sys.stdlib_module_names:
        return name not in ("multiprocessing", "pickle", "shelve", "marshal")
    return name in FLOORS[room].uses or (found.late and name in FLOORS[room].inside)


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def modules():
    return sorted(path for path in PACKAGE.rglob("*.py") if room_of(path) in FLOORS)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_downwards_only(path):
    assert list(complaints(room_of(path), path.read_text(encoding="utf-8"))) == []


def test_every_room_has_a_floor():
    rooms = {room_of(path) for path in PACKAGE.rglob("*.py")}
    assert rooms - {"__init__", "__main__"} <= set(FLOORS)


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("schema", "import torch"),
        ("schema", "from napari_unet.images import axes"),
        ("images", "import torch"),
        ("images", "from napari_unet import networks"),
        ("losses", "from napari_unet.networks.unet import UNet"),
        ("models", "from napari_unet.training.train import train"),
        ("models", "from qtpy.QtCore import QTimer"),
        ("inference", "from napari_unet.training.train import train"),
        ("jobs", "import torch"),
        ("jobs", "def body():\n    import torch"),
        ("jobs", "from napari_unet.inference.predict import predict_planes"),
        ("jobs", "import multiprocessing"),
        ("jobs", "def body():\n    from napari_unet.session import session"),
        ("session", "from qtpy.QtCore import QTimer"),
        ("session", "def body():\n    import torch"),
        ("widgets", "from PyQt5.QtCore import QTimer"),
        ("widgets", "def slot():\n    from PySide6 import QtCore"),
        ("widgets", "class A:\n    def slot(self):\n        import torch"),
        ("widgets", "from napari_unet import cli"),
        ("widgets", "from napari_unet import predict"),
        ("widgets", "try:\n    import torch\nexcept ImportError:\n    pass"),
        ("cli", "import napari"),
        ("cli", "from napari_unet.widgets.panel import Panel"),
        ("training", "import napari"),
        ("device", "from ..models import library"),
    ],
)
def test_the_guard_sees_what_is_forbidden(room, source):
    assert len(list(complaints(room, source))) == 1


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("jobs", "def body():\n    from napari_unet.inference.predict import predict_planes"),
        ("jobs", "if TYPE_CHECKING:\n    from napari_unet.models.model import Model"),
        ("cli", "def demo():\n    import napari"),
        ("models", "from napari_unet import disk, __version__"),
        ("training", "from napari_unet.inference.predict import prepare"),
        ("widgets", "import napari, qtpy\nfrom napari_unet.session.session import Session"),
    ],
)
def test_the_guard_lets_through_what_is_allowed(room, source):
    assert list(complaints(room, source)) == []


FORBIDDEN = re.compile(
    r"weights_only\s*=\s*False|allow_pickle\s*=\s*True|yaml\.(unsafe_|full_)?load\(|extractall"
    r"|torch\.jit\.load|pickle\.load|processEvents"
)


@pytest.mark.parametrize(
    "call",
    [
        "torch.load(f, weights_only=False)",
        "np.load(f, allow_pickle = True)",
        "yaml.load(f)",
        "archive.extractall(folder)",
        "torch.jit.load(f)",
        "pickle.loads(data)",
        "app.processEvents()",
    ],
)
def test_the_search_finds_calls_that_trust_a_file(call):
    assert FORBIDDEN.search(call)


def test_r9_3_no_file_is_ever_trusted():
    """A model, a mask or a project from somebody else must not be able to run code."""
    sources = [*PACKAGE.rglob("*.py"), *BENCHMARKS.rglob("*.py")]
    found = {
        str(path): match.group()
        for path in sources
        for match in FORBIDDEN.finditer(path.read_text(encoding="utf-8"))
    }
    assert len(sources) > 10
    assert found == {}


def loaded_by(code):
    """The top-level packages in memory after a piece of code, in a Python of its own."""
    code += "\nimport sys\nprint(*sorted({name.partition('.')[0] for name in sys.modules}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    return set(run.stdout.splitlines()[-1].split())


def test_r5_5_importing_the_package_imports_nothing_heavy():
    heavy = {"torch", "napari", "scipy", "numpy", "skimage", "qtpy", "magicgui", "pydantic", "dask"}
    assert loaded_by("import napari_unet; dir(napari_unet)") & heavy == set()


def names_without_torch():
    for path in modules():
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        if any(name == room or name.startswith(f"{room}.") for room in WITHOUT_TORCH):
            yield f"napari_unet.{name}".removesuffix(".__init__")


def test_r5_5_nothing_that_runs_in_the_window_imports_torch(monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    names = list(names_without_torch())
    loaded = loaded_by("\n".join(f"import {name}" for name in names))
    assert len(names) > 20
    assert "numpy" in loaded
    assert "torch" not in loaded
