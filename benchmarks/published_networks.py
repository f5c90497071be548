"""The layers of the published programs, as a notebook's code from a configuration."""

from __future__ import annotations

from collections.abc import Mapping

Config = Mapping[str, str]


def dense(number: int, units: int | str, c: Config) -> str:
    return f"layers.Dense({units}, {_settings(number, c)})"


def conv(number: int, filters: int, c: Config, size: int = 3) -> str:
    return f"layers.Conv2D({filters}, {size}, {_settings(number, c)})"


def _settings(number: int, c: Config) -> str:
    activation = c.get(f"act{number}", "None").replace("None", "linear")
    parts = [f'activation="{activation}"']
    for setting, key in (("kernel_initializer", f"ki{number}"), ("bias_initializer", f"bi{number}")):
        if key in c:
            parts.append(f"{setting}={_initializer(c[key])}")
    if number == 1 and c.get("regularization"):
        parts.append(f'kernel_regularizer="{c["regularization"]}"')
    return ", ".join([*parts, f'name="l{number}"'])


def _initializer(name: str) -> str:
    # `RandomNormal` is that of the program itself, drawn from the standard normal distribution as in Nielsen's book.
    if name == "RandomNormal":
        return "keras.initializers.RandomNormal(stddev=1.0)"
    return repr({"normal": "random_normal"}.get(name, name))


def repeated(c: Config, number: int, line: str) -> list[str]:
    """A layer that the search for repairs may double (`layer<n>`)."""
    count = int(c.get(f"layer{number}", "1"))
    return [line if at == 0 else line.replace('name="l', f'name="again{at}_l') for at in range(count)]


def mnist_conv(c: Config) -> list[str]:
    return [
        conv(1, 8, c),
        conv(2, 16, c),
        "layers.MaxPooling2D()",
        f"layers.Dropout({c['dropout1']})",
        "layers.Flatten()",
        *repeated(c, 1, dense(3, c["unit1"], c)),
        f"layers.Dropout({c['dropout2']})",
        dense(4, 10, c),
    ]


def reuters(c: Config) -> list[str]:
    return [dense(1, c["unit1"], c), "layers.Dropout(0.5)", dense(2, 46, c)]


def cifar(c: Config) -> list[str]:
    return [
        conv(1, 8, c),
        "layers.MaxPooling2D()",
        conv(2, 16, c),
        "layers.MaxPooling2D()",
        conv(3, 16, c),
        "layers.Flatten()",
        *repeated(c, 1, dense(4, c["unit1"], c)),
        *repeated(c, 2, dense(5, c["unit2"], c)),
        dense(6, 10, c),
    ]
