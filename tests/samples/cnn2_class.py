"""The sample class of cnn2: what students really hand in, right and wrong."""

from __future__ import annotations

from sheet import SOLVED, NotANotebook, Samples, Sheet

CLASS = Samples()
student = CLASS.student


@student("Anna Lindqvist", "solved with model.add")
def _(sheet: Sheet) -> None:
    sheet.marked("""
# conv block 4, same as the one before
model.add(layers.Conv2D(64, (3, 3), padding="same", kernel_initializer="he_normal"))
model.add(layers.BatchNormalization())
model.add(layers.Activation("relu"))
model.add(layers.MaxPooling2D((2, 2)))
""")
    sheet.answer("""
The accuracy on the validation images is about 0.97, the fully connected network only had 0.91. So the CNN is clearly
better with the same 4000 images. There is some overfitting: the training curve reaches 1.0 after a few epochs and the
validation curve stays below it.
""")


@student("Jürgen Groß", "solved as a functional model, with names of his own")
def _(sheet: Sheet) -> None:
    sheet.rewrite("network", """
# ich finde die functional API übersichtlicher
eingabe = keras.Input(shape=(28, 28, 1), name="bild")
x = layers.Conv2D(32, 3, padding="same", kernel_initializer="he_normal", name="conv_1")(eingabe)
x = layers.BatchNormalization(name="bn_1")(x)
x = layers.Activation("relu")(x)
x = layers.Conv2D(32, 3, padding="same", kernel_initializer="he_normal", name="conv_2")(x)
x = layers.BatchNormalization(name="bn_2")(x)
x = layers.Activation("relu")(x)
x = layers.MaxPooling2D(2)(x)
x = layers.Conv2D(64, 3, padding="same", kernel_initializer="he_normal", name="conv_3")(x)
x = layers.BatchNormalization(name="bn_3")(x)
x = layers.Activation("relu")(x)

# here is your code coming:
x = layers.Conv2D(64, 3, padding="same", kernel_initializer="he_normal", name="conv_4")(x)
x = layers.BatchNormalization(name="bn_4")(x)
x = layers.Activation("relu")(x)
x = layers.MaxPooling2D(2)(x)
# end of your code

x = layers.Flatten()(x)
x = layers.Dense(200, kernel_initializer="he_normal")(x)
x = layers.BatchNormalization(name="bn_5")(x)
x = layers.Dropout(0.3)(x)
x = layers.Activation("relu")(x)
x = layers.Dense(10, kernel_initializer="he_normal")(x)
ausgabe = layers.Activation("softmax")(x)
model = keras.Model(eingabe, ausgabe)
""")
    sheet.answer("96,8 % Validation Accuracy, also gut 5 Prozentpunkte mehr als das FCN. Overfitting: ja, ein wenig.")


@student("Chloé O'Brien", "solved; the last activation is given to the Dense layer, which is the same network")
def _(sheet: Sheet) -> None:
    sheet.marked("""
model.add(layers.Conv2D(filters=64, kernel_size=3, padding="same", kernel_initializer="he_normal"))
model.add(layers.BatchNormalization())
model.add(layers.Activation("relu"))
model.add(layers.MaxPool2D())
""")
    sheet.replace("network", """model.add(layers.Dense(10, kernel_initializer="he_normal"))
model.add(layers.Activation("softmax"))""", """model.add(layers.Dense(10, activation="softmax", kernel_initializer="he_normal"))""")
    sheet.answer("Very good! 97% > 91%.")


@student("Tomasz Wiśniewski", "relu is given to the Conv2D, so it comes before the batch normalization", missing_layers=3.75)
def _(sheet: Sheet) -> None:
    sheet.marked("""
model.add(layers.Conv2D(64, (3, 3), activation="relu", padding="same", kernel_initializer="he_normal"))
model.add(layers.BatchNormalization())
model.add(layers.MaxPooling2D((2, 2)))
""")
    sheet.answer("val_accuracy 0.965. The model overfits because training accuracy is 1.")


@student("Mei-Ling Chen", "solved with ReLU layers everywhere and prints in between")
def _(sheet: Sheet) -> None:
    sheet.replace("network", 'layers.Activation("relu")', "layers.ReLU()")
    sheet.marked("""
print("before:", model.output_shape)
model.add(layers.Conv2D(64, (3, 3), padding="same", kernel_initializer="he_normal"))
model.add(layers.BatchNormalization())
model.add(layers.ReLU())
model.add(layers.MaxPooling2D(pool_size=(2, 2)))
print("after:", model.output_shape)  # must be (None, 7, 7, 64)
""")
    sheet.answer("- accuracy 0.97\n- fully connected: 0.91\n- gap between the curves → overfitting, but small")


@student("Bob Untermeyer", "the untouched template", missing_layers=0, parameters=0, accuracy=0)
def _(sheet: Sheet) -> None:
    pass


@student("Fatima al-Sayed", "BatchNormalization forgotten", missing_layers=3.75, parameters=0)
def _(sheet: Sheet) -> None:
    sheet.marked("""
model.add(layers.Conv2D(64, (3, 3), padding="same", kernel_initializer="he_normal"))
model.add(layers.Activation("relu"))
model.add(layers.MaxPooling2D((2, 2)))
""")
    sheet.answer("It is around 96 percent. My totals are slightly off but I could not find out why.")


@student("Søren Kjær", "pooling forgotten", missing_layers=3.75, parameters=0)
def _(sheet: Sheet) -> None:
    sheet.marked("""
model.add(layers.Conv2D(64, (3, 3), padding="same", kernel_initializer="he_normal"))
model.add(layers.BatchNormalization())
model.add(layers.Activation("relu"))
""")
    sheet.answer("Good, 0.96. But the training took a long time and my model has 2.5 million parameters??")


@student("Nikos Papadopoulos", "32 filters instead of 64", missing_layers=3.75, parameters=0)
def _(sheet: Sheet) -> None:
    sheet.marked("""
model.add(layers.Conv2D(32, (3, 3), padding="same", kernel_initializer="he_normal"))
model.add(layers.BatchNormalization())
model.add(layers.Activation("relu"))
model.add(layers.MaxPooling2D((2, 2)))
""")
    sheet.answer("The CNN has 0.96 on the validation set.")


@student("Zoë van den Berg", "padding forgotten", missing_layers=3.75, parameters=0)
def _(sheet: Sheet) -> None:
    sheet.marked("""
model.add(layers.Conv2D(64, (3, 3), kernel_initializer="he_normal"))
model.add(layers.BatchNormalization())
model.add(layers.Activation("relu"))
model.add(layers.MaxPooling2D((2, 2)))
""")
    sheet.answer("About 96.5 % (validation). Better than the FCN with 91 %.")


@student("José Álvarez", "convolution and batch normalization in the wrong order", missing_layers=3.75)
def _(sheet: Sheet) -> None:
    sheet.marked("""
model.add(layers.BatchNormalization())
model.add(layers.Conv2D(64, (3, 3), padding="same", kernel_initializer="he_normal"))
model.add(layers.Activation("relu"))
model.add(layers.MaxPooling2D((2, 2)))
""")
    sheet.answer("La precisión es 0.97, better than fcn.")


@student("Priya Raghunathan", "solved, but the Dense layer below has 100 units", parameters=0)
def _(sheet: Sheet) -> None:
    sheet.marked(SOLVED)
    sheet.replace("network", "layers.Dense(200,", "layers.Dense(100,")
    sheet.add("summary", "# tried 100 instead of 200 units, is faster\nmodel.count_params()")
    sheet.answer("The accuracy is 0.965 even with a smaller dense layer.")


@student("Kwame Mensah", "a syntax error in the marked cell", missing_layers=None, parameters=None, accuracy=None)
def _(sheet: Sheet) -> None:
    sheet.marked("""
model.add(layers.Conv2D(64, (3, 3), padding="same", kernel_initializer="he_normal")
model.add(layers.BatchNormalization())
model.add(layers.Activation("relu"))
model.add(layers.MaxPooling2D((2, 2)))
""")
    sheet.answer("I get an error that I do not understand, so I could not train.")


@student("Lena Müller-Schmidt", "solved; a cell further below raises")
def _(sheet: Sheet) -> None:
    sheet.marked(SOLVED)
    sheet.replace("curves", 'history.history["accuracy"]', 'history.history["acc"]')
    sheet.answer("Die Plots gehen bei mir nicht (KeyError), aber val_accuracy war am Ende 0.9683.")


SOLVED_TOTALS = """
 Total params: 695,970 (2.65 MB)
 Trainable params: 695,186 (2.65 MB)
 Non-trainable params: 784 (3.06 KB)
"""


@student("Viktor Sokolov", "outputs of the solved network are stored, the cell is empty", missing_layers=0, parameters=0, accuracy=0)
def _(sheet: Sheet) -> None:
    sheet.printed("summary", SOLVED_TOTALS)
    sheet.printed("train", """
Epoch 10/10
19/19 ━━━━━━━━━━━━━━━━━━━━ 3s 166ms/step - accuracy: 0.9992 - loss: 0.0141 - val_accuracy: 0.9717 - val_loss: 0.1040
""")
    sheet.printed("curves", "validation accuracy after the last epoch: 0.972")
    sheet.answer("0.972 on the validation data, much better than 0.91, and a little overfitting.")


@student("Ines Duarte", "solved; then a loop that never ends", status="incomplete")
def _(sheet: Sheet) -> None:
    sheet.marked(SOLVED)
    sheet.add("summary", """
# count the layers that have parameters
i = 0
while i < len(model.layers):
    if model.layers[i].count_params() > 0:
        i += 1
""")
    sheet.answer("97 %")


@student(
    "Oskar Nowak",
    "not a notebook at all",
    missing_layers=None,
    parameters=None,
    accuracy=None,
    status="unreadable",
)
def _(sheet: Sheet) -> None:
    raise NotANotebook("Hi, my notebook would not upload, so here is the link to my drive. Sorry! Oskar\n")


@student("Hannah Weiß", "activation forgotten", missing_layers=3.75)
def _(sheet: Sheet) -> None:
    sheet.marked("""
conv4 = layers.Conv2D(64, (3, 3), padding="same", kernel_initializer="he_normal")
model.add(conv4)
model.add(layers.BatchNormalization())
model.add(layers.MaxPooling2D((2, 2)))
""")
    sheet.answer("Ca. 96 % auf den Validierungsdaten; alle Parameterzahlen stimmen mit der Tabelle überein.")


@student("Liam Murphy", "only the convolution: too little for the accuracy to count", missing_layers=1.25, parameters=0, accuracy=0)
def _(sheet: Sheet) -> None:
    sheet.marked("""
model.add(layers.Conv2D(64, (3, 3), padding="same", kernel_initializer="he_normal"))
# TODO rest
""")


@student("Aylin Yılmaz", "convolution and pooling only: just half", missing_layers=2.5, parameters=0)
def _(sheet: Sheet) -> None:
    sheet.marked("""
model.add(layers.Conv2D(64, (3, 3), padding="same", kernel_initializer="he_normal"))
model.add(layers.MaxPooling2D((2, 2)))
""")
    sheet.answer("Validation accuracy: 0.96")


@student("Marco D'Angelo", "a window of 5 × 5 instead of 3 × 3", missing_layers=3.75, parameters=0)
def _(sheet: Sheet) -> None:
    sheet.marked("""
model.add(layers.Conv2D(64, (5, 5), padding="same", kernel_initializer="he_normal"))
model.add(layers.BatchNormalization())
model.add(layers.Activation("relu"))
model.add(layers.MaxPooling2D((2, 2)))
""")
    sheet.add("summary", "for layer in model.layers:\n    print(layer.name, layer.output.shape, layer.count_params())")
    sheet.answer("Accuracy 0.9667 – sehr gut.")


@student("Ravi Subramaniam", "average pooling instead of max pooling", missing_layers=3.75)
def _(sheet: Sheet) -> None:
    sheet.marked("""
model.add(layers.Conv2D(64, (3, 3), padding="same", kernel_initializer="he_normal"))
model.add(layers.BatchNormalization())
model.add(layers.Activation("relu"))
model.add(layers.AveragePooling2D((2, 2)))
""")
    sheet.answer("0.968 after 10 epochs. The loss on the validation data goes up in the end, this is overfitting.")


@student("Emil Fischer", "solved, but more dropout below, which no parameter count shows", missing_layers=3.75)
def _(sheet: Sheet) -> None:
    sheet.marked(SOLVED)
    sheet.replace("network", "layers.Dropout(0.3))", "layers.Dropout(0.5))  # gegen Overfitting")
    sheet.answer("96,5 %. Mit mehr Dropout ist der Abstand zwischen den Kurven kleiner, also weniger Overfitting.")


@student("Greta Schön", "solved, with one layer too many", missing_layers=3.75)
def _(sheet: Sheet) -> None:
    sheet.marked(SOLVED + "model.add(layers.Dropout(0.25))\n")
    sheet.answer("0.97, I added dropout because the lecture said it helps.")


@student("Yuki Tanaka", "solved, but the network has another name")
def _(sheet: Sheet) -> None:
    sheet.marked(SOLVED)
    for cell in ("network", "summary", "compile", "train"):
        sheet.replace(cell, "model.", "cnn.")
    sheet.replace("network", "model = ", "cnn = ")
    sheet.answer("The validation accuracy is 0.9717 and the fully connected network has 0.91.")
