"""Training loops by epochs, in functions, classes and with what PyTorch has beside them."""

from __future__ import annotations

NESTED_FUNCTIONS = """
def fit_{n}(model, epochs):
    opt = optim.Adam(model.parameters(), lr=1e-3)
    history = {"train_loss": [], "train_acc": [], "val_loss": [], "val_acc": []}
    def train_epoch():
        model.train()
        loss_sum, hits, seen = 0., 0, 0
        for x, y in train_loader:
            opt.zero_grad()
            out = model(x)
            loss = F.cross_entropy(out, y)
            loss.backward()
            opt.step()
            loss_sum += loss.item() * y.numel()
            hits += (out.argmax(-1) == y).sum().item()
            seen += y.numel()
        return loss_sum / seen, hits / seen
    @torch.no_grad()
    def evaluate():
        model.eval()
        loss_sum, hits, seen = 0., 0, 0
        for x, y in val_loader:
            out = model(x)
            loss_sum += F.cross_entropy(out, y, reduction="sum").item()
            hits += (out.argmax(dim=-1) == y).sum().item()
            seen += len(y)
        return loss_sum / seen, hits / seen
    for epoch in range(epochs):
        for key, value in zip(("train_loss", "train_acc"), train_epoch()): history[key].append(value)
        for key, value in zip(("val_loss", "val_acc"), evaluate()): history[key].append(value)
    return history
net_{n} = Net()
history_{n} = fit_{n}(net_{n}, 4)
"""
TRAINER_CLASS = """
class Trainer:
    def __init__(self, model, train, val, lr=1e-3):
        self.model, self.train, self.val = model, train, val
        self.opt = optim.Adam(model.parameters(), lr=lr)
        self.loss_fn = nn.CrossEntropyLoss()
        self.history = {"loss": [], "val_accuracy": []}
    def _step(self, batch):
        x, y = batch
        self.opt.zero_grad()
        loss = self.loss_fn(self.model(x), y)
        loss.backward()
        self.opt.step()
        return loss.item()
    def run_epoch(self):
        self.model.train()
        losses = [self._step(batch) for batch in self.train]
        return sum(losses) / len(losses)
    def validate(self):
        self.model.eval()
        right = total = 0
        with torch.inference_mode():
            for x, y in self.val:
                right += (self.model(x).argmax(1) == y).float().sum().item()
                total += len(y)
        return right / total
    def fit(self, epochs):
        for e in range(epochs):
            self.history["loss"].append(self.run_epoch())
            self.history["val_accuracy"].append(self.validate())
        return self.history
net_{n} = Net()
trainer_{n} = Trainer(net_{n}, train_loader, val_loader)
history_{n} = trainer_{n}.fit(4)
"""
FASTAI_LEARNER = """
class DataBunch:
    def __init__(self, train_dl, valid_dl): self.train_dl, self.valid_dl = train_dl, valid_dl
class Learner:
    def __init__(self, model, data, opt_func=optim.SGD, loss_func=F.cross_entropy, cbs=()):
        self.model, self.data, self.opt_func, self.loss_func, self.cbs = model, data, opt_func, loss_func, cbs
    def __call__(self, name):
        for cb in self.cbs: getattr(cb, name, lambda l: None)(self)
    def one_batch(self, train):
        self.xb, self.yb = self.batch
        self.preds = self.model(self.xb)
        self.loss = self.loss_func(self.preds, self.yb)
        if train:
            self.loss.backward(); self.opt.step(); self.opt.zero_grad()
        self("after_batch")
    def one_epoch(self, train):
        self.model.training = train
        self.model.train(train)
        self.training = train
        dl = self.data.train_dl if train else self.data.valid_dl
        self("before_epoch")
        for self.batch in dl: self.one_batch(train)
        self("after_epoch")
    def fit(self, n_epochs, lr):
        self.opt = self.opt_func(self.model.parameters(), lr=lr)
        for self.epoch in range(n_epochs):
            self.one_epoch(True)
            with torch.no_grad(): self.one_epoch(False)
class Record:
    def __init__(self): self.loss, self.val_loss, self.val_acc = [], [], []
    def before_epoch(self, l): self.t = self.n = self.c = 0
    def after_batch(self, l):
        k = len(l.yb); self.t += l.loss.detach().item() * k; self.n += k
        self.c += (l.preds.argmax(dim=1) == l.yb).float().sum().item()
    def after_epoch(self, l):
        if l.training: self.loss.append(self.t / self.n)
        else: self.val_loss.append(self.t / self.n); self.val_acc.append(self.c / self.n)
net_{n} = Net()
recorder_{n} = Record()
learn = Learner(net_{n}, DataBunch(train_loader, val_loader), cbs=[recorder_{n}])
learn.fit(4, 0.05)
"""
LIGHTNING_LIKE = """
class LitNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = Net()
        self.logged = {}
    def forward(self, x): return self.body(x)
    def log(self, key, value): self.logged.setdefault(key, []).append(float(value))
    def training_step(self, batch, i):
        x, y = batch
        loss = F.cross_entropy(self(x), y)
        return loss
    def validation_step(self, batch, i):
        x, y = batch
        out = self(x)
        return F.cross_entropy(out, y).item(), (out.argmax(1) == y).float().mean().item()
    def configure_optimizers(self): return optim.Adam(self.parameters(), lr=2e-3)
class Runner:
    def __init__(self, max_epochs): self.max_epochs = max_epochs
    def fit(self, module, train, val):
        opt = module.configure_optimizers()
        for epoch in range(self.max_epochs):
            module.train()
            running = []
            for i, batch in enumerate(train):
                loss = module.training_step(batch, i)
                opt.zero_grad()
                loss.backward()
                opt.step()
                running.append(loss.item())
            module.log("train_loss", np.mean(running))
            module.eval()
            with torch.no_grad():
                outs = [module.validation_step(b, i) for i, b in enumerate(val)]
            module.log("val_loss", np.mean([o[0] for o in outs])); module.log("val_acc", np.mean([o[1] for o in outs]))
net_{n} = LitNet()
Runner(4).fit(net_{n}, train_loader, val_loader)
history_{n} = net_{n}.logged
"""
TQDM = """
net_{n} = Net()
opt = optim.Adam(net_{n}.parameters())
criterion = nn.CrossEntropyLoss()
train_losses_{n} = []
for epoch in tqdm(range(4), disable=True):
    net_{n}.train()
    total, count = 0.0, 0
    for inputs, targets in tqdm(train_loader, total=len(train_loader), leave=False, disable=True):
        opt.zero_grad()
        loss = criterion(net_{n}(inputs), targets)
        loss.backward()
        opt.step()
        total += loss.item(); count += 1
    train_losses_{n}.append(total / count)
"""
SAME_FUNCTION = """
def run_{n}(model, loader, optimizer=None):
    training = optimizer is not None
    model.train(training)
    total = correct = 0.0
    with torch.set_grad_enabled(training):
        for i, (x, y) in enumerate(loader):
            scores = model(x)
            loss = F.cross_entropy(scores, y)
            if training:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            total += loss.item() * x.shape[0]
            correct += (scores.max(1)[1] == y).sum().item()
    return total / len(loader.dataset), correct / len(loader.dataset)
net_{n} = Net()
adam = optim.Adam(net_{n}.parameters())
train_history_{n}, val_loss_{n} = [], []
loss_{n} = []
for e in range(4):
    tl, ta = run_{n}(net_{n}, train_loader, adam)
    vl, va = run_{n}(net_{n}, val_loader)
    loss_{n}.append(tl); val_loss_{n}.append(vl)
"""
ACCUMULATION = """
net_{n} = Net()
opt = optim.AdamW(net_{n}.parameters(), lr=1e-3)
accum = 3
losses_{n} = []
for epoch in range(4):
    net_{n}.train()
    opt.zero_grad(set_to_none=True)
    running = 0.
    for i, (x, y) in enumerate(train_loader):
        loss = F.cross_entropy(net_{n}(x), y) / accum
        loss.backward()
        running += loss.item() * accum
        if (i + 1) % accum == 0 or i + 1 == len(train_loader):
            opt.step()
            opt.zero_grad(set_to_none=True)
    losses_{n}.append(running / len(train_loader))
"""
AMP = """
net_{n} = Net()
opt = optim.Adam(net_{n}.parameters())
scaler = torch.GradScaler(enabled=torch.cuda.is_available())
losses_{n} = []
for epoch in range(4):
    net_{n}.train()
    tot = 0.0
    for x, y in train_loader:
        opt.zero_grad(set_to_none=True)
        with torch.autocast("cuda", enabled=torch.cuda.is_available()):
            loss = F.cross_entropy(net_{n}(x), y)
        scaler.scale(loss).backward()
        scaler.unscale_(opt)
        nn.utils.clip_grad_value_(net_{n}.parameters(), 1.0)
        scaler.step(opt)
        scaler.update()
        tot += loss.item()
    losses_{n}.append(tot / len(train_loader))
"""
LOADER_SUBCLASS = """
class DeviceLoader(DataLoader):
    def __iter__(self):
        for batch in super().__iter__():
            yield [one.float() if one.is_floating_point() else one for one in batch]
class Wrapped:
    def __init__(self, dl, func): self.dl, self.func = dl, func
    def __len__(self): return len(self.dl)
    def __iter__(self):
        for b in self.dl: yield self.func(*b)
net_{n} = Net()
opt = optim.Adam(net_{n}.parameters())
mine = Wrapped(DeviceLoader(train_data, batch_size=40, shuffle=True), lambda x, y: (x.view(-1, 1, 8, 8), y))
losses_{n} = []
for epoch in range(4):
    net_{n}.train()
    total = 0.0
    for x, y in mine:
        opt.zero_grad()
        loss = F.cross_entropy(net_{n}(x), y); loss.backward(); opt.step()
        total += loss.item()
    losses_{n}.append(total / len(mine))
"""
RANDOM_SPLIT_SUBSET = """
full = TensorDataset(images, labels)
part, held = random_split(full, [500, 100], generator=torch.Generator().manual_seed(1))
small = Subset(part, range(400))
dl = DataLoader(small, batch_size=25, shuffle=True, drop_last=True)
vl = DataLoader(held, batch_size=50)
net_{n} = Net()
opt = optim.Adam(net_{n}.parameters())
history_{n} = []
for epoch in range(4):
    net_{n}.train()
    total = 0.0
    for x, y in dl:
        opt.zero_grad()
        loss = F.cross_entropy(net_{n}(x), y)
        loss.backward()
        opt.step()
        total += loss.item()
    net_{n}.eval()
    with torch.no_grad():
        acc = torch.cat([net_{n}(x).argmax(1) == y for x, y in vl]).float().mean().item()
    history_{n}.append({"loss": total / len(dl), "val_acc": acc})
"""
CUSTOM_DATASET_SAMPLER = """
class Pictures(Dataset):
    def __init__(self, x, y, transform=None): self.x, self.y, self.transform = x, y, transform
    def __len__(self): return len(self.x)
    def __getitem__(self, i):
        one = self.x[i]
        return {"image": self.transform(one) if self.transform else one, "label": self.y[i]}
data = Pictures(images, labels, transform=lambda t: (t - 0.5) / 0.5)
dl = DataLoader(data, batch_sampler=BatchSampler(RandomSampler(data), 32, drop_last=False))
net_{n} = Net()
opt = optim.RMSprop(net_{n}.parameters(), lr=1e-3)
losses_{n} = []
for epoch in range(4):
    net_{n}.train()
    total = 0.0
    for batch in dl:
        opt.zero_grad()
        loss = F.cross_entropy(net_{n}(batch["image"]), batch["label"])
        loss.backward()
        opt.step()
        total += loss.item()
    losses_{n}.append(total / len(dl))
"""
LOSS_TENSOR_DETACHED = """
net_{n} = Net()
opt = optim.Adam(net_{n}.parameters())
losses_{n} = []
for epoch in range(4):
    net_{n}.train()
    total = torch.zeros(())
    for x, y in train_loader:
        opt.zero_grad()
        loss = F.cross_entropy(net_{n}(x), y)
        loss.backward()
        opt.step()
        with torch.no_grad():
            total += loss * len(y)
    losses_{n}.append((total / len(train_data)).item())
"""
EMA_AND_BEST_COPY = """
net_{n} = Net()
best = copy.deepcopy(net_{n}.state_dict())
ema = copy.deepcopy(net_{n})
for p in ema.parameters(): p.requires_grad_(False)
opt = optim.Adam(net_{n}.parameters())
best_loss = math.inf
val_losses_{n} = []
for epoch in range(4):
    net_{n}.train()
    for x, y in train_loader:
        opt.zero_grad()
        loss = F.cross_entropy(net_{n}(x), y)
        loss.backward(); opt.step()
        with torch.no_grad():
            for a, b in zip(ema.parameters(), net_{n}.parameters()): a.lerp_(b, 0.1)
    net_{n}.eval()
    with torch.no_grad():
        vl = sum(F.cross_entropy(net_{n}(x), y, reduction="sum").item() for x, y in val_loader) / len(val_data)
    val_losses_{n}.append(vl)
    if vl < best_loss:
        best_loss, best = vl, copy.deepcopy(net_{n}.state_dict())
net_{n}.load_state_dict(best)
"""
ONE_HOT_BCE = """
net_{n} = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 3), nn.Sigmoid())
opt = optim.Adam(net_{n}.parameters())
loss_fn = nn.BCELoss()
losses_{n} = []
for epoch in range(4):
    total = 0.0
    for x, y in train_loader:
        opt.zero_grad()
        loss = loss_fn(net_{n}(x), F.one_hot(y, 3).float())
        loss.backward(); opt.step()
        total += loss.item()
    losses_{n}.append(total / len(train_loader))
"""
REGRESSION_AND_SOFTMAX_AFTER = """
net_{n} = Net()
rest = [*net_{n}.bn.parameters(), *net_{n}.out.parameters()]
opt = optim.Adam([{"params": net_{n}.conv.parameters(), "lr": 1e-4}, {"params": rest}], lr=1e-3)
losses_{n} = []
for epoch in range(4):
    net_{n}.train()
    total = 0.0
    for x, y in train_loader:
        logits = net_{n}(x)
        probs = torch.softmax(logits, dim=1)
        loss = F.nll_loss(F.log_softmax(logits, dim=1), y) + 1e-4 * sum(p.pow(2).sum() for p in net_{n}.parameters())
        opt.zero_grad(); loss.backward(); opt.step()
        hits = (probs.argmax(1) == y).float().mean()
        total += loss.item()
    losses_{n}.append(total / len(train_loader))
net_{n}.eval()
with torch.no_grad():
    predictions = torch.cat([net_{n}(x).softmax(1).argmax(1) for x, _ in val_loader])
print(predictions.shape, (predictions == val_labels).float().mean())
"""
# The code, its epochs, and the lengths of its lists.
BY_EPOCH: dict[str, tuple[str, int | None, dict[str, int]]] = {
    "nested_functions": (NESTED_FUNCTIONS, 4, {"loss": 4, "accuracy": 4, "val_loss": 4, "val_accuracy": 4}),
    "trainer_class": (TRAINER_CLASS, 4, {"loss": 4, "val_accuracy": 4}),
    "fastai_learner": (FASTAI_LEARNER, 4, {"loss": 4, "val_loss": 4}),
    "lightning_like": (LIGHTNING_LIKE, 4, {"loss": 4, "val_loss": 4, "val_accuracy": 4}),
    "tqdm": (TQDM, 4, {"loss": 4}),
    "same_function": (SAME_FUNCTION, 4, {"loss": 4, "val_loss": 4}),
    "accumulation": (ACCUMULATION, 4, {"loss": 4}),
    "amp": (AMP, 4, {"loss": 4}),
    "loader_subclass": (LOADER_SUBCLASS, 4, {"loss": 4}),
    "random_split_subset": (RANDOM_SPLIT_SUBSET, 4, {"loss": 4, "val_accuracy": 4}),
    "custom_dataset_sampler": (CUSTOM_DATASET_SAMPLER, 4, {"loss": 4}),
    "loss_tensor_detached": (LOSS_TENSOR_DETACHED, 4, {"loss": 4}),
    "ema_and_best_copy": (EMA_AND_BEST_COPY, 4, {"val_loss": 4}),
    "one_hot_bce": (ONE_HOT_BCE, 4, {"loss": 4}),
    "regression_and_softmax_after": (REGRESSION_AND_SOFTMAX_AFTER, 4, {"loss": 4}),
}
