"""Findings in the forms of others: OCSF, ASFF and Markdown; each yields a file as pieces of text."""
