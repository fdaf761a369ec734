"""The edit laid into the source."""
