"""Energy and CO2e: what machines drew, and the range that stated assumptions allow."""

import pytest

from simulator.core.units import DAY_S, MONTH_S
from simulator.core.usage import Driver, Usage
from simulator.prices.energy import Energy, MachineTime, instance_of, kg_co2e, kwh
from simulator.prices.loading import load_book
from simulator.studies.consumption import Consumption, FleetTime, emitted

ENERGY = Energy.model_validate(
    {
        "grid": {
            "region": "here",
            "kg_co2e_per_kwh": 0.4,
            "within": "20 %",
            "why": "a yearly mean",
            "pue": 1.5,
            "source": "made up",
            "date": "2026-11-23",
        },
        "watts": [
            {
                "source": "made up",
                "date": "2026-11-23",
                "within": "30 %",
                "why": "guessed",
                "instances": [{"instance": "a", "idle": 100, "full": 300}],
            },
            {
                "source": "made up",
                "date": "2026-11-23",
                "within": "50 %",
                "why": "guessed",
                "instances": [{"instance": "b", "idle": 0, "full": 1000}],
            },
        ],
    }
)


def test_energy_grows_from_idle_to_full_with_utilisation_and_the_building_draws_more() -> None:
    drawn = [kwh([MachineTime("a", 10, busy)], ENERGY) for busy in (0.0, 0.5, 1.0, 7.0)]
    assert [each.likely for each in drawn if each] == pytest.approx([1.5, 3.0, 4.5, 4.5])


def test_the_range_is_all_assumptions_at_their_worst() -> None:
    used = kwh([MachineTime("a", 10, 1), MachineTime("b", 1, 1)], ENERGY)
    assert used is not None
    assert (used.likely, used.low, used.high) == pytest.approx((6.0, 4.5 * 0.7 + 1.5 * 0.5, 4.5 * 1.3 + 1.5 * 1.5))
    assert ENERGY.grid is not None
    kg = kg_co2e(used, ENERGY.grid)
    assert (kg.likely, kg.low, kg.high) == pytest.approx((2.4, used.low * 0.4 * 0.8, used.high * 0.4 * 1.2))


def test_nothing_is_said_where_a_machines_watts_or_the_grid_are_not_known() -> None:
    assert kwh([MachineTime("a", 1, 1), MachineTime("c", 1, 1)], ENERGY) is None
    assert kwh([MachineTime("a", 1, 1)], Energy(watts=ENERGY.watts)) is None
    assert kwh([], ENERGY) is None


@pytest.mark.parametrize(
    ("meter", "instance"),
    [("instance/g4dn.xlarge/spot", "g4dn.xlarge"), ("egress", None), ("llm/a/input", None), ("instance/x", None)],
)
def test_an_instance_is_told_from_its_meter(meter: str, instance: str | None) -> None:
    assert instance_of(meter) == instance


def consumption(*usages: Usage, **fleets: FleetTime) -> Consumption:
    return Consumption(usages, DAY_S, 100, 0.0, 0.0, 0.0, fleets)


def hours(meter: str, quantity: float, backend: str = "") -> Usage:
    return Usage("compute", meter, quantity, "h", Driver.TRAFFIC, backend=backend)


def test_a_fleet_is_as_busy_as_it_was_and_a_batch_worker_at_full_load() -> None:
    book = load_book("aws-us-east-1").model_copy(update={"energy": ENERGY})
    used = hours("instance/a/spot", 1), hours("instance/a/on_demand", 2, "live")
    found = emitted(consumption(*used, live=FleetTime(2, 0.25)), book)
    expected = 1.5 * (1 * 300 + 2 * 150) / 1000 * MONTH_S / DAY_S
    assert found["kwh_per_month"].likely == pytest.approx(expected)
    assert found["kg_co2e_per_month"].likely == pytest.approx(0.4 * expected)


def test_reserved_replicas_emit_for_the_hours_that_they_run_and_as_busy_as_they_are() -> None:
    """Ten hours are reserved and seven of them run, with one more on demand."""
    book = load_book("aws-us-east-1").model_copy(update={"energy": ENERGY})
    paid = hours("instance/a/reserved_1y", 10, "live"), hours("instance/a/on_demand", 1, "live")
    found = emitted(consumption(*paid, live=FleetTime(8, 0.25)), book)
    assert found["kwh_per_month"].likely == pytest.approx(1.5 * 8 * 150 / 1000 * MONTH_S / DAY_S)


@pytest.mark.parametrize("unit", ["GiB s", "token"])
def test_nothing_is_said_of_machines_that_nobody_knows(unit: str) -> None:
    elsewhere = Usage("online", "somewhere", 1, unit, Driver.TRAFFIC)
    book = load_book("aws-us-east-1").model_copy(update={"energy": ENERGY})
    assert emitted(consumption(hours("instance/a/spot", 1), elsewhere), book) == {}


def test_a_book_without_watts_says_nothing() -> None:
    book = load_book("llm-2025-09")
    assert emitted(consumption(hours("instance/a/spot", 1)), book) == {}
