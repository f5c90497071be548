"""Training loops that count steps or walk through the data by themselves; `{n}` stands for the number of the cell."""

from __future__ import annotations

SETUP = """
import math, time, itertools, copy, random
import numpy as np
import torch
from torch import nn, optim
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset, Dataset, Subset, random_split, RandomSampler, BatchSampler
try:
    from tqdm import tqdm
except ImportError:
    tqdm = lambda one, *a, **k: one
torch.manual_seed(0)
images = torch.rand(600, 1, 8, 8)
labels = torch.arange(600) % 3
val_images, val_labels = torch.rand(120, 1, 8, 8), torch.arange(120) % 3
train_data, val_data = TensorDataset(images, labels), TensorDataset(val_images, val_labels)
train_loader = DataLoader(train_data, batch_size=32, shuffle=True)
val_loader = DataLoader(val_data, batch_size=32)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.bn = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.25)
        self.out = nn.Linear(64, 3)
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn(self.conv(x))), 2)
        return self.out(self.drop(x.flatten(1)))
"""
CYCLE_NEXT = """
net_{n} = Net()
opt = optim.Adam(net_{n}.parameters(), lr=1e-3)
it = itertools.cycle(train_loader)
losses_{n} = []
steps_per_epoch = len(train_loader)
for epoch in range(4):
    net_{n}.train()
    total = 0.0
    for _ in range(steps_per_epoch):
        x, y = next(it)
        opt.zero_grad()
        loss = F.cross_entropy(net_{n}(x), y)
        loss.backward()
        opt.step()
        total += loss.item()
    losses_{n}.append(total / steps_per_epoch)
"""
STEPS_ITER_RESTART = """
net_{n} = Net()
opt = optim.SGD(net_{n}.parameters(), lr=0.05, momentum=0.9)
loader_iter = iter(train_loader)
losses_{n} = []
net_{n}.train()
for step in range(4 * len(train_loader)):
    try:
        x, y = next(loader_iter)
    except StopIteration:
        loader_iter = iter(train_loader)
        x, y = next(loader_iter)
    opt.zero_grad()
    loss = nn.CrossEntropyLoss()(net_{n}(x), y)
    loss.backward()
    opt.step()
    losses_{n}.append(loss.item())
"""
INFINITE_GENERATOR = """
def forever(loader):
    while True:
        for batch in loader:
            yield batch
net_{n} = Net()
opt = optim.AdamW(net_{n}.parameters())
stream = forever(train_loader)
criterion = nn.CrossEntropyLoss()
net_{n}.train()
for step in range(100):
    inputs, targets = next(stream)
    outputs = net_{n}(inputs)
    loss = criterion(outputs, targets)
    opt.zero_grad(set_to_none=True)
    loss.backward()
    opt.step()
    if step % 20 == 0:
        print(step, loss.item())
"""
NEXT_IN_INNER_WHILE = """
net_{n} = Net()
opt = optim.Adam(net_{n}.parameters())
losses_{n} = []
for epoch in range(4):
    net_{n}.train()
    batches = iter(train_loader)
    total, k = 0.0, 0
    while True:
        batch = next(batches, None)
        if batch is None:
            break
        x, y = batch
        opt.zero_grad()
        loss = F.cross_entropy(net_{n}(x), y)
        loss.backward(); opt.step()
        total += loss.item(); k += 1
    losses_{n}.append(total / k)
"""
SLICES_SMALL = """
net_{n} = Net()
opt = optim.Adam(net_{n}.parameters())
n, bs = len(images), 50
losses_{n} = []
for epoch in range(4):
    net_{n}.train()
    perm = torch.randperm(n)
    total = 0
    for i in range(0, n, bs):
        idx = perm[i:i + bs]
        xb, yb = images[idx], labels[idx]
        opt.zero_grad()
        loss = F.cross_entropy(net_{n}(xb), yb)
        loss.backward()
        opt.step()
        total += loss.item() * len(xb)
    losses_{n}.append(total / n)
"""
SLICES_NOLIST = """
net_{n} = Net()
opt = optim.Adam(net_{n}.parameters())
n, bs = len(images), 20
for epoch in range(4):
    net_{n}.train()
    for i in random.sample(range(0, n, bs), n // bs):
        opt.zero_grad()
        loss = F.cross_entropy(net_{n}(images[i:i+bs]), labels[i:i+bs])
        loss.backward()
        opt.step()
    print(epoch, loss.item())
"""
NUMPY_PERMUTATION = """
net_{n} = Net()
opt = optim.SGD(net_{n}.parameters(), lr=0.01)
rng = np.random.default_rng(0)
X, Y = images.numpy(), labels.numpy()
history_{n} = {"loss": [], "val_loss": []}
for epoch in range(4):
    net_{n}.train()
    order = rng.permutation(len(X))
    epoch_loss = 0.0
    for start in range(0, len(X), 30):
        rows = order[start:start+30]
        xb = torch.from_numpy(X[rows]); yb = torch.from_numpy(Y[rows])
        pred = net_{n}(xb)
        loss = F.cross_entropy(pred, yb)
        opt.zero_grad(); loss.backward(); opt.step()
        epoch_loss += loss.item() * len(rows)
    history_{n}["loss"].append(epoch_loss / len(X))
    net_{n}.eval()
    with torch.no_grad():
        history_{n}["val_loss"].append(F.cross_entropy(net_{n}(val_images), val_labels).item())
"""
RANDOM_BATCHES = """
net_{n} = Net()
opt = optim.Adam(net_{n}.parameters())
def get_batch(size):
    ix = torch.randint(len(images), (size,))
    return images[ix], labels[ix]
losses_{n} = []
net_{n}.train()
for step in range(40):
    xb, yb = get_batch(60)
    loss = F.cross_entropy(net_{n}(xb), yb)
    opt.zero_grad(set_to_none=True)
    loss.backward()
    opt.step()
    losses_{n}.append(loss.item())
"""
WHILE_EPOCHS = """
net_{n} = Net()
opt = optim.Adam(net_{n}.parameters())
losses_{n}, epoch = [], 0
while epoch < 4:
    net_{n}.train()
    batch_losses = []
    for xb, yb in train_loader:
        loss = F.cross_entropy(net_{n}(xb), yb)
        opt.zero_grad(); loss.backward(); opt.step()
        batch_losses.append(loss.item())
    losses_{n}.append(np.mean(batch_losses))
    epoch += 1
"""
WHILE_TRUE_BREAK = """
net_{n} = Net()
opt = optim.Adam(net_{n}.parameters())
losses_{n} = []
best, waited = float("inf"), 0
epoch = 0
while True:
    net_{n}.train()
    running = 0.
    for xb, yb in train_loader:
        opt.zero_grad()
        loss = F.cross_entropy(net_{n}(xb), yb)
        loss.backward()
        opt.step()
        running += loss.item() * xb.size(0)
    losses_{n}.append(running / len(train_data))
    epoch += 1
    if epoch >= 4:
        break
"""
VALIDATE_WHILE_TRAINING_STEPS = """
net_{n} = Net()
opt = optim.Adam(net_{n}.parameters())
@torch.no_grad()
def estimate_{n}():
    net_{n}.eval()
    out = {}
    for name, (xs, ys) in {"train": (images, labels), "val": (val_images, val_labels)}.items():
        out[name] = F.cross_entropy(net_{n}(xs[:100]), ys[:100]).item()
    net_{n}.train()
    return out
history_{n} = {"loss": [], "val_loss": []}
net_{n}.train()
done = 0
for epoch in range(4):
    for x, y in train_loader:
        opt.zero_grad()
        loss = F.cross_entropy(net_{n}(x), y)
        loss.backward(); opt.step()
        done += 1
    found = estimate_{n}()
    history_{n}["loss"].append(found["train"]); history_{n}["val_loss"].append(found["val"])
"""
LBFGS_LOADER = """
net_{n} = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
opt = optim.LBFGS(net_{n}.parameters(), lr=0.5, max_iter=4)
losses_{n} = []
for epoch in range(4):
    batch_losses = []
    for x, y in train_loader:
        def closure():
            opt.zero_grad()
            loss = F.cross_entropy(net_{n}(x), y)
            loss.backward()
            return loss
        loss = opt.step(closure)
        batch_losses.append(loss.item())
    losses_{n}.append(sum(batch_losses) / len(batch_losses))
"""
PER_BATCH_LOSSES = """
net_{n} = Net()
opt = optim.Adam(net_{n}.parameters())
train_losses_{n} = []
for epoch in range(4):
    net_{n}.train()
    for k, (x, y) in enumerate(train_loader, start=1):
        opt.zero_grad()
        loss = F.cross_entropy(net_{n}(x), y)
        loss.backward()
        opt.step()
        train_losses_{n}.append(loss.item())
        if k % 5 == 0: print(f"epoch {epoch} batch {k}: {np.mean(train_losses_{n}[-5:]):.3f}")
"""
ZIP_TWO_LOADERS = """
net_{n} = Net()
opt = optim.Adam(net_{n}.parameters())
noise = DataLoader(TensorDataset(torch.rand(600, 1, 8, 8)), batch_size=32, shuffle=True)
losses_{n} = []
for epoch in range(4):
    net_{n}.train()
    total = 0.0
    for (x, y), (z,) in zip(train_loader, noise):
        opt.zero_grad()
        loss = F.cross_entropy(net_{n}(0.9 * x + 0.1 * z), y)
        loss.backward(); opt.step()
        total += loss.item()
    losses_{n}.append(total / len(train_loader))
"""
SCHEDULER_BATCH_COMPILE = """
net_{n} = Net()
fast = torch.compile(net_{n})
opt = optim.SGD(net_{n}.parameters(), lr=0.1, momentum=0.9, nesterov=True)
sched = optim.lr_scheduler.CosineAnnealingLR(opt, T_max=4 * len(train_loader))
lrs, losses_{n} = [], []
for epoch in range(4):
    fast.train()
    s = 0
    for x, y in train_loader:
        opt.zero_grad()
        loss = F.cross_entropy(fast(x), y)
        loss.backward()
        opt.step()
        sched.step()
        lrs.append(sched.get_last_lr()[0])
        s += loss.item()
    losses_{n}.append(s / len(train_loader))
"""
# The code, its epochs (None: more are counted), and the lengths of its lists.
BY_STEP: dict[str, tuple[str, int | None, dict[str, int]]] = {
    "cycle_next": (CYCLE_NEXT, 4, {"loss": 4}),
    "steps_iter_restart": (STEPS_ITER_RESTART, 4, {"loss": 76}),
    "infinite_generator": (INFINITE_GENERATOR, 5, {}),
    "next_in_inner_while": (NEXT_IN_INNER_WHILE, 4, {"loss": 4}),
    "slices_small": (SLICES_SMALL, 4, {"loss": 4}),
    "slices_nolist": (SLICES_NOLIST, 4, {}),
    "numpy_permutation": (NUMPY_PERMUTATION, 4, {"loss": 4, "val_loss": 4}),
    "random_batches": (RANDOM_BATCHES, None, {"loss": 40}),
    "while_epochs": (WHILE_EPOCHS, 4, {"loss": 4}),
    "while_true_break": (WHILE_TRUE_BREAK, 4, {"loss": 4}),
    "validate_while_training_steps": (VALIDATE_WHILE_TRAINING_STEPS, 4, {"loss": 4, "val_loss": 4}),
    "lbfgs_loader": (LBFGS_LOADER, 4, {"loss": 4}),
    "per_batch_losses": (PER_BATCH_LOSSES, 4, {}),
    "zip_two_loaders": (ZIP_TWO_LOADERS, 4, {"loss": 4}),
    "scheduler_batch_compile": (SCHEDULER_BATCH_COMPILE, 4, {"loss": 4}),
}
