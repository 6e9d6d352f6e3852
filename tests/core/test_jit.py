import numpy as np

from simulator.core.jit import kernel, only_with
from simulator.simulation.records import Record, record

PLAIN = np.dtype([("count", np.int64)])
SUMMED = np.dtype([*PLAIN.descr, ("total", np.float64)])


@only_with("total")
def _sum(amount: float, a: Record) -> None:
    a.total += amount


@kernel
def _count(times: int, tally: Record) -> None:
    a = tally[0]
    for amount in range(times):
        a.count += 1
        _sum(float(amount), a)


def test_a_part_is_there_where_the_record_has_its_field_and_nothing_elsewhere() -> None:
    plain, summed = record(PLAIN), record(SUMMED)
    _count(5, plain)
    _count(5, summed)
    assert plain["count"][0] == summed["count"][0] == 5
    assert summed["total"][0] == 10.0
