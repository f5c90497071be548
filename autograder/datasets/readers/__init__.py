"""One reader for each kind of source: from files to arrays, with every problem named by file, column and line.

A reader gives the examples and their targets; `targets.py` turns targets into labels or numbers. NumPy, pandas and
Pillow are imported when something is read, never with the module.
"""
