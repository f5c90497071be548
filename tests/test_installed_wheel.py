"""Installed from a wheel, away from the repository, the commands and the sample assignments work."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

import hatch_build

ROOT = Path(__file__).parents[1]
SUMMARY = """\
 conv2d (Conv2D)                 (None, 26, 26, 16)            160
 max_pooling2d (MaxPooling2D)    (None, 13, 13, 16)              0
 flatten (Flatten)               (None, 2704)                    0
 dense (Dense)                   (None, 10)                 27,050
 Total params: 27,210
 Trainable params: 27,210
 Non-trainable params: 0
"""
# What a notebook of an installed autograder can find of the samples.
LOOK = '''
import json
from pathlib import Path
import nbformat
from autograder.core.package_files import SAMPLES
from autograder.observe.observer import Observer
from autograder.observe.sandbox.isolation import choose_isolation
from autograder.observe.task import ObserveTask

source = f"""
from pathlib import Path
samples = Path({str(SAMPLES)!r})
there, found = samples.is_dir(), len(list(samples.rglob('*')))
"""
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
with Observer(choose_isolation("auto")) as observer:
    evidence = observer.observe(notebook, ObserveTask(variables=("found", "there")))
print(json.dumps({value.name: value.value for value in evidence.values}), len(list(SAMPLES.rglob("*"))))
'''

pytestmark = pytest.mark.slow


class Installed:
    """A virtual environment with the wheel, which takes everything else from this one; commands run in `place`."""

    def __init__(self, folder: Path) -> None:
        wheels, environment, self.place = folder / "wheels", folder / "environment", folder / "course"
        self.place.mkdir()
        _run([sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(wheels)], cwd=ROOT)
        (self.wheel,) = wheels.glob("*.whl")
        venv.create(environment, with_pip=False, symlinks=True)
        self.bin = environment / "bin"
        pip = [sys.executable, "-m", "pip", "--python", str(self.bin / "python"), "install", "--quiet"]
        _run([*pip, "--no-deps", "--no-index", str(self.wheel)], cwd=folder)
        (packages,) = environment.glob("lib/python*/site-packages")
        libraries = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
        (packages / "libraries.pth").write_text("\n".join(libraries) + "\n")

    def python(self, program: str) -> str:
        return _run([str(self.bin / "python"), "-c", program], cwd=self.place)

    def autograder(self, *arguments: str) -> str:
        return _run([str(self.bin / "autograder"), *arguments], cwd=self.place)


def _run(command: list[str], cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def samples_of(installed: Installed) -> Path:
    return Path(installed.python("from autograder.core.package_files import SAMPLES; print(SAMPLES)").strip())


def test_it_runs_from_the_environment_and_not_from_the_repository(installed):
    where = installed.python("import autograder; print(autograder.__file__, autograder.__version__)")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert where.startswith(str(installed.bin.parent))
    assert where.split()[-1] == version
    assert (Path(where.split()[0]).parent / "py.typed").is_file()


def test_every_sample_assignment_is_found_by_its_name(installed, samples_of):
    # No wheel has its hidden file.
    _run(
        [str(installed.bin / "python"), str(samples_of / "assignments" / "houses-open" / "make_data.py")],
        installed.place,
    )
    names = sorted(path.parent.name for path in (ROOT / "assignments").glob("*/assignment.toml"))
    program = "from autograder.assignment import load; import sys; print(*[load(n).solution.is_file() for n in %r])"
    assert installed.python(program % names).split() == ["True"] * len(names)


def test_it_grades_a_class_and_checks_a_notebook(installed, samples_of):
    submissions = installed.place / "submissions"
    submissions.mkdir()
    shutil.copy(samples_of / "solutions" / "cnn2" / "cnn2.ipynb", submissions / "ada.ipynb")
    shutil.copy(samples_of / "assignments" / "cnn2" / "cnn2.ipynb", submissions / "bob.ipynb")
    assert "report: reports/cnn2/index.html" in installed.autograder("grade", "cnn2", "submissions")
    lines = (installed.place / "reports" / "cnn2" / "results.jsonl").read_text(encoding="utf-8").splitlines()
    scores = {result["student"]: result["score"] for result in map(json.loads, lines)}
    assert scores["ada"] == 9
    assert scores["bob"] < 3
    assert "of 10 points" in installed.autograder("check", "submissions/bob.ipynb")


def test_no_archive_has_what_an_assignment_declares_as_hidden(installed, tmp_path):
    (hidden,) = hatch_build.hidden_files(ROOT)
    assert hidden.name == "houses-hidden.csv"
    _run([sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", str(tmp_path)], cwd=ROOT)
    (source,) = tmp_path.glob("*.tar.gz")
    with zipfile.ZipFile(installed.wheel) as wheel, tarfile.open(source) as sources:
        for names in (wheel.namelist(), sources.getnames()):
            assert any(name.endswith("houses-open/houses.csv") for name in names)
            assert not any(name.endswith(hidden.name) for name in names)


def test_a_hidden_file_that_would_be_in_the_source_archive_stops_the_build(tmp_path):
    assignment = tmp_path / "assignments" / "prices"
    (assignment / "kept" / "deeper").mkdir(parents=True)
    (assignment / "assignment.toml").write_text('[datasets.a]\ncsv = "a.csv"\nhidden = "kept"\n')
    for name in ("a.csv", "kept/b.csv", "kept/deeper/c.csv"):
        (assignment / name).write_text("x,y\n")
    shutil.copy(ROOT / "hatch_build.py", tmp_path)
    project = '[project]\nname = "made"\nversion = "1"\n[tool.hatch.build.hooks.custom]\n'
    backend = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    (tmp_path / "pyproject.toml").write_text(
        f"{backend}{project}[tool.hatch.build.targets.wheel]\nbypass-selection = true"
    )
    build = [sys.executable, "-m", "hatchling", "build", "--target"]
    stopped = subprocess.run([*build, "sdist"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert stopped.returncode != 0
    assert "assignments/prices/kept/b.csv is declared as hidden" in stopped.stderr + stopped.stdout
    (tmp_path / ".gitignore").write_text("/assignments/prices/kept/\n")
    _run([*build, "sdist"], cwd=tmp_path)
    _run([*build, "wheel"], cwd=tmp_path)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {Path(name).name for name in archive.namelist() if "_samples" in name}
    assert packed == {"a.csv", "assignment.toml"}


def test_it_starts_an_assignment(installed):
    (installed.place / "table.txt").write_text(SUMMARY)
    installed.autograder("new", "mini", "--summary", "table.txt")
    assert installed.python("from autograder.assignment import load; print(load('mini').points > 0)").strip() == "True"


def test_it_makes_what_students_receive(installed):
    installed.autograder("release", "cnn2", "--no-run-tests")
    assert (installed.place / "dist" / "cnn2" / "cnn2.ipynb").is_file()


def test_it_packs_itself_for_gradescope_without_the_solutions_of_the_samples(installed):
    installed.autograder("package", "cnn2")
    (archive,) = installed.place.rglob("*autograder.zip")
    listed = installed.python(
        f"import io, zipfile\nouter = zipfile.ZipFile({str(archive)!r})\n"
        "wheel = next(name for name in outer.namelist() if name.endswith('.whl'))\n"
        "print(*zipfile.ZipFile(io.BytesIO(outer.read(wheel))).namelist(), sep='\\n')"
    )
    assert "autograder/api.py" in listed
    assert "_samples" not in listed


def test_notebooks_do_not_see_the_solutions_of_the_samples(installed):
    seen, files = installed.python(LOOK).rsplit(maxsplit=1)
    assert json.loads(seen) == {"found": 0, "there": True}
    assert int(files) > 20
