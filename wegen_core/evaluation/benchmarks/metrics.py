"""Figures of images and of embeddings."""

from __future__ import annotations

import numpy as np
from scipy import linalg, ndimage


def unit(features: np.ndarray) -> np.ndarray:
    """[..., width], each of length 1."""
    return features / np.maximum(np.linalg.norm(features, axis=-1, keepdims=True), 1e-12)


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB of images [H,W,3] in 0..1; at most 100 (equal ones)."""
    error = float(np.mean((a.astype(np.float64) - b) ** 2))
    return 100.0 if error < 1e-10 else -10 * float(np.log10(error))


def ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Structural similarity of images [H,W,3] in 0..1: Gaussian window 11x11, sigma 1.5.

    Wang et al. 2004, doi 10.1109/TIP.2003.819861, mean over the three channels.
    """

    def blur(image: np.ndarray) -> np.ndarray:
        return ndimage.gaussian_filter(image.astype(np.float64), (1.5, 1.5, 0), radius=(5, 5, 0))

    mean_a, mean_b = blur(a), blur(b)
    variance_a, variance_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    covariance = blur(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    similarity = ((2 * mean_a * mean_b + c1) * (2 * covariance + c2)) / (
        (mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2)
    )
    inner = similarity[5:-5, 5:-5] if min(a.shape[:2]) > 10 else similarity
    return float(inner.mean())


def vendi(embedded: np.ndarray) -> float:
    """Vendi score of unit vectors [N, width]: 1 (all equal) to N (all orthogonal).

    Friedman and Dieng, arXiv 2210.02410: exponential of the entropy of the kernel's eigenvalues.
    """
    values = np.linalg.eigvalsh(embedded.astype(np.float64) @ embedded.T / len(embedded))
    values = values[values > 1e-12]
    return float(np.exp(-np.sum(values * np.log(values))))


def mean_distance(embedded: np.ndarray) -> float:
    """Mean of 1 - cosine over all pairs of unit vectors [N, width]."""
    pairs = np.triu_indices(len(embedded), 1)
    return float(np.mean(1 - (embedded @ embedded.T)[pairs]))


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Fréchet distance of two sets of features [N, width] (arXiv 1706.08500)."""
    mean_a, mean_b = a.mean(0, dtype=np.float64), b.mean(0, dtype=np.float64)
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = linalg.sqrtm(cov_a @ cov_b).real
    return float(((mean_a - mean_b) ** 2).sum() + np.trace(cov_a + cov_b - 2 * root))
