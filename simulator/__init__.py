"""predcost: whether to compute predictions every night for everyone, on demand for whoever asks, or in between.

>>> import simulator as sim
>>> scenario = sim.load_scenario("scenarios/food_delivery_100m.yaml")
>>> result = sim.run(scenario.with_(population__users=1_000_000))
>>> result.table
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.core.errors import UserError
    from simulator.prices.book import PriceBook
    from simulator.prices.loading import load_book
    from simulator.report.calibrated import CalibrationResult, calibrate_users
    from simulator.report.calibrated_service import ServiceCalibrationResult, calibrate_service
    from simulator.report.diff_result import DiffResult, diff
    from simulator.report.estimating import estimate
    from simulator.report.exploring.explorer import Explorer, explore
    from simulator.report.result import Result
    from simulator.report.running import load_run, run
    from simulator.report.studied import BreakEvenResult, SweepResult, breakeven, load_sweep, sweep
    from simulator.scenario.loading import load_scenario
    from simulator.scenario.schema import Scenario

__all__ = [
    "BreakEvenResult",
    "CalibrationResult",
    "DiffResult",
    "Explorer",
    "PriceBook",
    "Result",
    "Scenario",
    "ServiceCalibrationResult",
    "SweepResult",
    "UserError",
    "breakeven",
    "calibrate_service",
    "calibrate_users",
    "diff",
    "estimate",
    "explore",
    "load_book",
    "load_run",
    "load_scenario",
    "load_sweep",
    "run",
    "sweep",
]

_HOMES = {
    "BreakEvenResult": "simulator.report.studied",
    "CalibrationResult": "simulator.report.calibrated",
    "DiffResult": "simulator.report.diff_result",
    "Explorer": "simulator.report.exploring.explorer",
    "PriceBook": "simulator.prices.book",
    "Result": "simulator.report.result",
    "Scenario": "simulator.scenario.schema",
    "ServiceCalibrationResult": "simulator.report.calibrated_service",
    "SweepResult": "simulator.report.studied",
    "UserError": "simulator.core.errors",
    "breakeven": "simulator.report.studied",
    "calibrate_service": "simulator.report.calibrated_service",
    "calibrate_users": "simulator.report.calibrated",
    "diff": "simulator.report.diff_result",
    "estimate": "simulator.report.estimating",
    "explore": "simulator.report.exploring.explorer",
    "load_book": "simulator.prices.loading",
    "load_run": "simulator.report.running",
    "load_scenario": "simulator.scenario.loading",
    "load_sweep": "simulator.report.studied",
    "run": "simulator.report.running",
    "sweep": "simulator.report.studied",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that `predcost --help` need not import them all."""
    import importlib  # noqa: PLC0415

    if name not in _HOMES:
        raise AttributeError(f"module 'simulator' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
