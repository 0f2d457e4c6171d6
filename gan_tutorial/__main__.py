"""Run the command line: ``python -m gan_tutorial``."""

import sys

from .cli import main

sys.exit(main())
