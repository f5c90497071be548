"""How a network was compiled: optimizer, loss and metrics, and whether the loss fits the last layer and the labels."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from autograder.checks.base import Context, Question
from autograder.checks.criterion import fit_of_criterion
from autograder.checks.equal_shares import RIGHT, Aspect, judged, kept, missed
from autograder.checks.follow_through import charged_at, charging
from autograder.checks.metric_names import compiled_metrics, metric_name
from autograder.checks.student_network import StudentNetwork, find_network
from autograder.core.messages import in_turn, message
from autograder.network.architecture import Architecture
from autograder.network.compilation import NO_LOSS, Compilation, read_compilation
from autograder.network.torch.compilation import DEFAULT_RATES, LOSS_NAMES, criterion_of, read_torch_compilation
from autograder.records.result import Finding, Verdict

ONE_HOT, WHOLE = "categorical_crossentropy", "sparse_categorical_crossentropy"
_CROSSENTROPIES = frozenset({ONE_HOT, WHOLE, "binary_crossentropy", "categorical_focal_crossentropy"})
_PROBABILITIES = frozenset({"softmax", "sigmoid"})
# Layers that may follow the last activation without changing what the outputs mean.
_TRANSPARENT = frozenset({"Flatten", "Reshape", "Dropout"})
# The codes for a loss that the network or the loop computes itself.
_OWN_LOSS = frozenset({"compile.own_loss", "compile.own_criterion"})

Names = str | tuple[str, ...]


class Compiled(Question):
    """What `compile` was given for a network.

    `optimizer` and `loss` are Keras' names, or lists of names that all count as right; the two categorical
    cross-entropies are interchangeable, as the labels need it. A loss also has to fit the last layer: either a softmax
    and a loss that expects probabilities, or no softmax and `from_logits=True`. `metrics` must be among the student's;
    `learning_rate` is checked only if it is given. Optimizer, loss, each metric and the learning rate earn the same
    share of the points; the default learning rate of another optimizer is not a separate mistake. If the loss
    would fit the expected last layer, and the student's has cost points at an `architecture` question, it costs nothing
    here, unless `follow_through` is false. The share of a loss that the network computes itself, such as with
    `add_loss`, needs review.
    """

    kind: Literal["compiled"]
    network: str = Field(min_length=1, max_length=200)
    optimizer: Names = ()
    learning_rate: float | None = Field(default=None, gt=0)
    loss: Names = ()
    metrics: tuple[str, ...] = ()
    follow_through: bool = True

    # Not optimizer and loss: they may be what the question asks.
    public: ClassVar[tuple[str, ...]] = ("network", "metrics")

    @field_validator("optimizer", "loss")
    @classmethod
    def _listed(cls, names: Names) -> tuple[str, ...]:
        return (names,) if isinstance(names, str) else names

    @field_validator("optimizer")
    @classmethod
    def _lower(cls, names: Names) -> tuple[str, ...]:
        return tuple(name.casefold() for name in names)

    @field_validator("loss")
    @classmethod
    def _known(cls, names: Names) -> tuple[str, ...]:
        known = []
        for name in names:
            read = read_compilation({"optimizer": "adam", "loss": LOSS_NAMES.get(name.casefold(), name)})
            if read.problem:
                raise ValueError(f'"{name}" is not a loss of Keras or PyTorch that is known here')
            known.append(read.loss.name)
        return tuple(known)

    @field_validator("metrics")
    @classmethod
    def _usual_names(cls, metrics: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(metric_name(metric) for metric in metrics))

    @model_validator(mode="after")
    def _asks_for_something(self) -> Compiled:
        if not (self.optimizer or self.loss or self.metrics or self.learning_rate):
            raise ValueError("give optimizer, loss, metrics or learning_rate: there is nothing to judge")
        return self

    def networks(self) -> tuple[str, ...]:
        return (self.network,)

    def builds_on(self, questions: tuple[Question, ...]) -> frozenset[str]:
        found = super().builds_on(questions)
        return found | charging(questions, self.network) if self.loss and self.follow_through else found

    def repaired(self, compilation: Compilation, solution: Compilation, context: Context) -> Compilation:
        """`compilation` with the parts that cost points here taken from the `solution`, and the others left alone."""
        student = find_network(context, self.network)
        if not student.compiled:
            return compilation
        parts: dict[str, Any] = {}
        if not all(aspect.right for aspect in self._optimizer_aspects(student)):
            read = self._part(student, "optimizer")
            parts["optimizer"] = solution.optimizer
            if not read.problem and (not self.optimizer or read.optimizer.name in self.optimizer):
                # Only the learning rate costs points.
                rate = solution.optimizer.settings.get("learning_rate")
                settings = read.optimizer.settings | {
                    "learning_rate": rate if self._is_rate(rate) else self.learning_rate
                }
                parts["optimizer"] = read.optimizer.model_copy(update={"settings": settings})
        if self.loss_costs(student, context):
            parts["loss"] = solution.loss
        return compilation.model_copy(update=parts)

    def loss_costs(self, student: StudentNetwork, context: Context) -> bool:
        """Whether the loss of a compiled network costs its share here."""
        if not self.loss or not student.compiled:
            return False
        aspect = self._loss_aspect(student, context)
        return not aspect.right and aspect.finding is not None and aspect.finding.code not in _OWN_LOSS

    def judge(self, context: Context) -> Verdict:
        student = find_network(context, self.network)
        notes = student.findings
        if student.captured is None:
            return self.verdict("not_reached", 0.0, Finding(message=student.problem))
        torch = student.captured.framework == "torch"
        if torch and not student.compiled:
            nothing = Finding(
                message=message(
                    "compile.not_trained",
                    "No optimizer and no criterion were used with `{network}`.",
                    network=student.captured.name,
                ),
                hint=message("hint.criterion_first", "A network needs an optimizer and a criterion to be trained."),
            )
            return self.verdict("not_reached", 0.0, *notes, nothing)
        if not student.compiled:
            nothing = Finding(
                message=message("compile.not_compiled", "`{network}` was not compiled.", network=student.captured.name),
                hint=message("hint.compile_first", "A network has to be compiled before it can be trained."),
            )
            return self.verdict("not_reached", 0.0, *notes, nothing)
        aspects = []
        aspects += self._optimizer_aspects(student)
        if self.loss:
            aspects.append(self._loss_aspect(student, context))
        # PyTorch has no metrics: what is measured is part of the loop.
        given = set(self.metrics) if torch else set(compiled_metrics(student.captured.compile).values())
        aspects += [
            RIGHT
            if metric in given
            else missed(
                message(
                    "compile.metric_missing",
                    "The metrics that the network is compiled with do not include {metric}.",
                    metric=metric,
                ),
                hint=message(
                    "hint.metrics_named",
                    "Whatever is to be watched during training is named when the network is compiled.",
                ),
            )
            for metric in self.metrics
        ]
        verdict = judged(self, aspects, *notes)
        if any(finding.code in _OWN_LOSS for finding in verdict.findings):
            return verdict.model_copy(update={"status": "needs_review", "score": 0.0})
        return verdict

    def _optimizer_aspects(self, student: StudentNetwork) -> list[Aspect]:
        read = self._part(student, "optimizer")
        aspects = []
        if self.optimizer:
            if read.problem:
                aspects.append(missed(read.problem))
            elif read.optimizer.name in self.optimizer:
                aspects.append(RIGHT)
            else:
                sentence = message(
                    "compile.other_optimizer",
                    "The optimizer {name} is not the one that was asked for.",
                    name=read.optimizer.name,
                )
                aspects.append(missed(sentence))
        if self.learning_rate is not None and aspects and not aspects[0].right and self._by_default(read, student):
            # A consequence of the optimizer, which has cost its share.
            aspects.append(RIGHT)
        elif self.learning_rate is not None:
            rate = read.optimizer.settings.get("learning_rate")
            sentence = message("compile.rate_unread", "The learning rate is not what was asked for.")
            if isinstance(rate, int | float):
                sentence = message("compile.rate", "The learning rate {rate:g} is not what was asked for.", rate=rate)
            aspects.append(RIGHT if self._is_rate(rate) and not read.problem else missed(sentence))
        return aspects

    def _loss_aspect(self, student: StudentNetwork, context: Context) -> Aspect:
        read = self._part(student, "loss")
        if read.problem:
            if read.problem.code in NO_LOSS:
                return self._without_loss(student, context)
            if student.captured is not None and student.captured.framework == "torch":
                return missed(read.problem, hint=message("hint.torch_loss", "Use one of PyTorch's own criteria."))
            return missed(read.problem, hint=message("hint.keras_loss", "Use one of Keras' own losses."))
        name, wanted = read.loss.name, set(self.loss)
        if wanted & {ONE_HOT, WHOLE}:
            wanted |= {ONE_HOT, WHOLE}
        if len(read.losses) > 1:
            # Several outputs: each loss has to be one of those that are asked for.
            name = next((one.loss.name for one in read.losses if one.loss and one.loss.name not in wanted), name)
        if name not in wanted:
            return missed(
                message("compile.other_loss", "The loss {name} is not one for this task.", name=_shown(name, student)),
                hint=message("hint.task_of_network", "Think of what the network has to tell."),
            )
        if len(read.losses) > 1:
            return RIGHT
        captured = student.captured
        if captured is not None and captured.framework == "torch":
            return fit_of_criterion(captured)
        labels = _labels(student, context)
        if name in (ONE_HOT, WHOLE) and labels and labels != name:
            sentence = message(
                "compile.labels_whole",
                "The loss {name} does not fit the labels, which are whole numbers, one for each image.",
                name=name,
            )
            if labels == ONE_HOT:
                sentence = message(
                    "compile.labels_one_hot",
                    "The loss {name} does not fit the labels, which are one-hot: a row of zeros with a single one.",
                    name=name,
                )
            return missed(
                sentence,
                hint=message(
                    "hint.kind_of_labels", "Keras has one categorical cross-entropy for either kind of labels."
                ),
            )
        fits = _fit_to_last_layer(read, student.architecture)
        expected = context.expected.get(self.network)
        if fits.finding is None or student.architecture is None or expected is None or not self.follow_through:
            return fits
        charged = charged_at(context, self.network, student.architecture)
        if charged is None or not _fit_to_last_layer(read, expected.architecture).right:
            return fits
        return kept(
            in_turn(
                fits.finding.message,
                message(
                    "compile.charged",
                    "That follows from the last layer, which has cost points at “{title}”, so it costs nothing here.",
                    title=charged.title,
                ),
                code=fits.finding.code,
            )
        )

    def _without_loss(self, student: StudentNetwork, context: Context) -> Aspect:
        """No loss was given. A network that is trained all the same has one that is not read here."""
        torch = student.captured is not None and student.captured.framework == "torch"
        if any(fit.failure is None for fit in student.fits(context, self.network)):
            by_hand = message(
                "compile.own_criterion",
                "The loss is computed by your own code, without a criterion of PyTorch, so a person has to read it.",
            )
            added = message(
                "compile.own_loss",
                "`compile` was given no loss: the network is trained with one that it computes itself (`add_loss`, or "
                "a training step of its own), so a person has to read it.",
            )
            return missed(by_hand if torch else added)
        if torch:
            return missed(
                message("compile.no_criterion", "No criterion was used with the network."),
                hint=message("hint.torch_loss", "Use one of PyTorch's own criteria."),
            )
        return missed(
            message("compile.no_loss", "`compile` was given no loss."),
            hint=message("hint.loss_needed", "`compile` is told what training is to make small."),
        )

    def _is_rate(self, rate: object) -> bool:
        """Whether it is the learning rate that is asked for, as precisely as Keras stores it."""
        wanted = self.learning_rate
        return wanted is not None and isinstance(rate, int | float) and abs(rate - wanted) <= 1e-3 * wanted

    def _by_default(self, read: Compilation, student: StudentNetwork) -> bool:
        """Whether the optimizer cannot be read, or has the framework's default learning rate for it."""
        if read.problem:
            return True
        default = read_compilation({"optimizer": read.optimizer.name, "loss": "mse"}).optimizer
        rate, usual = (one.settings.get("learning_rate") for one in (read.optimizer, default))
        if student.captured is not None and student.captured.framework == "torch":
            usual = DEFAULT_RATES.get(read.optimizer.name, usual)
        return isinstance(rate, int | float) and isinstance(usual, int | float) and abs(rate - usual) <= 1e-4 * usual

    def _part(self, student: StudentNetwork, part: str) -> Compilation:
        """One part of what `compile` was given, read alone, so that it does not report the problems of other parts."""
        given = (student.captured.compile if student.captured else None) or {}
        if student.captured is not None and student.captured.framework == "torch":
            key = "criterion" if part == "loss" else part
            usual = {"optimizer": {"class_name": "Adam", "groups": [{}]}, "criterion": {"class_name": "MSELoss"}}
            return read_torch_compilation({**usual, key: given.get(key)})
        alone = {"optimizer": "adam", "loss": "mse", part: given.get(part)}
        return read_compilation(alone)


def compiled_questions(context: Context, network: str) -> tuple[Compiled, ...]:
    """The questions at which a mistake in how the student compiles `network` costs points.

    Where none is about it, those about networks that the student compiles alike.
    """
    asked = tuple(one for one in context.questions if isinstance(one, Compiled))
    own = tuple(one for one in asked if one.network == network)
    student = find_network(context, network)
    if own or not student.compiled:
        return own
    return tuple(one for one in asked if find_network(context, one.network).compilation == student.compilation)


def _shown(loss: str, student: StudentNetwork) -> str:
    """A loss as the student's framework calls it."""
    captured = student.captured
    return criterion_of(captured.compile) if captured is not None and captured.framework == "torch" else loss


def fits_output(compilation: Compilation, architecture: Architecture) -> bool:
    """Whether the last layer outputs what the loss expects: probabilities, or raw values."""
    return _fit_to_last_layer(compilation, architecture).right


def _labels(student: StudentNetwork, context: Context) -> str:
    """The categorical cross-entropy for the labels last passed to `fit`; "" if unknown."""
    fits = [fit for fit in student.fits(context) if fit.targets]
    shape = fits[-1].targets.get("shape") if fits and fits[-1].targets else None
    if not isinstance(shape, list | tuple) or not shape or not all(isinstance(size, int) for size in shape):
        return ""
    if len(shape) == 1 or (len(shape) == 2 and shape[1] == 1):
        return WHOLE
    return ONE_HOT if len(shape) == 2 else ""


def _fit_to_last_layer(read: Compilation, architecture: Architecture | None) -> Aspect:
    """Whether the loss gets what it expects from the last layer: probabilities, or raw values ("logits")."""
    if architecture is None or read.loss.name not in _CROSSENTROPIES:
        return RIGHT
    operation = architecture.operations[architecture.outputs[0]]
    while operation.kind in _TRANSPARENT and operation.inputs:
        operation = architecture.operations[operation.inputs[0]]
    last = operation.settings.get("activation", "softmax" if operation.kind == "Softmax" else "")
    activated = isinstance(last, str) and last in _PROBABILITIES and operation.kind in ("Activation", "Softmax")
    logits = bool(read.loss.settings.get("from_logits", False))
    if logits and activated:
        return missed(
            message(
                "compile.softmax_twice",
                "The network already ends with {activation}, so it gives probabilities; the loss is told to expect raw "
                "values (`from_logits=True`) and would apply it a second time.",
                activation=last,
            ),
            hint=message(
                "hint.not_both", "Either the last layer or the loss turns raw values into probabilities, not both."
            ),
        )
    if not logits and not activated:
        return missed(
            message(
                "compile.no_softmax",
                "The loss expects probabilities, but the last layer gives raw values (no softmax), and the loss is not "
                "told so.",
            ),
            hint=message(
                "hint.one_of_both", "Either the last layer or the loss has to turn raw values into probabilities."
            ),
        )
    return RIGHT
