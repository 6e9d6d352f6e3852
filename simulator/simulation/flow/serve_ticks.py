"""Carrying requests over many ticks of an autoscaler at once, as long as none of them needs a decision."""

from simulator.core.arrays import FloatArray, IntArray, SlotArray, UserArray, WordArray
from simulator.core.jit import kernel
from simulator.simulation.flow.serve import serve
from simulator.simulation.state.records import Record


@kernel
def serve_ticks(
    line: int,
    from_s: float,
    tick_s: float,
    most_work_s: float,
    end_s: float,
    time_s: FloatArray,
    user: UserArray,
    factor: FloatArray,
    late_factor: FloatArray,
    tokens: IntArray,
    late_tokens: IntArray,
    rules: Record,
    place: Record,
    tally: Record,
    lines: Record,
    free_s: FloatArray,
    losers: SlotArray,
    queue: Record,
    times_s: FloatArray,
    late_free_s: FloatArray,
    late_losers: SlotArray,
    late_queue: Record,
    late_times_s: FloatArray,
    returns: Record,
    table: WordArray,
    flights: Record,
    under_way: SlotArray,
    followers: Record,
    events: Record,
    latest: WordArray,
    reads: WordArray,
    recent: WordArray,
    uses: WordArray,
    spots: IntArray,
    latency_bins: IntArray,
    age_bins: IntArray,
) -> tuple[int, float, bool]:
    """Carry all requests tick by tick, up to the first tick that brings a fleet more than ``most_work_s`` of work.

    Where that is 0, as no replica serves, what waits or comes ends them too. Only ticks that end before ``end_s`` are
    begun. The other parameters are those of ``serve``.

    Returns
    -------
    tuple
        How many ticks brought no more, the slot-seconds worked up to their end, and whether there was room.
    """
    q = lines[line]
    ticks = 0
    worked_s = q.work_s - q.work_left_s
    while from_s + (ticks + 1) * tick_s < end_s:
        roomy = serve(
            from_s + (ticks + 1) * tick_s,
            time_s,
            user,
            factor,
            late_factor,
            tokens,
            late_tokens,
            rules,
            place,
            tally,
            lines,
            free_s,
            losers,
            queue,
            times_s,
            late_free_s,
            late_losers,
            late_queue,
            late_times_s,
            returns,
            table,
            flights,
            under_way,
            followers,
            events,
            latest,
            reads,
            recent,
            uses,
            spots,
            latency_bins,
            age_bins,
        )
        if not roomy:
            return ticks, worked_s, False
        if q.work_s - q.work_left_s - worked_s > most_work_s:
            break
        if most_work_s <= 0.0 and (q.sought or q.waiting > q.gone):
            break
        worked_s = q.work_s - q.work_left_s
        ticks += 1
    return ticks, worked_s, True
