"""Image files as cameras, phones, editors and ComfyUI write them."""

from __future__ import annotations

import logging
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from wegen_core.images import png16
from wegen_core.images.files import open_full_depth, open_image, write_image

RED = Image.new("RGB", (6, 4), "red")


def exif(*entries: tuple[int, int, int, bytes]) -> bytes:
    """EXIF data of tag, type, count and value of 4 bytes."""
    parts = (struct.pack("<HHI4s", *entry) for entry in entries)
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + b"".join(parts) + bytes(4)


TURNED = (0x112, 3, 1, struct.pack("<HH", 6, 0))
BROKEN_EXIF = {
    "an entry of the wrong type": exif(TURNED, (0x128, 2, 2, b"2\0\0\0")),
    "a pointer to nowhere": exif(TURNED, (0x8769, 4, 1, b"\xff\xff\xff\x0f")),
    "an entry of an unknown type": exif(TURNED, (0x9999, 99, 7, b"\0\0\0\0")),
}


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tiff"])
def test_every_kind_of_file_is_turned_once(tmp_path, name):
    image = Image.fromarray(np.arange(6 * 4 * 3, dtype=np.uint8).reshape(4, 6, 3) * 3)
    data = Image.Exif()
    data[0x112] = 6
    image.save(tmp_path / name, exif=data, quality=100)
    turned = np.asarray(open_image(tmp_path / name).convert("RGB"), float)
    expected = np.asarray(image.transpose(Image.Transpose.ROTATE_270), float)
    assert turned.shape == expected.shape and np.abs(turned - expected).mean() < 8


@pytest.mark.parametrize("kind", BROKEN_EXIF)
def test_turned_with_broken_exif(tmp_path, kind):
    RED.save(tmp_path / "a.jpg", exif=BROKEN_EXIF[kind])
    assert open_image(tmp_path / "a.jpg").size == (4, 6)


def test_an_orientation_that_is_none(tmp_path):
    for number, value in enumerate((0, 9, 60000)):
        path = tmp_path / f"{number}.jpg"
        RED.save(path, exif=exif((0x112, 3, 1, struct.pack("<HH", value, 0))))
        assert open_image(path).size == (6, 4)
    RED.save(tmp_path / "text.jpg", exif=exif((0x112, 2, 4, b"six\0")))
    assert open_image(tmp_path / "text.jpg").size == (6, 4)


def large_profile(space: bytes = b"RGB ") -> bytes:
    profile = bytearray(1_500_000)
    profile[0:4] = len(profile).to_bytes(4, "big")
    profile[12:24] = b"mntr" + space + b"XYZ "
    profile[36:40] = b"acsp"
    return bytes(profile)


@pytest.mark.parametrize("compressed", [True, False])
def test_a_workflow_of_two_megabytes(tmp_path, compressed):
    info = PngImagePlugin.PngInfo()
    info.add_text("workflow", "x" * 2_000_000, zip=compressed)
    info.add_itxt("prompt", "é" * 1_000_000, zip=compressed)
    RED.save(tmp_path / "a.png", pnginfo=info)
    assert open_image(tmp_path / "a.png").getpixel((0, 0)) == (255, 0, 0)


def test_a_large_profile_is_kept(tmp_path):
    path = tmp_path / "a.png"
    for pixels in (RED, np.full((4, 6, 3), 60000, np.uint16)):
        write_image(pixels, path, large_profile())
        image, profile = open_full_depth(path)
        assert profile == large_profile()
        assert isinstance(image, Image.Image) == isinstance(pixels, Image.Image)


@pytest.mark.parametrize("space", [b"CMYK", b"Lab ", b"GRAY"])
def test_a_profile_of_another_colour_space_is_dropped(tmp_path, space):
    RED.save(tmp_path / "a.png", icc_profile=large_profile(space)[:1000])
    assert open_full_depth(tmp_path / "a.png")[1] is None


def test_images_for_printing_become_rgb(tmp_path):
    Image.new("CMYK", (6, 4), (0, 255, 255, 0)).save(tmp_path / "a.jpg", icc_profile=b"broken")
    image, profile = open_full_depth(tmp_path / "a.jpg")
    assert image.mode == "RGB" and profile is None
    assert np.abs(np.subtract(image.getpixel((0, 0)), (255, 0, 0))).max() < 8
    lab = ImageCms.profileToProfile(
        RED, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    lab.save(tmp_path / "lab.tif")
    image, profile = open_full_depth(tmp_path / "lab.tif")
    assert image.mode == "RGB" and profile is None
    assert np.abs(np.subtract(image.getpixel((0, 0)), (255, 0, 0))).max() < 8


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png", "a.tiff"])
def test_the_first_frame_is_used_and_said_to_be(tmp_path, caplog, name):
    RED.save(tmp_path / name, save_all=True, append_images=[Image.new("RGB", (6, 4), "blue")])
    with caplog.at_level(logging.WARNING):
        assert open_image(tmp_path / name).convert("RGB").getpixel((0, 0))[0] > 240
    assert f"{name}: only its first frame is used" in caplog.text
    caplog.clear()
    RED.save(tmp_path / name)
    open_image(tmp_path / name)
    assert not caplog.text


def test_more_pixels_than_pillow_opens(tmp_path, monkeypatch):
    RED.save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20)
    assert open_image(tmp_path / "a.png").size == (6, 4)  # Pillow only warns up to twice as many
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(ValueError, match=r"a\.png is too large, scale it down: .*24 pixels"):
        open_image(tmp_path / "a.png")


def test_broken_files_are_named(tmp_path):
    RED.save(tmp_path / "whole.png")
    content = (tmp_path / "whole.png").read_bytes()
    for end in (4, 20, 40, len(content) - 30):
        (tmp_path / "cut.png").write_bytes(content[:end])
        with pytest.raises(ValueError, match=r"cut\.png is not an image that can be read"):
            open_image(tmp_path / "cut.png")
    header = content[:16] + struct.pack(">II", 0, 0) + content[24:]
    (tmp_path / "empty.png").write_bytes(header)
    with pytest.raises(ValueError, match=r"empty\.png is not an image"):
        open_image(tmp_path / "empty.png")


def test_names_as_long_as_the_file_system_takes(tmp_path):
    path = tmp_path / f"{'n' * 251}.png"
    write_image(RED, path)
    assert open_image(path).size == (6, 4) and png16.read(path) is None
    with pytest.raises(ValueError, match="nnn"):
        open_image(path.with_name("n" * 300))


def test_what_cannot_be_opened_or_written_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="is not a file"):
        open_image(tmp_path)
    with pytest.raises(ValueError, match=r"a\.png: cannot write mode F as PNG; use 8 or 16 bits"):
        write_image(RED.convert("F"), tmp_path / "a.png")
