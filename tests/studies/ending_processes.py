"""What ends the processes that do it; it imports little, as each of them begins anew."""

import os
from pathlib import Path


def ending(asked: tuple[Path, int, int]) -> int:
    """Write down that it has begun, and end the process the first few times."""
    folder, number, times = asked
    begun = len(list(folder.glob(f"{number}-*")))
    (folder / f"{number}-{begun}").touch()
    if begun < times:
        os._exit(9)
    return number
