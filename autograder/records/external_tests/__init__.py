"""Tests written for other graders: otter's test files and nbgrader's test cells. Parsed here, never executed."""
