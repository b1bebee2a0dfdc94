"""Builders of domain values: a test names only what matters to it."""
