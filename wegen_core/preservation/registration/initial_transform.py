"""Where registration begins: the relation of the sizes, or a scan of scales."""

from __future__ import annotations

import numpy as np
from scipy import fft

from .. import array_backend as filters

_SIDE = 128  # pixels of the long side: less loses some pictures, more finds no others
_KEPT = 4
_SCALES = np.exp(np.linspace(np.log(0.56), np.log(1.8), 21))
_STRETCHES = (0.86, 0.93, 1.07, 1.16)
_FAR = 0.2  # of a side: an editor hardly moves a picture that far, but a thing may be moved so
_Guess = tuple[float, np.ndarray]  # height of the peak, 3x3


def plain_resize(source: tuple[int, int], edited: tuple[int, int]) -> np.ndarray:
    """3x3 of a plain resize between two sizes (height, width)."""
    sy, sx = edited[0] / source[0], edited[1] / source[1]
    return np.array([[sx, 0, sx / 2 - 0.5], [0, sy, sy / 2 - 0.5], [0, 0, 1.0]])


def size_relations(source: tuple[int, int], edited: tuple[int, int]) -> list[np.ndarray]:
    """Between two sizes (height, width): the plain resize; centre crop and centre pad where the
    aspect ratios differ."""
    (height, width), (new_height, new_width) = source, edited
    found = [plain_resize((height, width), (new_height, new_width))]
    scales = new_width / width, new_height / height
    if abs(np.log(scales[0] / scales[1])) < 0.01:
        return found
    for s in (max(scales), min(scales)):
        x = (new_width - 1) / 2 - s * (width - 1) / 2
        y = (new_height - 1) / 2 - s * (height - 1) / 2
        found.append(np.array([[s, 0, x], [0, s, y], [0, 0, 1.0]]))
    return found


def scan(source: np.ndarray, edited: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """The best of a scan of scales and stretches, the shift of each by phase correlation, on
    reduced pictures; and the best one with a far shift. It costs the same for every picture."""
    k = min(1.0, _SIDE / max(source.shape))
    # Of sizes without large prime factors, for the sake of the Fourier transform.
    size = tuple(fft.next_fast_len(max(8, round(n * k)), real=True) for n in source.shape)
    a, b = filters.resize(source, size), filters.resize(edited, size)
    window = np.outer(np.hanning(size[0] + 2)[1:-1], np.hanning(size[1] + 2)[1:-1])
    window = window.astype(np.float32)
    spectrum = fft.rfft2(_band(a) * window)
    centre = (np.array([size[1], size[0]]) - 1) / 2
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    down, across = (np.abs(fft.fftfreq(n)) > _FAR for n in size)
    far = down[:, None] | across

    def tried(scale: float, stretch: float) -> tuple[_Guess, _Guess]:
        sx, sy = scale * np.sqrt(stretch), scale / np.sqrt(stretch)
        u = sx * (x - centre[0]) + centre[0]
        v = sy * (y - centre[1]) + centre[1]
        seen = filters.warp(b, u.astype(np.float32), v.astype(np.float32), cubic=False)
        cross = spectrum * np.conj(fft.rfft2(_band(seen) * window))
        length = np.abs(cross)
        cross /= length + (1e-3 * length.max() + 1e-9)
        surface = fft.irfft2(cross, size)
        return guess(sx, sy, surface * ~far), guess(sx, sy, surface * far)

    def guess(sx: float, sy: float, surface: np.ndarray) -> _Guess:
        peak = np.unravel_index(np.argmax(surface), surface.shape)
        dy, dx = ((p + n // 2) % n - n // 2 for p, n in zip(peak, size, strict=True))
        matrix = np.diag([sx, sy, 1.0])
        matrix[:2, 2] = centre - matrix[:2, :2] @ centre - matrix[:2, :2] @ [dx, dy]
        return float(surface[peak]), matrix

    near, away = (list(found) for found in zip(*(tried(s, 1.0) for s in _SCALES), strict=True))
    for _, likely in _best(near):
        near += [tried(likely[0, 0], s)[0] for s in _STRETCHES]
    up, down = plain_resize(source.shape, size), plain_resize(size, edited.shape)
    kept = [down @ matrix @ up for _, matrix in _best(near)]
    return kept, down @ _best(away)[0][1] @ up


def _best(guesses: list[_Guess]) -> list[_Guess]:
    return sorted(guesses, key=lambda guess: -guess[0])[:_KEPT]


def _band(a: np.ndarray) -> np.ndarray:
    return filters.blur(a, 0.7) - filters.blur(a, 4.0)
