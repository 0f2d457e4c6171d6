"""The look that all figures of the book share: colors, sizes, and vectors where they are light."""

import io
import re
from typing import Any

__all__ = ["DISCRIMINATOR", "FAKE", "GENERATOR", "REAL", "use_style"]

# Four of the eight colors of Okabe and Ito (2008), which color-blind readers tell apart too.
REAL = "#0072B2"  # blue
FAKE = "#D55E00"  # vermillion
DISCRIMINATOR = "#CC79A7"  # reddish purple
GENERATOR = "#009E73"  # bluish green

_DPI = 130
_INK = "#1a1a1a"
_PAPER = "#ffffff"


def use_style() -> None:
    """Give all figures of a session the book's look: call it once, at the top of a notebook.

    The background is opaque and light and the text is dark, so that a figure stays legible on a
    dark page; the line colors are those of Okabe and Ito, in an order that begins with `REAL` and
    `FAKE`. In a notebook, a figure of lines and text is also offered as vectors (SVG), which stay
    sharp at any size and on paper; one with pictures or thousands of points in it is not.
    """
    import matplotlib as mpl
    from cycler import cycler  # it comes with matplotlib

    mpl.rcParams.update(
        {
            "figure.dpi": _DPI,
            "savefig.dpi": _DPI,
            "svg.hashsalt": "gan_tutorial",  # the same figure gives the same file
            "figure.figsize": (7.0, 3.0),
            "figure.constrained_layout.use": True,
            "figure.facecolor": _PAPER,
            "savefig.facecolor": _PAPER,
            "axes.facecolor": _PAPER,
            "text.color": _INK,
            "axes.labelcolor": _INK,
            "axes.edgecolor": _INK,
            "xtick.color": _INK,
            "ytick.color": _INK,
            "axes.prop_cycle": cycler(
                color=[REAL, FAKE, GENERATOR, DISCRIMINATOR, "#E69F00", "#56B4E9", "#000000"]
            ),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": False,
            "axes.titlesize": 10,
            "axes.labelsize": 9,
            "xtick.labelsize": 8,
            "ytick.labelsize": 8,
            "font.size": 9,
            "legend.fontsize": 8,
            "legend.frameon": False,
            "lines.linewidth": 1.6,
            "image.cmap": "gray",
            "image.interpolation": "nearest",
        }
    )
    _offer_vectors()


def _offer_vectors() -> None:
    """Where IPython displays figures in a notebook, let it have the SVG of light ones as well."""
    try:
        import matplotlib_inline.backend_inline  # noqa: F401 (it resets the formatters)
        from IPython import get_ipython
        from matplotlib.figure import Figure
    except ImportError:
        return
    shell = get_ipython()
    if shell is not None:
        shell.display_formatter.formatters["image/svg+xml"].for_type(Figure, _vectors)


def _vectors(figure: Any) -> str | None:
    """Return a figure as SVG of its PNG's size, or nothing if it has images or is heavier."""
    if any(ax.images for ax in figure.axes) or figure.images:
        return None
    buffer, pixels = io.StringIO(), io.BytesIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
    figure.savefig(pixels, format="png", bbox_inches="tight")
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", buffer.getvalue(), flags=re.DOTALL)
    svg = re.sub(r"\n\s*", "\n", svg)
    if len(svg) > len(pixels.getvalue()) or "<image" in svg:
        return None
    return re.sub(
        r'(width|height)="([\d.]+)pt"',
        lambda size: f'{size[1]}="{float(size[2]) * _DPI / 72:.2f}px"',
        svg,
        count=2,
    )
