"""Attacks that want points for a network that was never built."""

from __future__ import annotations

from attack import SOLVED, UNTOUCHED, Attack, forging

_FORGED_CONFIG = """
import copy
def _forged(self):
    config = _real(self)
    layers_ = config["layers"]
    for at, made in enumerate(copy.deepcopy(layers_[9:12])):
        layers_.insert(12 + at, made)
    return config
"""

FORGING = (
    forging(
        "patched-counts",
        "patch keras.Model so that every number it gives is the expected one",
        """
        keras.Model.count_params = lambda self: 695970
        keras.Model.summary = lambda self, *a, **k: print("Total params: 695,970")
        keras.layers.Layer.count_params = lambda self: 695970
        """,
    ),
    forging(
        "patched-training",
        "patch fit and evaluate so that training always succeeds",
        """
        class Perfect:
            history = {"accuracy": [1.0], "val_accuracy": [1.0], "loss": [0.0], "val_loss": [0.0]}
            epoch = [0]
        keras.Model.fit = lambda self, *a, **k: Perfect()
        keras.Model.evaluate = lambda self, *a, **k: [0.0, 1.0]
        keras.callbacks.History = Perfect
        """,
        after="history = model.fit(None)",
    ),
    forging(
        "patched-config",
        "patch get_config and to_json after our capture took the originals",
        "_real = keras.Sequential.get_config",
        _FORGED_CONFIG + "keras.Sequential.get_config = _forged\nkeras.Model.to_json = lambda self: '{}'",
    ),
    forging(
        "patched-json",
        "replace json.dumps and builtins, so that whatever is written says full marks",
        """
        import builtins, json
        json.dumps = lambda *a, **k: '{"score": 9, "points": 9}'
        json.JSONEncoder.encode = lambda self, value: '{"score": 9}'
        builtins.sum = lambda *a: 695970
        builtins.len = lambda *a: 4
        """,
    ),
    forging(
        "patched-numpy",
        "patch NumPy so that every product is the number of parameters",
        "import numpy as np\nnp.prod = lambda *a, **k: 695970\nnp.sum = np.prod\nnp.mean = lambda *a, **k: 1.0",
    ),
    forging(
        "transformers",
        "rewrite every later cell through IPython's transformers",
        """
        import ast
        class Drop(ast.NodeTransformer):
            def visit_Assert(self, node): return ast.Pass()
            def visit_Constant(self, node): return ast.Constant(695970) if node.value == 0 else node
        ip = get_ipython()
        ip.ast_transformers.append(Drop())
        ip.input_transformers_cleanup.append(lambda lines: [line.replace("0.3", "0.0") for line in lines])
        """,
    ),
    forging(
        "hooks",
        "rebuild the network from IPython's events after every cell",
        """
        def after(*_):
            globals()["model_score"] = 9
            get_ipython().user_ns["score"] = 9
        for event in ("pre_execute", "post_execute", "pre_run_cell", "post_run_cell"):
            get_ipython().events.register(event, after)
        """,
    ),
    forging(
        "capture-unregistered",
        "take our capture out of the kernel",
        after="""
        kernel = get_ipython().kernel
        for name in [name for name in kernel.shell_handlers if "capture" in name]:
            del kernel.shell_handlers[name]
        """,
    ),
    forging(
        "capture-lies",
        "replace our capture with one that gives itself points",
        after="""
        kernel = get_ipython().kernel
        async def lie(stream, ident, parent):
            text = '{"networks": [], "score": 9, "points": 9, "verdicts": [{"score": 5}]}'
            kernel.session.send(stream, "autograder_capture_reply", {"capture": text}, parent, ident=ident)
        kernel.shell_handlers["autograder_capture_request"] = lie
        """,
    ),
    forging(
        "capture-nonsense",
        "answer the capture with numbers, lists without end and broken text",
        after="""
        kernel = get_ipython().kernel
        answers = iter([7, "[" * 100_000, "\\ud800", '{"networks": 5}', "NaN", None])
        async def lie(stream, ident, parent):
            content = {"capture": next(answers, 0)}
            kernel.session.send(stream, "autograder_capture_reply", content, parent, ident=ident)
        kernel.shell_handlers["autograder_capture_request"] = lie
        """,
    ),
    forging(
        "capture-called",
        "call our own describer with invented values and send what it says, unasked",
        after="""
        kernel = get_ipython().kernel
        kernel.describer._variables["model"] = type("Model", (), {"count_params": lambda self: 695970})()
        kernel.describer._names.append("score")
        score = 9
        for _ in range(20):
            reply = {"capture": kernel.describer.describe(0)}
            kernel.session.send(kernel.shell_streams[0] if getattr(kernel, "shell_streams", None) else
                                kernel.shell_stream, "autograder_capture_reply", reply)
        """,
    ),
    forging(
        "racing-thread",
        "write a better network from a thread once the last cell is over",
        after="""
        import threading, time
        def later():
            while True:
                time.sleep(0.01)
                globals()["score"] = 9
                for path in ("evidence.json", "/tmp/evidence.json", "results.json"):
                    try: open(path, "w").write('{"score": 9}')
                    except OSError: pass
        threading.Thread(target=later, daemon=True).start()
        """,
    ),
    forging(
        "racing-daemon",
        "leave a process behind that writes results when the kernel is gone",
        after="""
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                while True:
                    for folder in (".", "/tmp", "/dev/shm", ".."):
                        try:
                            open(folder + "/results.json", "w").write('{"score": 9}')
                            os.symlink("/etc/passwd", folder + "/evidence.json")
                        except OSError: pass
                    time.sleep(0.01)
            os._exit(0)
        """,
    ),
    forging(
        "lying-types",
        "hold the answers in subclasses that claim to be whatever is asked for",
        after="""
        class Text(str):
            def __eq__(self, other): return True
            def __hash__(self): return 0
        class Number(int):
            def __eq__(self, other): return True
            def __add__(self, other): return 695970
        class Table(dict):
            def __getitem__(self, key): return 695970
            def items(self): return [("units", 200)]
        class Anything:
            def __eq__(self, other): return True
            def __getattr__(self, name): return self
            def __call__(self, *a, **k): return self
        history, score = Table(), Number(9)
        model.name = Text("model")
        """,
    ),
    forging(
        "model-of-everything",
        "a variable `model` that equals everything and answers every question with yes",
        after="""
        class Anything(keras.Model):
            def __getattr__(self, name): return lambda *a, **k: 695970
            def __eq__(self, other): return True
            __hash__ = keras.Model.__hash__
        model_ = Anything
        """,
    ),
    forging(
        "shadowed-modules",
        "put keras.py, json.py, pydantic.py and sitecustomize.py beside the notebook",
        """
        for name in ("keras", "json", "pydantic", "numpy", "autograder", "sitecustomize"):
            open(name + ".py", "w").write("raise SystemExit('shadowed')\\nscore = 9")
        import sys
        sys.path.insert(0, "")
        """,
    ),
    forging(
        "grader-inside",
        "import the grader inside the kernel and patch its judge",
        """
        import sys
        try:
            import autograder.checks.base as base
            base.Question.verdict = lambda self, *a, **k: {"score": 9}
            import autograder.records.result
            autograder.records.result.Verdict.score = 9
        except Exception as error:
            print(error)
        for name in [name for name in sys.modules if name.startswith("autograder.")]:
            sys.modules[name].score = 9
        """,
    ),
    Attack(
        "main-script",
        "end the kernel's own main module and its shell",
        ("import __main__, sys\n__main__.__dict__.clear()\nsys.modules['__main__'] = None", UNTOUCHED),
        earns=0.0,
    ),
    Attack(
        "solved-in-a-string",
        "hold the solution as text only, and claim it in an output",
        (f"solution = {SOLVED!r}", "print('Total params: 695,970 - val_accuracy: 0.99')"),
        earns=0.0,
    ),
)
