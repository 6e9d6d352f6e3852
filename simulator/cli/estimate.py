"""`predcost estimate`: every plan by closed forms, in a moment."""

from simulator.cli import options


def estimate(
    file: options.ScenarioFile,
    plan: options.PlanNames = None,
    set_: options.Set = None,
    users: options.Users = None,
    horizon: options.Horizon = None,
    json_: options.Json = False,
) -> None:
    """Estimate all plans of a scenario by closed forms, side by side; nothing is simulated."""
    scenario = options.load(file, set_, plan, population__users=users, horizon=horizon)
    from simulator.prices.loading import load_book
    from simulator.report.estimate_tables import estimate_json, estimate_report
    from simulator.report.scenario_text import print_json
    from simulator.report.terminal import print_tables, terminal_width
    from simulator.studies.planner.estimating import estimates_of
    from simulator.studies.prices_needed import check_prices

    book = load_book(scenario.prices, file.parent)
    check_prices(scenario, book, file)
    found = estimates_of(scenario, book)
    if json_:
        print_json(estimate_json(found))
    else:
        print_tables(estimate_report(found, terminal_width()))
