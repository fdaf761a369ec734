"""What the user's words demand of an image: find it, check it, repair it.

Standard library only.
"""

from ..records.plan import Constraint
from .check import broken, holds
from .find import find_constraints, find_subjects
from .image_numbers import find_image_mentions, named_images, target_image
from .request_text import is_edit

__all__ = [
    "Constraint",
    "broken",
    "find_constraints",
    "find_image_mentions",
    "find_subjects",
    "holds",
    "is_edit",
    "named_images",
    "target_image",
]
