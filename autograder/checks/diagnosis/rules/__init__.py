"""Rules that complement the substitutions: cheap, precise, each with its source. None decides a point."""

from __future__ import annotations

from autograder.checks.diagnosis.rules import belonging, data, learning, output, targets
from autograder.checks.diagnosis.rules.facts import Facts, Rule

__all__ = ["RULES", "Facts", "Rule"]

_OUTPUT_AND_LOSS = frozenset({"last activation", "loss", "from_logits"})
# In AutoTrainer's order: abnormal data, then the loss, then what shows while the network learns.
RULES: tuple[Rule, ...] = (
    Rule("NaN or infinity", True, data.not_finite),
    Rule("labels of other images", True, belonging.labels_of_other_images),
    Rule("targets of other examples", True, belonging.targets_of_other_examples),
    Rule("labels no whole numbers", True, targets.of_each_output(targets.labels_not_whole)),
    Rule("labels outside the classes", True, targets.of_each_output(targets.labels_outside)),
    Rule("rows that do not add up", True, targets.of_each_output(targets.rows_do_not_add_up)),
    Rule("targets among the inputs", True, targets.of_each_output(targets.targets_among_inputs)),
    Rule("targets of another scale", True, targets.targets_of_other_scale),
    Rule("constant inputs", True, data.constant_inputs),
    Rule("validation prepared otherwise", True, data.validation_prepared_otherwise),
    Rule("inputs not normalized", True, data.inputs_not_normalized, frozenset({"normalization of the inputs"})),
    Rule("validation data used for training", True, data.validation_is_training),
    Rule("loss and labels", True, output.loss_and_labels),
    Rule("softmax and from_logits", True, output.softmax_and_logits, _OUTPUT_AND_LOSS),
    Rule("no softmax", True, output.no_softmax, _OUTPUT_AND_LOSS),
    Rule("metric", True, output.metric_fits),
    Rule("too few epochs", True, data.too_few_epochs, frozenset({"epochs"})),
    Rule("loss explodes", False, learning.loss_explodes),
    Rule("nothing learned", False, learning.nothing_learned),
    Rule("dead ReLUs", False, learning.dead_relus),
    Rule("vanishing gradients", False, learning.vanishing_gradients),
    Rule("overfitting", False, learning.overfitting),
)
