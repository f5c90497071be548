"""Tests that another grader's course wrote: otter's test files, nbgrader's test cells. Read here, never executed."""
