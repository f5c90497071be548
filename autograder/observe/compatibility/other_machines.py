"""Inside the kernel: what belongs to Google Colab or Kaggle does nothing here, and lets the rest of its cell run."""

from __future__ import annotations

import ast
import builtins
import functools
import importlib.util
import io
import os
import re
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import h5py
import keras
import tensorflow as tf
from keras.src import backend

from autograder.observe.compatibility.stand_in_log import note

_MODULES = re.compile(r"google\.colab(\.\w+)*|kaggle_secrets|kaggle_datasets|kaggle")
_COMMANDS = re.compile(
    r"\s*(?:sudo\s+)?(?:python3?\s+-m\s+)?"
    r"(pip3?|conda|mamba|uv|apt|apt-get|nvidia-smi|wget|curl|gdown|git clone|kaggle)\b"
)
# Where notebooks and their files lie there.
_FOLDERS = re.compile(
    r"(?:/content(?:/g?drive(?:/(?:My ?Drive|Shareddrives))?)?|/kaggle(?:/(?:input|working|temp))?|\.\./input)(?:/|$)"
)
_exists = os.path.lexists  # by `lstat`, which has no stand-in
_MAGICS = ("tensorflow_version", "pip", "conda", "mamba", "load_ext", "uv", "tensorboard")


class _Nothing:
    """Whatever is asked of it, it is itself; called, it gives nothing."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing(f"{self._name}.{name}")

    def __call__(self, *_: Any, **__: Any) -> Any:
        note("colab", self._name)
        # `files.upload()` gives the files by their names.
        return {} if self._name.endswith("upload") else None


def _show(image: Any) -> None:
    """`google.colab.patches.cv2_imshow`: an array with its channels in the order of OpenCV."""
    from matplotlib import pyplot

    pyplot.imshow(image[..., ::-1] if getattr(image, "ndim", 2) == 3 else image, cmap="gray")
    pyplot.axis("off")
    pyplot.show()


class _OtherMachines(MetaPathFinder, Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, self, is_package=True) if _MODULES.fullmatch(fullname) else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = ModuleType(spec.name)
        if spec.name == "google.colab.patches":
            vars(module).update(cv2_imshow=_show)
        return module

    def exec_module(self, module: ModuleType) -> None:
        nothing = _Nothing(module.__name__)
        note("colab", module.__name__)

        def get(name: str) -> Any:
            return getattr(nothing, name)

        setattr(module, "__getattr__", get)  # noqa: B010


def here(path: Any, *, folder: bool = False, silent: bool = False) -> Any:
    """The path beside the notebook for one of Colab's or Kaggle's; any other stays as it is.

    Args:
        path: what a function was given.
        folder: whether it has to be a folder; the notebook's stands for one that is not here.
        silent: whether nothing is noted, because the file is not used yet.
    """
    if not isinstance(path, str | os.PathLike):
        return path
    given = os.fspath(path)
    match = _FOLDERS.match(given) if isinstance(given, str) else None
    if match is None or _exists(given):
        return path
    rest = given[match.end() :].rstrip("/")
    if not rest:
        return "."
    if not silent:
        note("path", given)
    # By its name, wherever it lay, unless the notebook has made the folder that it is in.
    name = os.path.basename(rest)
    made = os.path.exists(rest) or (os.path.isdir(os.path.dirname(rest)) and not os.path.exists(name))
    near = rest if made else name
    return "." if folder and not os.path.isdir(near) else near


def _first_path(owner: Any, name: str) -> None:
    # Unlike a function, a partial is no method where a class holds it, as the functions of C are none.
    original = getattr(owner, name)
    how = {"folder": name in ("chdir", "listdir"), "silent": name in ("mkdir", "scandir", "stat")}
    changed = functools.partial(_with_path, original, how)
    setattr(owner, name, changed)
    for able in (os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks):
        if original in able:
            able.add(changed)


def _h5_files() -> None:
    original = h5py.File.__init__

    @functools.wraps(original)
    def begin(file: Any, name: Any, *positional: Any, **named: Any) -> None:
        original(file, here(name), *positional, **named)

    h5py.File.__init__ = begin


def _with_path(original: Callable[..., Any], how: dict[str, bool], *arguments: Any, **named: Any) -> Any:
    if arguments:
        arguments = (here(arguments[0], **how), *arguments[1:])
    return original(*arguments, **named)


class _Restart(ast.NodeTransformer):
    """`os.kill(os.getpid(), 9)` as a statement, literally, is how notebooks on Colab restart their kernel."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        if ast.unparse(node) in ("os.kill(os.getpid(), 9)", "os.kill(os.getpid(), signal.SIGKILL)"):
            note("restart")
            return ast.copy_location(ast.Pass(), node)
        return node


def _convolutions() -> None:
    """Images with their channels first: TensorFlow convolves them on a GPU alone, so they are turned around here."""
    original = backend.nn.conv

    @functools.wraps(original)
    def conv(
        inputs: Any,
        kernel: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
    ) -> Any:
        turned = keras.backend.standardize_data_format(data_format) == "channels_first" and len(inputs.shape) == 4
        if not turned or tf.config.list_physical_devices("GPU"):
            return original(inputs, kernel, strides, padding, data_format, dilation_rate)
        inputs = tf.transpose(inputs, (0, 2, 3, 1))
        return tf.transpose(original(inputs, kernel, strides, padding, "channels_last", dilation_rate), (0, 3, 1, 2))

    backend.nn.conv = conv


def _tensorboard() -> None:
    """Without the package, the callback trains along and writes nothing."""
    board, usual = keras.callbacks.TensorBoard, keras.callbacks.Callback

    def begin(callback: Any, *_: Any, **__: Any) -> None:
        usual.__init__(callback)
        note("tensorboard")

    board.__init__ = begin
    for name in vars(usual):
        if name.startswith("on_") or name == "set_model":
            setattr(board, name, getattr(usual, name))


def install(shell: Any) -> None:
    """Put the stand-ins in place, in this process and in the shell."""
    if importlib.util.find_spec("tensorboard") is None:
        _tensorboard()
    sys.meta_path.append(_OtherMachines())
    for owner, name in (
        (builtins, "open"),
        (io, "open"),
        *((os, name) for name in ("chdir", "listdir", "mkdir", "scandir", "stat")),
    ):
        _first_path(owner, name)
    _h5_files()
    if "open" in shell.user_ns:  # IPython's own, which guards the standard streams
        shell.user_ns["open"] = functools.partial(_with_path, shell.user_ns["open"], {})
    shell.ast_transformers.append(_Restart())
    for magic in _MAGICS:
        shell.register_magic_function(_magic(magic, shell.find_line_magic(magic)), "line", magic)
    cd = shell.find_line_magic("cd")
    shell.register_magic_function(lambda line: cd(_cd(line)), "line", "cd")
    for name in ("system", "getoutput"):
        setattr(shell, name, _command(name, getattr(shell, name)))


def _cd(line: str) -> str:
    path = line.strip().strip("'\"").replace("\\ ", " ")
    return str(here(path, folder=True)) if _FOLDERS.match(path) else line


def _magic(name: str, original: Any) -> Callable[[str], Any]:
    def magic(line: str) -> Any:
        if name == "load_ext" and line.strip() not in ("tensorboard", "google.colab.data_table"):
            return original(line)
        note("command", f"%{name} {line}"[:40].strip())
        return None

    return magic


def _command(name: str, original: Any) -> Callable[..., Any]:
    @functools.wraps(original)
    def run(cmd: str, *arguments: Any, **named: Any) -> Any:
        if not _COMMANDS.match(cmd):
            return original(cmd, *arguments, **named)
        said = re.sub(r"[^\w .,=/-]", "", cmd)[:40].strip()
        note("command", f"!{said}")
        return [] if name == "getoutput" else None

    return run
