"""Where the numbers of a report come from, in a line."""

from simulator.report import format as form
from simulator.studies.comparison import Comparison


def provenance(comparison: Comparison) -> tuple[str, ...]:
    """Return scenario, users, horizon, replications, seed and price book, each with its word."""
    scenario, replications = comparison.scenario, comparison.replications
    fewest = f"{comparison.fewest_replications} to " if comparison.fewest_replications < replications else ""
    return (
        form.one_line(scenario.name),
        f"{form.count(scenario.population.users)} users",
        f"{form.exact_duration(scenario.horizon_s)} simulated",
        f"{fewest}{replications} replication{'' if replications == 1 else 's'}",
        f"seed {scenario.seed}",
        f"prices: {form.one_line(comparison.book.name)}",
    )
