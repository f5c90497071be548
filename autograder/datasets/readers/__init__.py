"""One reader for each kind of source: from files to arrays; errors name file, column and line.

A reader returns the examples and their raw targets; `targets.py` converts targets to labels or numbers. NumPy, pandas
and Pillow are imported when something is read, not with the module.
"""
