"""What you already like stays: the changes of any editor, laid on the original pixels.

No model is needed.

    result = preserve(source, edited)      # PIL, numpy or torch; of any two sizes
    result.image, result.change_mask, result.transform, result.report
"""

from .anchor import Anchor
from .batch import preserve_batch
from .preserve import Preserved, preserve
from .report import Fidelity, Report, drift_image, opencv_hint
from .settings import DEFAULTS, Settings

__all__ = [
    "DEFAULTS",
    "Anchor",
    "Fidelity",
    "Preserved",
    "Report",
    "Settings",
    "drift_image",
    "opencv_hint",
    "preserve",
    "preserve_batch",
]
