"""Lets ``python -m simulator.cli`` stand for ``predcost``."""

from simulator.cli.app import main

main()
