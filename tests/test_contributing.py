"""CONTRIBUTING.md: its examples are followed in a copy of the sources, and what it says is there is there."""

import configparser
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from test_floors import FLOOR

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
# A file's name with a colon, then one block or several for it.
BLOCK = r"\n```(?:python|diff)\n(?:.*?)```\n"
FILES = re.findall(rf"^`([\w./]+)`:\n((?:{BLOCK})+)", DOCUMENT, re.M | re.S)


def changed(text: str, difference: str) -> str:
    """A text with one difference applied, whose old lines stand in it exactly once."""
    lines = difference.splitlines(keepends=True)
    old, new = ("".join(line[1:] for line in lines if line[0] in kept) for kept in (" -", " +"))
    assert text.count(old) == 1, old
    return text.replace(old, new)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources with every example of the document in them, as if they were installed there."""
    folder = tmp_path_factory.mktemp("contributed")
    shutil.copytree(ROOT / "autograder", folder / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    network = [f"tests/network/{name}.py" for name in ("keras_configs", "layer_examples", "test_layers")]
    for name in ("tests/checks/by_hand.py", "docs/layers.md", *network):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for name, blocks in FILES:
        path = folder / name
        for language, content in re.findall(r"\n```(python|diff)\n(.*?)```\n", blocks, re.S):
            path.parent.mkdir(parents=True, exist_ok=True)
            text = content if language == "python" else changed(path.read_text(encoding="utf-8"), content)
            path.write_text(text, encoding="utf-8")
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    information = folder / f"keras_autograder-{project['version']}.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    kinds = configparser.ConfigParser()
    kinds["autograder.checks"] = project["entry-points"]["autograder.checks"]
    with (information / "entry_points.txt").open("w") as file:
        kinds.write(file)
    return folder


def run(folder: Path, *module: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *module],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{folder / 'tests'}"} | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_examples_pass_their_tests(copy):
    tests = [name for name, _ in FILES if re.fullmatch(r"tests/\w+/test_\w+\.py", name)]
    assert [Path(name).stem for name in tests] == ["test_flag", "test_campus", "test_low_rank_dense", "test_signs"]
    done = run(copy, "pytest", "-q", *tests)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "11 passed" in done.stdout


def test_the_new_layer_passes_what_every_layer_does(copy):
    done = run(copy, "pytest", "-q", "tests/network/test_layers.py")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_examples_keep_to_the_rules_of_ruff(copy):
    written = [name for name, _ in FILES if name.endswith(".py")]
    assert run(copy, "ruff", "check", "--no-cache", *written).stdout == "All checks passed!\n"


def test_the_new_choice_is_in_the_help_of_export(copy):
    assert "campus" in run(copy, "autograder", "export", "--help", COLUMNS="200").stdout


def test_a_language_begins_with_every_sentence_and_no_words(copy):
    catalogue = "autograder/core/languages/fr.po"
    assert f"translations {catalogue}" in DOCUMENT
    done = run(copy, "autograder.authoring.translations", catalogue)
    assert re.search(r"fr\.po: 0 of [1-9]\d* sentences", done.stdout), done.stderr
    assert (copy / catalogue).read_text(encoding="utf-8").count('msgstr ""') > 100


def test_every_room_is_explained():
    section = DOCUMENT.partition("## The packages")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.M)) == set(FLOOR) - {"live"}
    assert "`live`" in section


def test_the_targets_of_make_that_are_named_exist():
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert set(re.findall(r"\bmake (\w+)", DOCUMENT)) <= set(targets)


def test_the_hooks_of_pre_commit_are_the_locked_tools():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    (repository,) = hooks["repos"]
    assert repository["repo"] == "local"
    for hook in repository["hooks"]:
        tool = Path(hook["entry"].split()[0])
        assert (hook["language"], tool.parent) == ("system", Path(".venv/bin"))
        assert re.search(rf"^{tool.name}==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.M)


def test_the_workflow_runs_the_two_commands():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))
    commands = [step.get("run", "") for job in workflow["jobs"].values() for step in job["steps"]]
    assert {"make demo", "make test"} <= set(commands)
