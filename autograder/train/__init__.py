"""Trusted training: networks are rebuilt from their canonical operations and trained with our data and seed."""
