"""One self-contained HTML page of steps: the request, the images, what changed, the report."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field
from html import escape

from PIL import Image, ImageChops, ImageFilter

from .provenance import versions

ZOOM = 8  # enlargement of a change mask, so that its outline is thin
_STYLE = """
:root { color-scheme: light dark; --ink: light-dark(#1d2433, #e6e9f0);
  --soft: light-dark(#5d6880, #9aa5bd); --card: light-dark(#fff, #1b2130);
  --ground: light-dark(#f3f1ec, #12161f); --line: light-dark(#dfdcd3, #2b3345); --mark: #ff2f92; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 3rem 1.25rem; background: var(--ground);
  color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 2.2rem; letter-spacing: -.02em; }
header p, footer { color: var(--soft); }
section { margin: 1.5rem 0; padding: 1.4rem 1.5rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 14px; }
h2 { margin: 0 0 .6rem; font-size: .8rem; letter-spacing: .08em; text-transform: uppercase;
  color: var(--soft); }
.request { display: inline-block; margin: 0 0 1rem; padding: .45rem .9rem; border-radius: 1rem;
  background: light-dark(#e8effd, #26334e); font-weight: 550; }
.row { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
figure { margin: 0; width: 13rem; }
.frame { position: relative; line-height: 0; border-radius: 8px; overflow: hidden; }
.frame img { width: 100%; image-rendering: pixelated; }
.frame .change { position: absolute; inset: 0; height: 100%; }
figcaption { margin-top: .4rem; font-size: .82rem; color: var(--soft); }
ol { margin: 0; padding-left: 1.3rem; }
pre { margin: 1rem 0 0; padding: .8rem 1rem; overflow-x: auto; border-radius: 8px;
  background: var(--ground); font-size: .78rem; white-space: pre-wrap; }
@media (max-width: 40rem) {
  body { padding: 1.5rem .8rem; } section { padding: 1rem; } .row { gap: .5rem; }
  figure { width: calc((100% - 1rem) / 3); } figure:only-child { width: 13rem; }
  .row:has(:nth-child(4)) figure { width: calc((100% - .5rem) / 2); } }
"""


@dataclass
class Page:
    """Collects steps and writes them as HTML.

    Parameters
    ----------
    title
        The heading of the page.
    intro
        A paragraph under it.
    steps
        The HTML of each step.
    """

    title: str
    intro: str
    steps: list[str] = field(default_factory=list)

    def step(self, title: str, request: str, *content: str) -> None:
        """Add a step; `content` is HTML from the functions of this module."""
        head = f'<h2>{escape(title)}</h2>\n<p class="request">{escape(request)}</p>'
        self.steps.append("\n".join(["<section>", head, *content, "</section>"]))

    def html(self) -> str:
        """The whole page; images are embedded."""
        software = " · ".join(f"{name} {version}" for name, version in versions().items())
        return "\n".join(
            [
                '<!doctype html>\n<html lang="en"><meta charset="utf-8">',
                '<meta name="viewport" content="width=device-width">',
                f"<title>{escape(self.title)}</title><style>{_STYLE}</style>",
                f"<header><h1>{escape(self.title)}</h1><p>{escape(self.intro)}</p></header>",
                *self.steps,
                f"<footer>{escape(software)}</footer></html>",
            ]
        )


def row(*figures: str) -> str:
    """Figures side by side."""
    return f'<div class="row">{"".join(figures)}</div>'


def figure(image: Image.Image, caption: str, change_mask: Image.Image | None = None) -> str:
    """An image with hard pixel edges; the outline of its change mask is drawn over it."""
    outline = (
        "" if change_mask is None else f'<img class="change" alt="" src="{_outline(change_mask)}">'
    )
    element = f'<img alt="{escape(caption)}" src="{_data_url(image)}">'
    text = f"<figcaption>{escape(caption)}</figcaption>"
    return f'<figure><div class="frame">{element}{outline}</div>{text}</figure>'


def numbered(lines: list[str]) -> str:
    """A numbered list."""
    return f"<ol>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ol>"


def report(text: str) -> str:
    """Text with its line breaks."""
    return f"<pre>{escape(text)}</pre>"


def _outline(mask: Image.Image) -> str:
    size = (mask.width * ZOOM, mask.height * ZOOM)
    solid = (
        mask.convert("L").point(lambda v: 255 if v else 0).resize(size, Image.Resampling.NEAREST)
    )
    edge = ImageChops.subtract(solid, solid.filter(ImageFilter.MinFilter(5)))
    outline = Image.new("RGBA", size, "#ff2f92")
    outline.putalpha(edge)
    return _data_url(outline)


def _data_url(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
