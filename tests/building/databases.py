"""Which database a test runs on: SQLite, or a real PostgreSQL as well."""

import pytest

BOTH = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))

ON_BOTH = pytest.mark.parametrize("database", BOTH, indirect=True)
"""For what SQL itself decides: races, conditional writes, and what one transaction sees of another."""
