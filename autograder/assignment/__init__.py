"""What an instructor wrote: `assignment.toml` as typed models."""

from autograder.assignment.model import Assignment, NetworkSpec
from autograder.assignment.problems import AssignmentError
from autograder.assignment.reading import load, search_path

__all__ = ["Assignment", "AssignmentError", "NetworkSpec", "load", "search_path"]
