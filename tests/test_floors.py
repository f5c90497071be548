"""Each sub-package stands on a floor, imports point down and in no circle, only child processes import TensorFlow."""

import ast
import graphlib
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "autograder"
# From the top down: a sub-package imports from its own floor and from every floor below.
FLOORS = (
    "cli live",
    "api authoring lms",
    "report grading",
    "selfcheck assignment",
    "checks train observe intake",
    "records",
    "network",
    "datasets core",
)
HEIGHT = {package: -floor for floor, packages in enumerate(FLOORS) for package in packages.split()}
SOURCES = {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text("utf-8")) for path in PACKAGE.rglob("*.py")}


def modules(file: str) -> str:
    return ".".join(("autograder", *Path(file).with_suffix("").parts)).removesuffix(".__init__")


MODULES = {modules(file): tree for file, tree in SOURCES.items()}


def imports(tree: ast.AST) -> Iterator[str]:
    """The modules that a file imports, also within functions; not what only the type checker reads."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            members = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (member if member in MODULES else node.module for member in members)
        else:
            yield from imports(node)


def test_packages_are_few_and_each_stands_on_a_floor():
    assert {Path(file).parts[0].removesuffix(".py") for file in SOURCES} - {"__init__", "__main__"} == set(HEIGHT)
    assert len(HEIGHT) <= 17


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down(module):
    package = module.split(".")[1] if "." in module else "__init__"
    if package not in HEIGHT:
        return
    packages = {name.split(".")[1] for name in imports(MODULES[module]) if name.startswith("autograder.")}
    assert not {other for other in packages if HEIGHT[other] > HEIGHT[package]}


def test_no_imports_run_in_a_circle():
    graph = {module: set(imports(tree)) & set(MODULES) - {module} for module, tree in MODULES.items()}
    packages: dict[str, set[str]] = {package: set() for package in HEIGHT}
    for module, others in graph.items():
        package = module.partition(".")[2].split(".")[0]
        if package in packages:
            packages[package] |= {other.split(".")[1] for other in others if "." in other} - {package}
    for one in (graph, packages):
        assert list(graphlib.TopologicalSorter(one).static_order())


@pytest.mark.parametrize("file", SOURCES)
def test_tensorflow_is_imported_only_in_child_processes(file):
    if not file.startswith(("observe/", "train/")):
        frameworks = {"tensorflow", "keras", "jax", "torch"}
        assert not {name.split(".")[0] for name in imports(SOURCES[file])} & frameworks


def test_no_file_is_longer_than_four_hundred_lines():
    assert not [file for file in SOURCES if len((PACKAGE / file).read_text("utf-8").splitlines()) > 400]


def test_the_parent_process_does_not_import_tensorflow():
    program = "import sys, autograder.api; print([m for m in ('tensorflow', 'keras', 'mlxtend') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"


def test_help_answers_at_once():
    seconds = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "autograder", "--help"], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        # Processor time: the machine may be doing other things as well.
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(seconds) < 0.5
