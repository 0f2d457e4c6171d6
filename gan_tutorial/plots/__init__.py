"""Pictures of data, samples and training: every figure of the book is drawn with these functions.

Importing this package costs nothing: matplotlib, Pillow and IPython are imported by the functions
that need them.
"""

from .animations import Recorder, animation, frame
from .images import image_grid, interpolate, interpolation, tile
from .lines import curves
from .moving import ANIMATIONS, save_animation
from .playground import plane_codes, playground
from .points import samples_2d
from .saving import FORMATS, TRANSPARENT, save_image_grid, save_picture
from .style import DISCRIMINATOR, FAKE, GENERATOR, REAL, use_style

__all__ = [
    "ANIMATIONS",
    "DISCRIMINATOR",
    "FAKE",
    "FORMATS",
    "GENERATOR",
    "REAL",
    "TRANSPARENT",
    "Recorder",
    "animation",
    "curves",
    "frame",
    "image_grid",
    "interpolate",
    "interpolation",
    "plane_codes",
    "playground",
    "samples_2d",
    "save_animation",
    "save_image_grid",
    "save_picture",
    "tile",
    "use_style",
]
