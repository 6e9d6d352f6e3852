"""`predcost profiles`: the named profiles of the catalogue."""

from simulator.cli import options


def profiles(json_: options.Json = False) -> None:
    """List the named profiles: what each is, when it peaks, and where it is from."""
    from rich.console import Console

    from simulator.demand.profile.named import catalogue
    from simulator.report.profile_tables import profiles_json, profiles_table
    from simulator.report.scenario_text import print_json

    found = catalogue()
    if json_:
        print_json({"profiles": profiles_json(found)})
        return
    Console().print(profiles_table(found))
