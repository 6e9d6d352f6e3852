"""Where `predcost` and ``python -m simulator.cli`` begin: an interrupt is heard before anything large is imported."""

from simulator.cli.interrupts import ending_at_once


def main() -> None:
    """Run the command line."""
    with ending_at_once():
        from simulator.cli.app import main as run  # noqa: PLC0415

        run()


if __name__ == "__main__":
    main()
