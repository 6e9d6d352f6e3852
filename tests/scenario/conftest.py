"""The small scenario and the hostile input stand with the tests of input files, which these tests build on."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "core" / "input_files"))
