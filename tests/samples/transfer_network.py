"""The base network of `transfer` as code, for notebooks that build it themselves."""

_FEATURES = (
    "keras.Input((8, 8, 1))",
    'layers.Conv2D(16, 3, padding="same", activation="relu")',
    "layers.MaxPooling2D()",
    'layers.Conv2D(32, 3, padding="same", activation="relu")',
    "layers.Flatten()",
)
HEAD = ('layers.Dense(32, activation="relu")', 'layers.Dense(5, activation="softmax")')


def building(function: str, *more: str) -> str:
    """A function of this name that builds its convolutions, and these layers on them."""
    rows = "".join(f"        {one},\n" for one in (*_FEATURES, *more))
    return f"\ndef {function}():\n    return keras.Sequential([\n{rows}    ])\n"
