"""Grades Jupyter notebooks in which students build Keras networks."""

__version__ = "0.1.0"
