"""The EXIF orientation, also of files whose other EXIF data are broken."""

from __future__ import annotations

from PIL import Image

_ORIENTATION = 0x0112
_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 if there is none that can be read."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # whatever Pillow's parser raises for broken EXIF data
        return 1
    return value if value in range(1, 9) else 1


def upright(image: Image.Image) -> Image.Image:
    """A copy that is turned by its orientation, without EXIF data, which would turn it again."""
    image.load()  # Pillow turns TIFF files itself while it loads them
    method = _TRANSPOSE.get(orientation(image))
    turned = image.copy() if method is None else image.transpose(method)
    for name in ("exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif"):
        turned.info.pop(name, None)
    return turned
