"""Compile the kernels that the tests run: once, and not in each of the tests' processes at the same time."""

import sys
from pathlib import Path

HERE = Path(__file__).parent

if __name__ == "__main__":
    sys.path[:0] = [str(HERE), str(HERE / "simulation")]
    from test_plain_python_kernels import tiny_runs

    from simulator.simulation.simulate import simulate

    for scenario, plan in tiny_runs():
        simulate(scenario, plan)
