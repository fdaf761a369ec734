"""The text reader, with the real models of rapidocr where it is installed."""

from __future__ import annotations

import socket
import sys
import warnings
from importlib.util import find_spec

import pytest
from PIL import Image, ImageDraw, ImageFont

from wegen_core.vision.text_reader import TextReader


def test_without_the_package_the_error_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(ValueError, match="pip install rapidocr onnxruntime"):
        TextReader()


def test_latin_text_is_read_without_a_network(monkeypatch) -> None:
    if not (find_spec("rapidocr") and find_spec("onnxruntime")):
        warnings.warn("no text was read: rapidocr or onnxruntime is not installed", stacklevel=1)
        pytest.skip("needs rapidocr and onnxruntime")

    def refuse(*args):
        raise OSError("the network is off")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    reader = TextReader()
    image = Image.new("RGB", (640, 300), (200, 220, 240))
    draw = ImageDraw.Draw(image)
    draw.text((60, 30), "OPEN", font=ImageFont.load_default(80), fill=(20, 20, 20))
    draw.text((60, 180), "until 8 pm", font=ImageFont.load_default(50), fill=(200, 20, 20))
    lines = reader.read(image)
    assert [line.text for line in lines] == ["OPEN", "until 8 pm"]
    assert all(line.score > 0.8 for line in lines)
    assert lines[0].corner == pytest.approx((60, 45), abs=25)
    assert set("OPEN早安ß") <= reader.characters and "д" not in reader.characters
    assert reader.read(Image.new("RGB", (64, 64), (128, 128, 128))) == []
