"""The only place that builds the real parts and joins them: `desk` for both processes, one file for each."""
