"""Public benchmarks: cases, a run that can be resumed, judges, a table and a page."""
