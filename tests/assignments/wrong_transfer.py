"""Wrong answers to the assignment about transfer learning, as students give them."""

from changes import Wrong, answer, compiled, drop, fitted, flat, network, put, setting, without_fits

# The layers of the reference, the input first: 1 base_conv_1, 2 base_pool, 3 base_conv_2, 4 base_flatten, 5 dense.
UNFROZEN = (setting(1, trainable=True), setting(3, trainable=True))
NEW_WEIGHTS = (setting(1, base_weights=None), setting(3, base_weights=None))

TRANSFER = [
    Wrong("features_shape", answer("features_shape", (4, 4, 32)), "before it is laid out flat"),
    Wrong("features_shape", answer("features_shape", 256), "it has 32 kernels, not 16"),
    Wrong("conv_parameters", answer("conv_parameters", 4608), "left out the biases"),
    Wrong("conv_parameters", answer("conv_parameters", 320), "it reads the 16"),
    Wrong("network", network("model", *UNFROZEN), "2 layers, from layer_1 (Conv2D) on, should be frozen"),
    Wrong("network", network("model", *NEW_WEIGHTS), "2 layers, from layer_1 (Conv2D) on, do not have the weights"),
    Wrong("network", network("model", setting(3, base_weights=None)), "layer_3 (Conv2D) does not have the weights"),
    Wrong("network", network("model", setting(5, trainable=False)), "layer_5 (Dense) is frozen, but should learn"),
    Wrong("network", network("model", put(5, "Dense", units=32, activation="relu")), "one layer too many"),
    Wrong("network", network("model", drop(2)), "A pooling layer is missing"),
    Wrong("parameters", network("model", *UNFROZEN), "parameters", charged="network"),
    Wrong("parameters", network("model", setting(5, units=10)), "parameters in all", charged="network"),
    Wrong("learned", answer("learned", 2560), "left out the biases"),
    Wrong("learned", answer("learned", 7365), "frozen ones do not learn"),
    Wrong("compiled", compiled("model", loss="categorical_crossentropy"), "loss"),
    Wrong("compiled", compiled("model", metrics=None), "metric"),
    Wrong("epochs", fitted("model", epochs=5), "5 epochs"),
    Wrong("epochs", without_fits("model"), "was not trained"),
    Wrong("accuracy", compiled("model", loss="mean_squared_error"), "0.690 was needed", flat),
    Wrong("accuracy", network("model", *[drop(1)] * 4), "builds on “The network with frozen features”"),
    Wrong("tuned_network", network("tuned", setting(3, trainable=False)), "layer_3 (Conv2D) is frozen"),
    Wrong("tuned_network", network("tuned", setting(1, trainable=True)), "layer_1 (Conv2D) should be frozen"),
    Wrong("tuned_network", network("tuned", *NEW_WEIGHTS), "do not have the weights of the base model"),
    Wrong("tuned_learned", answer("tuned_learned", 7365), "still frozen"),
    Wrong("tuned_learned", answer("tuned_learned", 4640), "the new layer learns, too"),
    Wrong("tuned_compiled", compiled("tuned", optimizer="adam"), "learning rate"),
    Wrong("tuned_compiled", compiled("tuned", optimizer="sgd"), "optimizer"),
    Wrong("small_steps", answer("small_steps", "B"), "computes the same"),
    Wrong("small_steps", answer("small_steps", "C"), "no steps at all"),
    Wrong("counts_from", answer("counts_from", "A"), "has prepared the step"),
    Wrong("counts_from", answer("counts_from", "b)"), "easily overlooked"),
]
