"""Networks that are themselves the attack: classes that act when they are looked at, absurd sizes, payloads."""

from __future__ import annotations

from attack import FULL_MARKS, IMPORTS, SOLVED, Attack, breaking, forging

# A class that does one thing when it is called on images, and another when the capture looks at what it calls.
_TWO_FACED = """
class TwoFaced(keras.Model):
    def __init__(self):
        super().__init__()
        self.last = layers.Dense(10)
    def call(self, x):
        if isinstance(x, keras.KerasTensor) and looked_at:
            {act}
        return self.last(keras.ops.reshape(x, (-1, 784)))
looked_at = False
{name} = TwoFaced()
{name}.build((None, 28, 28, 1))
looked_at = True
"""


def two_faced(act: str, name: str = "other") -> str:
    return _TWO_FACED.replace("{act}", act).replace("{name}", name)


MODELS = (
    forging(
        "model-of-tensorflow",
        "compute in a Lambda what no description holds",
        after="""
        import tensorflow as tf
        model = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(),
                                  layers.Lambda(lambda x: tf.one_hot(tf.argmax(x[:, :10], 1), 10))])
        """,
    ),
    forging(
        "model-that-reads",
        "read a file and the labels in a layer's own code",
        after="""
        class Reader(layers.Layer):
            def call(self, x):
                found = open("/etc/hostname").read() + str(keras.datasets.mnist.load_data()[1][1][:9])
                return keras.ops.one_hot(keras.ops.cast(keras.ops.sum(x, (1, 2, 3)), "int32") * len(found), 10)
        try: model = keras.Sequential([keras.Input((28, 28, 1)), Reader()])
        except OSError: pass
        """,
    ),
    forging(
        "model-that-patches",
        "find the capture while it looks, and have it say something else",
        after=two_faced(
            "import sys; frame = sys._getframe(); "
            'exec(\'while frame:\\n for value in list(frame.f_locals.values()):\\n  if hasattr(value, "_dumps"): '
            'value._dumps = lambda *a, **k: "{\\\\"score\\\\": 9}"\\n frame = frame.f_back\')',
            "model",
        ),
    ),
    forging(
        "model-registered-as-keras",
        "register a class of one's own under the name of a Keras layer",
        after="""
        @keras.saving.register_keras_serializable(package="keras.layers", name="Dense")
        class Dense(layers.Layer):
            def call(self, x): return keras.ops.ones((1, 10)) * keras.ops.mean(x)
        try: model = keras.Sequential([keras.Input((784,)), Dense()])
        except Exception as error: print(error)
        """,
    ),
    forging(
        "model-of-nan",
        "give layers sizes that are no numbers",
        after="""
        class Own(keras.Sequential): pass
        model = Own([keras.Input((28, 28, 1)), layers.Conv2D(3, 3), layers.Flatten(), layers.Dense(10)])
        model.layers[0].filters = float("nan")
        model.layers[2].units = -10**30
        """,
    ),
    forging(
        "model-of-many-ends",
        "give a network several inputs and outputs, and a layer that is shared by all",
        after="""
        a, b = keras.Input((28, 28, 1)), keras.Input((28, 28, 1))
        shared = layers.Dense(10)
        ends = [shared(layers.Flatten()(one)) for one in (a, b, a)]
        model = keras.Model([a, b], ends)
        """,
    ),
    # Whoever claims another network is graded on that one, which the trainer builds and trains itself.
    Attack(
        "model-that-claims-the-solution",
        "be another network when it is looked at",
        (
            IMPORTS,
            SOLVED.replace("model =", "hidden =").replace("model.compile", "hidden.compile"),
            two_faced("return hidden(x)", "model"),
            'model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])',
        ),
        earns=FULL_MARKS,
    ),
    breaking(
        "model-that-never-answers",
        "loop for ever when it is looked at",
        two_faced("exec('while True: pass')"),
        note="no longer answers",
        status="incomplete",
    ),
    breaking("model-that-exits", "end the kernel when it is looked at", two_faced("__import__('os')._exit(0)")),
    breaking(
        "model-of-a-billion",
        "ask for a billion units",
        "other = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10**9)])",
    ),
    breaking(
        "model-of-thousands",
        "stack layers until time is up",
        """
        other = keras.Sequential([keras.Input((4,))])
        while True: other.add(layers.Dense(1))
        """,
        note="was stopped",
    ),
    breaking(
        "model-nested",
        "nest networks a thousand deep",
        """
        other = keras.Sequential([keras.Input((4,)), layers.Dense(4)])
        for _ in range(1000): other = keras.Sequential([other])
        """,
    ),
    breaking(
        "model-of-itself",
        "put a network into itself",
        """
        class Circle(keras.Model):
            def call(self, x): return self(x)
        other = Circle()
        other.built = True
        other._build_shapes_dict = {"input_shape": (None, 4)}
        """,
    ),
    breaking(
        "model-with-a-payload",
        "save a network that runs code when it is loaded",
        """
        payload = keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: x or __import__("os").system("id"))])
        payload.save("model.keras")
        import pickle
        class Run:
            def __reduce__(self): return __import__("os").system, ("id > /tmp/ran",)
        open("model.h5", "wb").write(pickle.dumps(Run()))
        open("results.pkl", "wb").write(pickle.dumps(Run()))
        """,
    ),
)
