"""Why a network does not learn: each suspect is replaced by the reference's version, and rules read the known facts.

Pure: it proposes training tasks and reads their runs. It never imports TensorFlow.
"""
