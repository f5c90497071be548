"""The instructor's `assignment.toml` as typed models."""

from autograder.assignment.loader import load, search_path
from autograder.assignment.model import Assignment
from autograder.assignment.validation import AssignmentError

__all__ = ["Assignment", "AssignmentError", "load", "search_path"]
