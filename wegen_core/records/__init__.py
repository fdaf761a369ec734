"""Plain records: conversations, plans, results, hooks."""
