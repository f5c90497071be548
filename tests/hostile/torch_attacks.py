"""Attacks with PyTorch on cnn2-torch: forged modules, patched functions, files with payloads, calls that never end."""

from __future__ import annotations

from attack import FULL_MARKS, Attack

_IMPORTS = "import torch\nfrom torch import nn"
_FRONT = """
torch.manual_seed(1)
model = nn.Sequential(
    nn.Conv2d(1, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(),
    nn.Conv2d(32, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(),
"""
_MISSING = "    nn.Conv2d(64, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2),\n"
_BACK = """
    nn.Flatten(), nn.LazyLinear(200), nn.BatchNorm1d(200), nn.Dropout(0.3), nn.ReLU(), nn.Linear(200, 10),
)
"""
# One step, which says what it is trained with.
_STEP = """
model(torch.rand(2, 1, 28, 28))
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
loss = nn.CrossEntropyLoss()(model(torch.rand(8, 1, 28, 28)), torch.arange(8))
optimizer.zero_grad()
loss.backward()
optimizer.step()
"""
_UNTOUCHED, _SOLVED = _FRONT + _BACK + _STEP, _FRONT + _MISSING + _BACK + _STEP
# A module that does one thing when it is called on images, and another when the capture calls it on a batch of shapes.
_TWO_FACED = """
class TwoFaced(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.last = model, nn.Linear(784, 10)
    def forward(self, x):
        if "Fake" in type(x).__name__:
            {act}
        return self.last(x.flatten(1))
{name} = TwoFaced()
{name}(torch.rand(2, 1, 28, 28))
"""


def _two_faced(act: str, name: str = "other") -> str:
    return _TWO_FACED.replace("{act}", act).replace("{name}", name)


def _forging(name: str, tries: str, *before: str, after: str = "") -> Attack:
    """An untouched network, and code that wants points for it."""
    return Attack(f"torch-{name}", tries, (_IMPORTS, *before, _UNTOUCHED, *([after] if after else [])), earns=0.0)


def _breaking(name: str, tries: str, *code: str, note: str = "", status: str | None = None) -> Attack:
    """A solved network, and then code that does damage: the network keeps every point."""
    cells = (_IMPORTS, _SOLVED, *code, "after = 1")
    return Attack(f"torch-{name}", tries, cells, earns=FULL_MARKS, note=note, status=status)


HONEST_TORCH = (
    Attack("torch-honest-solved", "nothing", (_IMPORTS, _SOLVED, "print('done')"), FULL_MARKS),
    Attack("torch-honest-untouched", "nothing", (_IMPORTS, _UNTOUCHED), 0.0),
)

TORCH = (
    _forging(
        "forged-class",
        "say that it is another class, with other modules and other parameters",
        after="""
        solved = nn.Sequential(*list(model[:10]), nn.Conv2d(64, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU())
        class Liar(nn.Sequential):
            __class__ = property(lambda self: nn.Sequential)
            def extra_repr(self): return "695,186 parameters"
            def named_modules(self, *a, **k): return solved.named_modules()
            def modules(self): return solved.modules()
            def parameters(self, *a, **k): return iter([nn.Parameter(torch.zeros(695186))])
            def named_parameters(self, *a, **k): return iter([("all", nn.Parameter(torch.zeros(695186)))])
            def state_dict(self, *a, **k): return {"all": torch.zeros(695186)}
            def __reduce__(self): return eval, ("1/0",)
        own = Liar(*model)
        model = own
        model(torch.rand(2, 1, 28, 28))
        """,
    ),
    _forging(
        "patched-counts",
        "patch what counts parameters, for every module",
        """
        fake = nn.Parameter(torch.zeros(695186))
        nn.Module.state_dict = lambda self, *a, **k: {"all": fake}
        """,
        after="""
        torch.Tensor.numel = torch.numel = lambda *a: 695186
        nn.Module.parameters = lambda self, *a, **k: iter([fake])
        nn.Module.named_parameters = lambda self, *a, **k: iter([("all", fake)])
        nn.Module.buffers = lambda self, *a, **k: iter([])
        parameters = all_numbers = model
        """,
    ),
    _forging(
        "patched-training",
        "patch loaders, optimizers, losses and `save`, and write the history by hand",
        """
        import torch.utils.data as data
        data.DataLoader.__iter__ = lambda self: iter(())
        data.DataLoader.__len__ = lambda self: 10**9
        torch.optim.Adam.step = lambda self, *a, **k: 0.0
        nn.CrossEntropyLoss.forward = lambda self, out, target: out.sum() * 0
        torch.save = lambda value, path, *a, **k: open(path, "wb").write(b"score 9")
        """,
        after="""
        history = {"loss": [0.0] * 10, "accuracy": [1.0] * 10, "val_loss": [0.0] * 10, "val_accuracy": [1.0] * 10}
        torch.save(model.state_dict(), "model.pt")
        accuracy = score = 1.0
        """,
    ),
    _forging(
        "patched-observer",
        "find what describes networks, and have it say something else",
        after="""
        import gc
        said = {"class_name": "Net", "framework": "torch", "config": {"operations": [["score", 9]] * 50},
                "opaque": None, "own_code": False, "score": 9, "points": 9}
        for one in gc.get_objects():
            if type(one).__name__ in ("TorchObserver", "LoopRecorder", "Family"):
                try: one.describe = one.compiled = lambda *a, **k: said
                except Exception: pass
        import autograder.observe.torch.description as description
        description.describe = lambda *a, **k: said["config"]
        """,
    ),
    _forging(
        "fake-module",
        "put a `torch` of one's own beside the notebook, and in the place of the real one",
        """
        import sys
        for name in ("torch", "torchvision", "autograder"):
            open(name + ".py", "w").write("score = 9\\n__version__ = '9'\\n")
        real = dict(sys.modules)
        for name in list(sys.modules):
            if name.split(".")[0] in ("torchvision", "autograder"): del sys.modules[name]
        """,
        after="""
        import types
        fake = types.ModuleType("torch")
        fake.nn = types.SimpleNamespace(Module=object)
        sys.modules["torch"] = fake
        """,
    ),
    _forging(
        "own-number",
        "answer with a tensor and a number that are equal to everything",
        after="""
        class Any(int):
            def __eq__(self, other): return True
            __hash__ = int.__hash__
            def __repr__(self): return "695970"
        class Tensor(torch.Tensor):
            @classmethod
            def __torch_function__(cls, function, types, args=(), kwargs=None): return 695970
        all_numbers = [Any(1), torch.zeros(1).as_subclass(Tensor)]
        all_numbers = torch.zeros(1).as_subclass(Tensor)
        """,
    ),
    _forging(
        "forward-of-labels",
        "compute in `forward` what no description holds",
        after="""
        import os
        class Reader(nn.Module):
            def __init__(self):
                super().__init__()
                self.one = nn.Parameter(torch.zeros(1))
            def forward(self, x):
                found = len(os.listdir()) + int(x.sum().item())
                return nn.functional.one_hot(torch.full((len(x),), found % 10), 10) * self.one
        model = Reader()
        model(torch.rand(2, 1, 28, 28))
        """,
    ),
    _forging(
        "patched-call",
        "have every call, and every hook, give what the solved network gives",
        after="""
        solved = nn.Sequential(*list(model[:10]), nn.Conv2d(64, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(),
                               nn.MaxPool2d(2), *[nn.Flatten(), nn.Linear(3136, 200), *list(model[12:])])
        for one in model: one.register_forward_hook(lambda module, given, out: torch.zeros_like(out))
        model.register_forward_hook(lambda module, given, out: out * 0 + 1)
        plain = nn.Module.__call__
        nn.Module.__call__ = lambda self, *a, **k: plain(solved if self is model else self, *a, **k)
        """,
    ),
    _forging(
        "named-like-layers",
        "name modules and an optimizer of one's own like PyTorch's, which compute nothing",
        after="""
        class Conv2d(nn.Module):
            __module__, weight = "torch.nn.modules.conv", nn.Parameter(torch.zeros(64, 64, 3, 3))
            in_channels = out_channels = 64
            kernel_size, stride, padding, dilation, groups, bias = (3, 3), (1, 1), (1, 1), (1, 1), 1, None
            def forward(self, x): return x
        class BatchNorm2d(nn.Identity):
            num_features, eps, momentum, affine, track_running_stats = 64, 1e-5, 0.1, True, True
        class Adam(torch.optim.Optimizer):
            def __init__(self, given): super().__init__(given, {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-8})
            def step(self, closure=None): pass
        MaxPool2d = type("MaxPool2d", (nn.Identity,), {"kernel_size": 2, "stride": 2, "padding": 0})
        model = nn.Sequential(*list(model[:10]), Conv2d(), BatchNorm2d(), nn.ReLU(), MaxPool2d(), *list(model[10:]))
        optimizer = Adam(model.parameters())
        nn.CrossEntropyLoss()(model(torch.rand(8, 1, 28, 28)), torch.arange(8)).backward()
        optimizer.step()
        """,
    ),
    # Whoever claims another network is graded on that one, which the trainer builds and trains itself.
    Attack(
        "torch-claims-the-solution",
        "be another network when it is traced",
        (_IMPORTS, _SOLVED, _two_faced("return self.hidden(x)", "model"), _STEP),
        earns=FULL_MARKS,
    ),
    _breaking(
        "endless-forward",
        "loop for ever when it is traced",
        _two_faced("exec('while True: pass')"),
        note="no longer answers",
        status="incomplete",
    ),
    _breaking("exit-when-traced", "end the kernel when it is traced", _two_faced("__import__('os')._exit(0)")),
    _breaking(
        "memory",
        "take all memory, and ask for networks of any size",
        """
        for make in (lambda: nn.Linear(10**6, 10**6), lambda: nn.Linear(10**9, 10**9, device="meta"),
                     lambda: nn.Embedding(2**31, 2**10)):
            try: other = make()
            except Exception as error: print(type(error).__name__)
        held = []
        while True: held.append(torch.ones(2**24))
        """,
    ),
    _breaking(
        "memory-when-traced",
        "take all memory when it is traced",
        _two_faced("exec('held = []\\nwhile True: held.append(bytearray(2**26))')"),
    ),
    _breaking(
        "files-with-payloads",
        "save files that run code, grow or never end when they are loaded, and load them",
        """
        import os, pickle, zipfile
        class Run:
            def __reduce__(self): return os.system, ("id > ran.txt",)
        torch.save({"weight": Run()}, "model.pt")
        torch.load("model.pt", weights_only=False)
        open("deep.pt", "wb").write(b"(" * 10**6 + b".")
        open("long.pt", "wb").write(pickle.dumps([0] * 9)[:-1] + b"\\x8d" + b"\\xff" * 8)
        open("memo.pth", "wb").write(b"\\x80\\x02" + b"]q\\x00" + b"(h\\x00h\\x00e" * 10**5 + b".")
        with zipfile.ZipFile("grown.pt", "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("archive/data.pkl", bytes(2 * 10**8))
            file.writestr("../../../tmp/out.pkl", b"out")
        os.symlink("/etc/passwd", "state.pt")
        os.mkfifo("pipe.pt")
        """,
    ),
    _breaking(
        "nested",
        "nest modules a thousand deep, and put one into itself",
        """
        other = nn.Linear(4, 4)
        for _ in range(1000): other = nn.Sequential(other)
        circle = nn.Sequential(nn.Linear(4, 4))
        circle.add_module("again", circle)
        for one in (other, circle):
            try: one(torch.rand(2, 4))
            except RecursionError: print("too deep")
        """,
        status="graded",
    ),
    _breaking(
        "hooks",
        "raise in hooks of every module, and patch what the capture calls",
        """
        from torch.nn.modules import module
        module.register_module_forward_hook(lambda *a: 1 / 0)
        module.register_module_module_registration_hook(lambda *a: 1 / 0)
        from torch._subclasses import fake_tensor
        def refuse(*a, **k): raise SystemExit(9)
        fake_tensor.FakeTensorMode.__enter__ = refuse
        torch.Tensor.__repr__ = torch.Tensor.item = refuse
        """,
    ),
    _breaking(
        "scripted",
        "compile to TorchScript, and hold networks that no call can describe",
        """
        scripted = torch.jit.script(nn.Sequential(nn.Linear(4, 4), nn.ReLU()))
        traced = torch.jit.trace(model, torch.rand(2, 1, 28, 28))
        torch.jit.save(traced, "model.pt")
        loaded = torch.jit.load("model.pt")
        huge = torch.empty(1).expand(2**40)
        other = nn.Linear(4, 4)
        other.register_buffer("all", huge)
        other(torch.rand(2, 4))
        """,
        status="graded",
    ),
    _breaking("endless-loop", "train for ever", "while True: model(torch.rand(300, 1, 28, 28)).sum().backward()"),
)
