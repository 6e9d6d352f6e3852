import pytest

from simulator.theory.finite_source import finite_source
from simulator.theory.queueing import mmc_mean_wait_s


def test_one_client_is_served_and_thinks_in_turn() -> None:
    found = finite_source(1, 3, 0.2, 0.3)
    assert found.throughput_per_s == pytest.approx(2.0)
    assert found.response_s == pytest.approx(0.2)


def test_as_many_clients_as_servers_never_wait() -> None:
    assert finite_source(5, 5, 0.2, 1.0).response_s == pytest.approx(0.2)


def test_clients_who_never_think_keep_all_servers_busy() -> None:
    found = finite_source(12, 4, 0.02, 0.0)
    assert (found.throughput_per_s, found.utilisation) == pytest.approx((200.0, 1.0))
    assert found.response_s == pytest.approx(0.06)


def test_two_clients_of_one_server_are_the_machine_repair_problem_by_hand() -> None:
    # p0 : p1 : p2 = 1 : 2 r : 2 r^2 with r = service / think
    r = 0.5
    busy = 1 - 1 / (1 + 2 * r + 2 * r**2)
    assert finite_source(2, 1, 0.5, 1.0).utilisation == pytest.approx(busy)


def test_very_many_clients_who_think_long_are_a_poisson_stream() -> None:
    found = finite_source(1_000_000, 4, 0.02, 1_000_000 / 150.0)
    assert found.response_s - 0.02 == pytest.approx(float(mmc_mean_wait_s(150.0, 0.02, 4)), rel=1e-3)


@pytest.mark.parametrize("wrong", [(0, 1, 1.0, 1.0), (1, 0, 1.0, 1.0), (1, 1, 0.0, 1.0), (1, 1, 1.0, -1.0)])
def test_what_is_out_of_bounds_is_refused(wrong: tuple[int, int, float, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        finite_source(*wrong)
