"""What a planner must know before trusting a comparison, as far as the scenario alone says it."""

import math
from collections.abc import Iterator
from datetime import timedelta

import numpy as np

from simulator.core.moment import TimeOrDate, from_start_s, write_moment
from simulator.core.units import DAYS_PER_WEEK, MONTH_S, WEEK_S, about_duration, write_duration
from simulator.scenario.schema import Scenario
from simulator.simulation.calendar.timing import LONGEST_KEPT_S
from simulator.studies.batch_sizes import batch_sizes
from simulator.studies.replay_facts import replay_warnings

ONE_REPLICATION = "There is one replication only: no interval says how far chance alone moves the figures."
WHOLE = 1e-9
"""How far from a whole number counts as whole."""


def foreseen(scenario: Scenario) -> tuple[str, ...]:
    """Return every warning of a run that needs nothing of its outcomes, a sentence each."""
    one = [ONE_REPLICATION] if scenario.replications == 1 else []
    of_plan = (of_batches, of_store, of_rows, of_cycles, of_model)
    plans = (sentence for name in scenario.plans for of in of_plan for sentence in of(scenario, name))
    return (*one, *of_traffic(scenario), *of_weights(scenario), *plans)


def of_traffic(scenario: Scenario) -> Iterator[str]:
    """Yield what is said about when people come, and what happens then."""
    for spike in scenario.traffic.spikes:
        yield from _outside(scenario, "The spike", spike.at, spike.duration_s)
    for name, backend in scenario.backends.items():
        for what, at, duration_s in backend.events():
            yield from _outside(scenario, f"The {what} of '{name}'", at, duration_s)
    yield from _of_repeated_spikes(scenario)
    if scenario.horizon_s < WEEK_S and _weekdays_differ(scenario):
        yield (
            f"The horizon of {write_duration(scenario.horizon_s)} is shorter than a week, and the traffic differs "
            "by weekday: other days would give other figures."
        )
    yield from _of_replay(scenario)


def of_weights(scenario: Scenario) -> Iterator[str]:
    """Yield what is said about how answers are judged."""
    if scenario.model.half_life_s is None:
        yield "model.half_life is not given: nothing is said about how many predictions are stale."
    if scenario.value is not None:
        yield (
            "The weights of 'value' decide the net value. They are the scenario's own, not facts: try others before "
            "trusting a ranking by it."
        )


def _outside(scenario: Scenario, what: str, at: TimeOrDate, duration_s: float) -> Iterator[str]:
    """Warn of something that begins after the horizon, or ends before it."""
    start = scenario.demand.home_start
    begins_s = from_start_s(at, start)
    moment = write_moment(at)
    if begins_s >= scenario.horizon_s:
        end = write_moment((start + timedelta(seconds=scenario.horizon_s)).replace(tzinfo=None))
        dated = "" if isinstance(at, float) else f", which ends at {end}: give another 'start'"
        yield f"{what} at {moment} comes after the horizon and is not simulated{dated}."
    elif begins_s + duration_s <= 0:
        yield (
            f"{what} at {moment} is over before the scenario's start ({write_moment(start.replace(tzinfo=None))}) and "
            "is not counted: give another 'start'."
        )


def _of_repeated_spikes(scenario: Scenario) -> Iterator[str]:
    """Warn of spikes that a month's bill has as often as the horizon, where nothing says how often they come."""
    start = scenario.demand.home_start
    inside = [
        spike
        for spike in scenario.traffic.spikes
        if spike.per_month is None
        and spike.begins_s(start) < scenario.horizon_s
        and spike.begins_s(start) + spike.duration_s > 0
    ]
    times = MONTH_S / scenario.horizon_s
    if inside and abs(times - 1) > WHOLE:
        which = "its spike" if len(inside) == 1 else f"each of its {len(inside)} spikes"
        yield (
            f"The bill per month repeats the horizon of {write_duration(scenario.horizon_s)} {times:.3g} times, and "
            f"{which} with it. For a spike that comes once a month give it per_month: 1, or take horizon: 30 d."
        )


def _of_replay(scenario: Scenario) -> Iterator[str]:
    replay, recorded = scenario.traffic.replay, scenario.demand.recorded
    if replay is None or recorded is None:
        return
    yield from replay_warnings(scenario)
    from_s = scenario.demand.recorded_from_s
    length_s = recorded.length_s / replay.speed
    if not replay.loop and from_s > 0:
        yield f"The replayed file begins {about_duration(from_s)} after the start: nobody comes before."
    end_s = length_s if replay.loop else from_s + recorded.span_s / replay.speed
    if scenario.horizon_s <= end_s * (1 + WHOLE):
        return
    span = about_duration(length_s)
    if replay.loop:
        yield (
            f"The horizon holds the replayed file's {span} {scenario.horizon_s / length_s:.3g} times over: no interval "
            "says how other days would differ."
        )
    else:
        yield f"The replayed file ends after {about_duration(end_s)}: nobody comes in the rest of the horizon."


def _weekdays_differ(scenario: Scenario) -> bool:
    days = scenario.traffic.profile.weekly_weights().reshape(DAYS_PER_WEEK, -1)
    return not np.allclose(days, days[0])


def of_batches(scenario: Scenario, name: str) -> Iterator[str]:
    """Warn of batches beyond the one with the largest throughput."""
    yield from (f"{name}: {batch.warning}." for batch in batch_sizes(scenario, name) if batch.is_too_large)


def of_store(scenario: Scenario, name: str) -> Iterator[str]:
    """Warn of a store that is billed as none can be rented."""
    plan = scenario.plans[name]
    caution = scenario.store_of(plan).caution if plan.has_store else None
    if caution is not None:
        yield f"{name}: {caution}."


def of_rows(scenario: Scenario, name: str, age_p99_s: float | None = None) -> Iterator[str]:
    """Warn of rows whose age nothing bounds; ``age_p99_s`` is what a run has found."""
    plan = scenario.plans[name]
    expiry_s = scenario.store_of(plan).expiry_s
    seen = "" if age_p99_s is None else f" One answer in a hundred is older than {about_duration(age_p99_s)}."
    if plan.cache and plan.cache.slides:
        yield (
            f"{name}: a sliding TTL does not bound the age of what is served: who keeps coming keeps the same "
            f"prediction.{seen}"
        )
    if plan.cache and math.isinf(plan.cache.kept_for_s):
        yield (
            f"{name}: without 'stale_for' a prediction is served once more however old it is; the simulation "
            f"remembers {write_duration(LONGEST_KEPT_S)} before its beginning.{seen}"
        )
    lasting = plan.refresh or (plan.precompute and not plan.precompute.is_for_all)
    if lasting and expiry_s is None:
        yield (
            f"{name}: without 'store.expiry' the predictions of users who have left are served when they come "
            f"back, however old; the simulation remembers {write_duration(LONGEST_KEPT_S)} before its beginning.{seen}"
        )


def of_cycles(scenario: Scenario, name: str) -> Iterator[str]:
    """Warn of a horizon that cuts the cycle of runs."""
    precompute = scenario.plans[name].precompute
    cycles = scenario.horizon_s / precompute.every_s if precompute else 0.0
    if precompute and abs(cycles - round(cycles)) > WHOLE * cycles:
        yield (
            f"{name}: the horizon holds {cycles:.3g} times the {write_duration(precompute.every_s)} between "
            "two runs. The bill counts runs in proportion to time; the predictions counted are those of the runs "
            "that fell into the horizon. Give a horizon of whole cycles to have both agree."
        )


def of_model(scenario: Scenario, name: str) -> Iterator[str]:
    """Warn of models that the horizon sees at other ages than the long run."""
    plan = scenario.plans[name]
    accuracy, training = scenario.accuracy(plan), scenario.training(plan)
    if accuracy is None or accuracy.loss_per_day_fraction == 0:
        return
    if training is None:
        yield (
            f"{name}: the model loses accuracy and is never trained again ('training' is not given): a longer "
            "horizon would give a lower quality."
        )
        return
    cycles = scenario.horizon_s / training.every_s
    if abs(cycles - round(cycles)) > WHOLE * cycles:
        yield (
            f"{name}: the horizon holds {cycles:.3g} times the {write_duration(training.every_s)} between two "
            "trainings, whose cost is counted in proportion to time; the quality is that of models as old as they "
            "are within the horizon. Give a horizon of whole cycles to have the long-run mean."
        )
