"""Each sub-package stands on a floor, imports point down and in no circle, only child processes import TensorFlow."""

import ast
import functools
import graphlib
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import LONGEST

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
FLOOR = {package: floor for floor, packages in enumerate(FLOORS) for package in packages.split()}


def _module(path: Path) -> str:
    return ".".join(("autograder", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


@functools.cache
def trees() -> dict[str, ast.Module]:
    """Every module of the package."""
    return {_module(path): ast.parse(path.read_text("utf-8")) for path in PACKAGE.rglob("*.py")}


def _imported(tree: ast.AST) -> Iterator[str]:
    """The modules that a file imports, also within functions and for the type checker alone."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            members = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (member if member in trees() else node.module for member in members)


@functools.cache
def imports() -> dict[str, set[str]]:
    """By module, the modules that it imports."""
    return {module: set(_imported(tree)) for module, tree in trees().items()}


@functools.cache
def between() -> dict[tuple[str, str], str]:
    """Pairs of packages (names below the top) of which one imports from the other, with the module that does."""
    return {
        (module.split(".")[1], name.split(".")[1]): module
        for module, names in imports().items()
        for name in names & trees().keys()
        if "." in module and "." in name and not module.endswith("__main__")
    }


# A command is called as the function that does its work, and Alembic asks each revision for the same names.
NAMED_BY_OTHERS = ("autograder.cli.", "autograder.records.migrations.versions.")


def test_packages_are_few_and_each_stands_on_a_floor():
    assert {module.split(".")[1] for module in trees() if "." in module} - {"__main__"} == FLOOR.keys()
    assert len(FLOOR) <= 17


def test_imports_point_down():
    assert not {pair: module for pair, module in between().items() if FLOOR[pair[1]] < FLOOR[pair[0]]}


def test_no_imports_run_in_a_circle():
    modules = {module: names & trees().keys() - {module} for module, names in imports().items()}
    packages = {package: {other for one, other in between() if one == package != other} for package in FLOOR}
    for graph in (modules, packages):
        assert list(graphlib.TopologicalSorter(graph).static_order())


def test_tensorflow_is_imported_only_in_child_processes():
    child_processes = ("autograder.observe", "autograder.train")
    frameworks = {"tensorflow", "keras", "jax", "torch"}
    parents = {module: names for module, names in imports().items() if not module.startswith(child_processes)}
    assert not {module for module, names in parents.items() if frameworks & {name.split(".")[0] for name in names}}


def test_no_public_name_is_defined_twice():
    found: dict[str, set[str]] = {}
    for module, tree in trees().items():
        for node in () if module.startswith(NAMED_BY_OTHERS) else tree.body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", node)]
            names = {getattr(target, "id", getattr(target, "name", "_")) for target in targets}
            for name in names:
                found.setdefault(name, set()).add(module)
    twice = {name for name, modules in found.items() if len(modules) > 1 and not name.startswith("_")}
    # A program starts in `main`; `check` is what a script calls and what released notebooks call.
    assert twice == {"main", "check"}


def test_no_file_is_longer_than_four_hundred_lines():
    files = [*PACKAGE.rglob("*.py"), *Path(__file__).parent.rglob("*.py")]
    assert not [path for path in files if len(path.read_text("utf-8").splitlines()) > 400]


def test_the_tests_stand_as_what_they_test():
    """Beside a folder for each sub-package: the sample assignments, a class, attacks, and broken inputs."""
    folders = {path.name for path in Path(__file__).parent.iterdir() if path.is_dir() and [*path.glob("*.py")]}
    assert folders == FLOOR.keys() - {"api", "live"} | {"assignments", "samples", "hostile", "fuzz"}


def test_the_files_that_are_run_first_are_there():
    assert set(LONGEST) <= {path.name for path in Path(__file__).parent.rglob("test_*.py")}


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
