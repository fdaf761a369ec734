"""What the user's words demand of an image: find it, check it, repair it. Standard library only."""

from .check import broken, holds
from .find import Constraint, find_constraints, find_subjects
from .request_text import is_edit

__all__ = ["Constraint", "broken", "find_constraints", "find_subjects", "holds", "is_edit"]
