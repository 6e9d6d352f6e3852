"""Where `predcost` and ``python -m simulator.cli`` begin: an interrupt is heard before anything large is imported."""

import contextlib
import os
import sys

from simulator.cli.interrupts import INTERRUPTED, ending_at_once


def main() -> None:
    """Run the command line."""
    with ending_at_once():
        from simulator.cli.app import main as run

        try:
            run()
        except SystemExit as end:
            if end.code == INTERRUPTED:  # at once: what Python does at its end takes a second with all that is imported
                with contextlib.suppress(OSError, ValueError):
                    sys.stdout.flush()
                os._exit(INTERRUPTED)
            raise


if __name__ == "__main__":
    main()
