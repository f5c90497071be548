"""Training loops as students write them: a right one with its places, ten mistakes, and ten right ways."""

from __future__ import annotations

# One notebook has many of these, each in a cell of its own, with a network of its own.
SETUP = """
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
images = torch.rand(400, 1, 8, 8)
labels = torch.arange(400) % 3
train_data, test_data = TensorDataset(images, labels), TensorDataset(images[:100], labels[:100])
train_loader = DataLoader(train_data, batch_size=32, shuffle=True)
test_loader = DataLoader(test_data, batch_size=32)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

class Net(nn.Module):
    def __init__(self, end=None):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.drop = nn.Dropout(0.25)
        self.out = nn.Linear(36, 3)
        self.end = end
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv(x)), 2)
        x = self.out(self.drop(x.view(x.size(0), -1)))
        return x if self.end is None else self.end(x)
"""

# The lines of a loop by name; a mistake replaces or removes some of them.
LINES = {
    "network": "net_{n} = Net().to(device)",
    "optimizer": "optimizer = torch.optim.Adam(net_{n}.parameters(), lr=1e-3)",
    "renewed": "",
    "criterion": "criterion = nn.CrossEntropyLoss()",
    "loader": "loader = train_loader",
    "lists": "losses_{n}, val_accuracies_{n} = [], []",
    "epochs": "for epoch in range(4):",
    "mode": "    net_{n}.train()",
    "running": "    running = 0.0",
    "batches": "    for x, y in loader:",
    "moved": "        x, y = x.to(device), y.to(device)",
    "cleared": "        optimizer.zero_grad()",
    "loss": "        loss = criterion(net_{n}(x), y)",
    "backward": "        loss.backward()",
    "step": "        optimizer.step()",
    "add": "        running += loss.item()",
    "report": "    losses_{n}.append(running / len(loader))",
    "evaluation": "    net_{n}.eval()",
    "right": "    right = 0",
    "no_grad": "    with torch.no_grad():",
    "validation": "        for x, y in test_loader:",
    "moved too": "            x, y = x.to(device), y.to(device)",
    "predicted": "            predicted = net_{n}(x).argmax(dim=1)",
    "counted": "            right += (predicted == y).sum().item()",
    "accuracy": "    val_accuracies_{n}.append(right / len(test_data))",
}


def cell(number: int, **changed: str) -> str:
    """A cell with the network `net_{number}`; each changed line by its name."""
    lines = {
        **LINES,
        **{name.replace("_", " ") if name == "moved_too" else name: line for name, line in changed.items()},
    }
    return "\n".join(line.replace("{n}", str(number)) for line in lines.values() if line)


# The code of the finding, and what is written in place of the right line.
MISTAKES: tuple[tuple[str, dict[str, str]], ...] = (
    ("loop.no_zero_grad", {"cleared": ""}),
    ("loop.no_step", {"step": ""}),
    ("loop.no_backward", {"backward": ""}),
    ("loop.softmax_twice", {"network": "net_{n} = Net(nn.Softmax(dim=1)).to(device)"}),
    ("loop.no_eval", {"evaluation": "    pass"}),
    ("loop.no_no_grad", {"no_grad": "    if True:"}),
    (
        "loop.last_loss",
        {"running": "", "add": "", "report": "    losses_{n}.append(loss.item())"},
    ),
    ("loop.losses_kept", {"add": "        running += loss", "report": "    losses_{n}.append(float(running))"}),
    ("loop.other_network", {"renewed": "net_{n} = Net().to(device)"}),
    ("loop.not_shuffled", {"loader": "loader = DataLoader(train_data, batch_size=32)"}),
    (
        "loop.wrong_axis",
        {
            "predicted": "            predicted = net_{n}(x).argmax(dim=0)",
            "counted": "            right += predicted.sum().item()",
        },
    ),
    ("loop.cleared_before_step", {"cleared": "", "backward": "        loss.backward()\n        optimizer.zero_grad()"}),
    ("loop.trained_in_evaluation", {"mode": ""}),
)
# It moves no tensor in the whole notebook, so it is a notebook of its own.
NOT_MOVED = {"moved": "", "moved_too": ""}

_TRAIN = """
def fit_{n}(model, loader, optimizer, loss_fn=F.cross_entropy):
    model.train()
    total = 0
    for batch, (x, y) in enumerate(loader):
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        model.zero_grad()
        total += loss.item() * len(x)
    return total / len(loader.dataset)
history_{n} = {"train_loss": [], "val_loss": []}
net_{n} = Net()
sgd = torch.optim.SGD(net_{n}.parameters(), lr=0.01, momentum=0.9)
for epoch in range(3):
    history_{n}["train_loss"].append(fit_{n}(net_{n}, train_loader, sgd))
    with torch.inference_mode():
        net_{n}.eval()
        values = [F.cross_entropy(net_{n}(x), y).item() for x, y in test_loader]
        history_{n}["val_loss"].append(sum(values) / len(values))
"""
_ACCUMULATED = """
net_{n} = Net()
adam = torch.optim.AdamW(net_{n}.parameters())
for epoch in range(2):
    for number, (x, y) in enumerate(train_loader):
        (F.cross_entropy(net_{n}(x), y) / 4).backward()
        if (number + 1) % 4 == 0:
            adam.step()
            adam.zero_grad()
"""
_BY_HAND = """
net_{n} = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 3), nn.LogSoftmax(dim=1))
adam = torch.optim.Adam(net_{n}.parameters())
losses_{n} = []
for epoch in range(50):
    order = torch.randperm(len(images))
    total = 0.0
    for start in range(0, len(images), 20):
        rows = order[start:start + 20]
        loss = F.nll_loss(net_{n}(images[rows]), labels[rows])
        for parameter in net_{n}.parameters():
            parameter.grad = None
        loss.backward()
        adam.step()
        total += loss.detach()
    losses_{n}.append(total.item() / 20)
"""
_SLICES = """
net_{n} = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
sgd = torch.optim.SGD(net_{n}.parameters(), lr=0.1)
for epoch in range(6):
    order = torch.randperm(len(images))
    for rows in order.split(10):
        sgd.zero_grad()
        loss = F.cross_entropy(net_{n}(images[rows]), labels[rows])
        loss.backward()
        sgd.step()
"""
_FULL_BATCH = """
net_{n} = nn.Sequential(nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 1))
sgd = torch.optim.SGD(net_{n}.parameters(), lr=0.1)
losses_{n} = []
for step in range(500):
    prediction = net_{n}(images.view(400, -1))
    loss = F.mse_loss(prediction.squeeze(), labels.float())
    sgd.zero_grad()
    loss.backward()
    sgd.step()
    losses_{n}.append(loss.item())
print(len(losses_{n}), prediction.shape)
"""
_LBFGS = """
net_{n} = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
lbfgs = torch.optim.LBFGS(net_{n}.parameters(), max_iter=3)
def closure():
    lbfgs.zero_grad()
    loss = F.cross_entropy(net_{n}(images), labels)
    loss.backward()
    return loss
for step in range(3):
    lbfgs.step(closure)
"""
_TWO_NETWORKS = """
net_{n}, critic_{n} = nn.Linear(4, 64), nn.Sequential(nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 1))
g_opt, d_opt = (torch.optim.Adam(one.parameters()) for one in (net_{n}, critic_{n}))
for epoch in range(2):
    for x, _ in train_loader:
        real, noise = x.view(len(x), -1), torch.randn(len(x), 4)
        ones, zeros = torch.ones(len(x), 1), torch.zeros(len(x), 1)
        d_loss = F.binary_cross_entropy_with_logits(critic_{n}(real), ones)
        d_loss = d_loss + F.binary_cross_entropy_with_logits(critic_{n}(net_{n}(noise).detach()), zeros)
        d_opt.zero_grad(); d_loss.backward(); d_opt.step()
        g_loss = F.binary_cross_entropy_with_logits(critic_{n}(net_{n}(noise)), ones)
        g_opt.zero_grad(); g_loss.backward(); g_opt.step()
"""
_OBJECT = """
class Trainer:
    def __init__(self, model):
        self.model, self.losses = model, []
        self.optimizer = torch.optim.RMSprop(model.parameters())
        self.scheduler = torch.optim.lr_scheduler.ExponentialLR(self.optimizer, 0.9)
    def fit(self, epochs):
        for _ in range(epochs):
            self.model.train()
            batch_losses = []
            for x, y in DataLoader(train_data, batch_size=50, shuffle=True, num_workers=2):
                self.optimizer.zero_grad(set_to_none=False)
                loss = nn.functional.cross_entropy(self.model.forward(x), y, label_smoothing=0.1)
                loss.backward()
                torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
                self.optimizer.step()
                batch_losses.append(loss.item())
            self.losses.append(np.mean(batch_losses))
            self.scheduler.step()
        return self
trainer_{n} = Trainer(Net()).fit(3)
net_{n} = trainer_{n}.model
"""
_PREDICTED = """
net_{n} = Net()
sgd = torch.optim.SGD(net_{n}.parameters(), lr=0.1)
for epoch in range(2):
    net_{n}.train()
    for i, data in enumerate(train_loader, 0):
        inputs, targets = data
        sgd.zero_grad()
        outputs = net_{n}(inputs)
        loss = nn.CrossEntropyLoss()(outputs, targets)
        loss.backward()
        sgd.step()
        if i % 100 == 0:
            print(f"{epoch} {loss.item():.3f}")
net_{n}.eval()
found = []
with torch.no_grad():
    for x, y in test_loader:
        _, best = torch.max(net_{n}(x).data, 1)
        found.append(best)
assert torch.cat(found).shape == labels[:100].shape
example = net_{n}(images[:1]).argmax().item()
probabilities = net_{n}(images).softmax(dim=1)
assert probabilities.shape == (400, 3)
"""
_PHASES = """
def train_model(model, criterion, optimizer, scheduler, epochs=3):
    loaders = {"train": train_loader, "val": test_loader}
    history = {phase: {"loss": [], "acc": []} for phase in loaders}
    for epoch in range(epochs):
        for phase in loaders:
            model.train() if phase == "train" else model.eval()
            running, right = 0.0, 0
            for x, y in loaders[phase]:
                optimizer.zero_grad()
                with torch.set_grad_enabled(phase == "train"):
                    outputs = model(x)
                    _, predicted = torch.max(outputs, 1)
                    loss = criterion(outputs, y)
                    if phase == "train":
                        loss.backward()
                        optimizer.step()
                running += loss.item() * x.size(0)
                right += torch.sum(predicted == y.data)
            if phase == "train":
                scheduler.step()
            history[phase]["loss"].append(running / len(loaders[phase].dataset))
            history[phase]["acc"].append((right.double() / len(loaders[phase].dataset)).item())
    return history
net_{n} = Net()
sgd = torch.optim.SGD(net_{n}.parameters(), lr=0.01)
history_{n} = train_model(net_{n}, nn.CrossEntropyLoss(), sgd, torch.optim.lr_scheduler.StepLR(sgd, step_size=7))
"""
_MIXED_PRECISION = """
net_{n} = Net()
adam = torch.optim.Adam(net_{n}.parameters())
rates = torch.optim.lr_scheduler.OneCycleLR(adam, max_lr=0.01, epochs=3, steps_per_epoch=len(train_loader))
scaler = torch.amp.GradScaler("cuda", enabled=torch.cuda.is_available())
losses_{n} = []
for epoch in range(3):
    net_{n}.train()
    total = 0.0
    for x, y in train_loader:
        adam.zero_grad()
        with torch.autocast(device_type="cpu", dtype=torch.bfloat16):
            loss = F.cross_entropy(net_{n}(x), y)
        scaler.scale(loss).backward()
        scaler.step(adam)
        scaler.update()
        rates.step()
        total += loss.item()
    losses_{n}.append(total / len(train_loader))
"""
_TWO_OPTIMIZERS = """
net_{n} = Net()
optimizers = [torch.optim.SGD(net_{n}.conv.parameters(), lr=0.01), torch.optim.Adam(net_{n}.out.parameters())]
for epoch in range(3):
    net_{n}.train()
    batch_losses = []
    for x, y in train_loader:
        for one in optimizers: one.zero_grad()
        loss = F.cross_entropy(net_{n}(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(net_{n}.parameters(), max_norm=1.0)
        for one in optimizers: one.step()
        batch_losses.append(loss.detach())
    print(torch.stack(batch_losses).mean().item())
"""
_MISTAKEN = """
net_{n} = Net()
adam, losses_{n} = torch.optim.Adam(net_{n}.parameters()), []
for epoch in range(3):
    net_{n}.train()
    kept = []
    for x, y in train_loader:
        adam.zero_grad()
        loss = F.cross_entropy(net_{n}(x), y)
        loss.backward()
        adam.step()
        kept.append(loss.item())
    losses_{n}.append(sum(kept) / len(kept))
    net_{n}.eval()
    with torch.no_grad():
        right = sum((net_{n}(x).argmax(1) == y).sum().item() for x, y in test_loader)
"""
# The same mistakes in other words: in functions and subclasses, by lists, copies and defaults.
OTHER_MISTAKES: tuple[tuple[str, str], ...] = (
    ("loop.no_step", _PHASES.replace("optimizer.step()", "pass")),
    ("loop.no_zero_grad", _MIXED_PRECISION.replace("adam.zero_grad()", "pass")),
    ("loop.losses_kept", _MISTAKEN.replace("loss.item()", "loss").replace("sum(kept)", "sum(kept).item()")),
    ("loop.other_network", _MISTAKEN.replace("for epoch", "import copy; net_{n} = copy.deepcopy(net_{n})\nfor epoch")),
    ("loop.wrong_axis", _MISTAKEN.replace("argmax(1)", "argmax()")),
    (
        "loop.softmax_twice",
        "class Soft(Net):\n    def forward(self, x): return F.softmax(super().forward(x), dim=-1)"
        + _MISTAKEN.replace("Net()", "Soft()"),
    ),
)
# Right loops.
RIGHT: tuple[str, ...] = (
    *(_TRAIN, _ACCUMULATED, _BY_HAND, _FULL_BATCH, _LBFGS, _TWO_NETWORKS, _OBJECT, _PREDICTED),
    cell(8).replace("8", "{n}").replace("{n}, {n})", "8, 8)"),
    _SLICES,
    cell(9, cleared="", step="        optimizer.step()\n        optimizer.zero_grad()").replace("9", "{n}"),
    *(_PHASES, _MIXED_PRECISION, _TWO_OPTIMIZERS),
)

UNFIT = "net_{n} = nn.Sequential(nn.Flatten(), nn.Linear(60, 3))"
# What stops a loop: the changed lines, the error, the criterion that is known all the same, and where it stopped.
STOPS: tuple[tuple[dict[str, str], str, str, str], ...] = (
    ({"criterion": "criterion = nn.BCELoss()"}, "ValueError", "BCELoss", "loss"),
    ({"loss": "        loss = F.l1_loss(net_{n}(x), y)"}, "RuntimeError", "L1Loss", "loss"),
    ({"loss": "        loss = criterion(net_{n}(x), y.float())"}, "RuntimeError", "CrossEntropyLoss", "loss"),
    (
        {"network": "net_{n} = nn.Sequential(nn.Flatten(), nn.Linear(60, 3))"},
        "RuntimeError",
        "CrossEntropyLoss",
        "layer",
    ),
    (
        {
            "network": UNFIT,
            "loss": "        loss = F.cross_entropy(net_{n}(x), y)",
            "criterion": "",
        },
        "RuntimeError",
        "CrossEntropyLoss",
        "layer",
    ),
)
# Nothing of this is a stopped training.
CAUGHT = """
net_{n} = Net()
optimizer = torch.optim.Adam(net_{n}.parameters())
try:
    nn.BCELoss()(net_{n}(images[:4]), labels[:4])
except ValueError as error:
    print(error)
for x, y in train_loader:
    optimizer.zero_grad()
    try:
        loss = nn.MSELoss()(net_{n}(x), y)
    except RuntimeError:
        loss = F.cross_entropy(net_{n}(x), y)
    loss.backward()
    optimizer.step()
"""
