"""The database: tables, the queries over them, and their migrations. The only room that imports SQLAlchemy.

Queries are functions that take a Connection: whoever opens the transaction decides what belongs together.
"""
