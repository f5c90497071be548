"""Inside the kernel: code specific to Google Colab or Kaggle does nothing, so that the rest of its cell runs."""

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

from autograder.observe.compatibility.stand_in_log import note_stand_in

_MODULES = re.compile(r"google\.colab(\.\w+)*|kaggle_secrets|kaggle_datasets|kaggle")
_COMMANDS = re.compile(
    r"\s*(?:sudo\s+)?(?:(?:\S*python[\d.]*|[\"']?\{sys\.executable\}[\"']?)\s+-m\s+)?"
    r"(pip3?|conda|mamba|uv|apt|apt-get|nvidia-smi|wget|curl|gdown|git clone|kaggle)\b"
)
# The folders of notebooks and their files there.
_FOLDERS = re.compile(
    r"(?:/content(?:/g?drive(?:/(?:My ?Drive|Shareddrives))?)?|/kaggle(?:/(?:input|working|temp))?|\.\./input)(?:/|$)"
)
_exists = os.path.lexists  # it uses `lstat`, which is not wrapped
_MAGICS = ("tensorflow_version", "pip", "conda", "mamba", "load_ext", "uv", "tensorboard")


class _Nothing:
    """Every attribute is another such object; a call returns None."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing(f"{self._name}.{name}")

    def __call__(self, *_: Any, **__: Any) -> Any:
        note_stand_in("colab", self._name)
        # `files.upload()` returns a dict of the files by name.
        return {} if self._name.endswith("upload") else None


def _show(image: Any) -> None:
    """`google.colab.patches.cv2_imshow`: shows an array with its channels in OpenCV's order (BGR)."""
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
        note_stand_in("colab", module.__name__)

        def get(name: str) -> Any:
            return getattr(nothing, name)

        setattr(module, "__getattr__", get)  # noqa: B010


def local_path(path: Any, *, folder: bool = False, silent: bool = False) -> Any:
    """The path next to the notebook for a path of Colab or Kaggle; any other path is returned unchanged.

    Args:
        path: the argument of a wrapped function.
        folder: whether it must be a folder; if it does not exist, it is replaced by the notebook's folder.
        silent: whether no note is added, because the file is not used yet.
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
        note_stand_in("path", given)
    # Only the file name counts, unless the notebook has created the parent folder.
    name = os.path.basename(rest)
    made = os.path.exists(rest) or (os.path.isdir(os.path.dirname(rest)) and not os.path.exists(name))
    near = rest if made else name
    return "." if folder and not os.path.isdir(near) else near


def _first_path(owner: Any, name: str) -> None:
    # Unlike a function, a partial does not become a method as a class attribute; neither do functions written in C.
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
        original(file, local_path(name), *positional, **named)

    h5py.File.__init__ = begin


def _with_path(original: Callable[..., Any], how: dict[str, bool], *arguments: Any, **named: Any) -> Any:
    if arguments:
        arguments = (local_path(arguments[0], **how), *arguments[1:])
    return original(*arguments, **named)


class _Restart(ast.NodeTransformer):
    """Removes the statement `os.kill(os.getpid(), 9)`, with which notebooks on Colab restart their kernel."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        if ast.unparse(node) in ("os.kill(os.getpid(), 9)", "os.kill(os.getpid(), signal.SIGKILL)"):
            note_stand_in("restart")
            return ast.copy_location(ast.Pass(), node)
        return node


def _convolutions() -> None:
    """Transpose images with channels first: TensorFlow can convolve them only on a GPU."""
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
        turned = (data_format or keras.config.image_data_format()) == "channels_first" and len(inputs.shape) == 4
        if not turned or tf.config.list_physical_devices("GPU"):
            return original(inputs, kernel, strides, padding, data_format, dilation_rate)
        inputs = tf.transpose(inputs, (0, 2, 3, 1))
        return tf.transpose(original(inputs, kernel, strides, padding, "channels_last", dilation_rate), (0, 3, 1, 2))

    backend.nn.conv = conv


def _tensorboard() -> None:
    """Without the package, the callback is accepted but writes nothing."""
    board, usual = keras.callbacks.TensorBoard, keras.callbacks.Callback

    def begin(callback: Any, *_: Any, **__: Any) -> None:
        usual.__init__(callback)
        note_stand_in("tensorboard")

    board.__init__ = begin
    for name in vars(usual):
        if name.startswith("on_") or name == "set_model":
            setattr(board, name, getattr(usual, name))


def imitate_hosted_machines(shell: Any) -> None:
    """Install the stand-ins in this process and in the shell."""
    if importlib.util.find_spec("tensorboard") is None:
        _tensorboard()
    _convolutions()
    sys.meta_path.append(_OtherMachines())
    for owner, name in (
        (builtins, "open"),
        (io, "open"),
        *((os, name) for name in ("chdir", "listdir", "mkdir", "scandir", "stat")),
    ):
        _first_path(owner, name)
    _h5_files()
    if "open" in shell.user_ns:  # IPython's version, which protects the standard streams
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
    return str(local_path(path, folder=True)) if _FOLDERS.match(path) else line


def _magic(name: str, original: Any) -> Callable[[str], Any]:
    def magic(line: str) -> Any:
        if name == "load_ext" and line.strip() not in ("tensorboard", "google.colab.data_table"):
            return original(line)
        note_stand_in("command", f"%{name} {line}"[:40].strip())
        return None

    return magic


def _command(name: str, original: Any) -> Callable[..., Any]:
    @functools.wraps(original)
    def run(cmd: str, *arguments: Any, **named: Any) -> Any:
        if not _COMMANDS.match(cmd):
            return original(cmd, *arguments, **named)
        said = re.sub(r"[^\w .,=/-]", "", cmd)[:40].strip()
        note_stand_in("command", f"!{said}")
        return [] if name == "getoutput" else None

    return run
