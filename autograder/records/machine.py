"""What students' notebooks may need that this machine lacks: package names, and statements that ask for a GPU."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Packages that courses use: the imported name, and the name to install. Any other name that cannot be imported is
# treated as a typo.
KNOWN_PACKAGES: Mapping[str, str] = {
    "albumentations": "albumentations",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "datasets": "datasets",
    "gensim": "gensim",
    "gradio": "gradio",
    "graphviz": "graphviz",
    "hypopt": "hypopt",
    "idx2numpy": "idx2numpy",
    "imageio": "imageio",
    "imblearn": "imbalanced-learn",
    "imutils": "imutils",
    "kagglehub": "kagglehub",
    "keras_cv": "keras-cv",
    "keras_tuner": "keras-tuner",
    "kerastuner": "keras-tuner",
    "lightgbm": "lightgbm",
    "livelossplot": "livelossplot",
    "mlxtend": "mlxtend",
    "mnist": "mnist",
    "nltk": "nltk",
    "openpyxl": "openpyxl",
    "plotly": "plotly",
    "pydot": "pydot",
    "scikeras": "scikeras",
    "scikitplot": "scikit-plot",
    "scipy": "scipy",
    "seaborn": "seaborn",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "spacy": "spacy",
    "statsmodels": "statsmodels",
    "tensorboard": "tensorboard",
    "tensorflow_addons": "tensorflow-addons",
    "tensorflow_datasets": "tensorflow-datasets",
    "tensorflow_hub": "tensorflow-hub",
    "torch": "torch",
    "torchvision": "torchvision",
    "tqdm": "tqdm",
    "transformers": "transformers",
    "visualkeras": "visualkeras",
    "wandb": "wandb",
    "wordcloud": "wordcloud",
    "xgboost": "xgboost",
}

# What to install in place of a package's own name: a build of PyTorch for the processor, never one with CUDA. With it,
# torchvision has a stand-in.
TORCH = "torch==2.13.0+cpu"
OF_TORCH = frozenset({"torch", "torchvision"})

# A statement that asks for a GPU, which student kernels never have.
GPU = re.compile(
    r"\bgpus?\[\d+\]|\bphysical_devices\[\d+\]|set_memory_growth|['\"]/?(?:device:)?gpu(?::\d+)?['\"]|\.cuda\(|['\"]cuda",
    re.IGNORECASE,
)
