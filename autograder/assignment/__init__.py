"""The instructor's `assignment.toml` as typed models."""

from autograder.assignment.loader import load, search_path
from autograder.assignment.model import Assignment, NetworkSpec
from autograder.assignment.validation import AssignmentError

__all__ = ["Assignment", "AssignmentError", "NetworkSpec", "load", "search_path"]
