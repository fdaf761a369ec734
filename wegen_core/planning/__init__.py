"""From the user's words to a Plan."""

from .words import WordsPlan, WordsPlanner, plan_from_words, read_words

__all__ = ["WordsPlan", "WordsPlanner", "plan_from_words", "read_words"]
