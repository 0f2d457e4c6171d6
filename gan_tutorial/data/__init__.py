"""Where samples come from.

`load` returns any data set by its name, or a folder of pictures by its path. The functions with
the names of the data sets give the same without conversions; the mixtures and `soccer` are
endless there.
"""

from .accepted import as_samples, check_range
from .archive import zipped
from .arrays import from_arrays, holds_arrays
from .cifar import cifar10
from .dataset import Dataset, Samples, as_tensor, sample_shape
from .digits import digits
from .folder import folder
from .listing import EmptySplitError
from .loading import NAMES, load
from .mixtures import Mixture, grid, ring, swiss_roll
from .mnist import fashion_mnist, mnist
from .soccer import soccer
from .stacked import stacked_mnist

__all__ = [
    "NAMES",
    "Dataset",
    "EmptySplitError",
    "Mixture",
    "Samples",
    "as_samples",
    "as_tensor",
    "check_range",
    "cifar10",
    "digits",
    "fashion_mnist",
    "folder",
    "from_arrays",
    "grid",
    "holds_arrays",
    "load",
    "mnist",
    "ring",
    "sample_shape",
    "soccer",
    "stacked_mnist",
    "swiss_roll",
    "zipped",
]
