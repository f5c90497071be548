"""Why a network does not learn: one suspect at a time is put as the reference has it, and rules read what is known.

Pure: it proposes training tasks and reads their runs. TensorFlow is never imported here.
"""
