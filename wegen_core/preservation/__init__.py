"""What you already like stays: changes of any editor, laid on the original pixels. No model needed.

result = preserve(source, edited)          # PIL, numpy or torch; of any two sizes
result.image, result.change_mask, result.transform, result.report
"""

from .anchor import Anchor
from .batch import preserve_batch
from .preserve import Preserved, preserve
from .report import Report, drift_image, opencv_hint

__all__ = [
    "Anchor",
    "Preserved",
    "Report",
    "drift_image",
    "opencv_hint",
    "preserve",
    "preserve_batch",
]
