"""`predcost profiles`: what the catalogue holds."""

import json

from typer.testing import CliRunner

from simulator.cli.app import app
from simulator.demand.profile.named import Named, names


def test_every_named_profile_is_listed_with_its_source_and_peak() -> None:
    found = json.loads(CliRunner().invoke(app, ["profiles", "--json"]).stdout)["profiles"]
    assert [entry["name"] for entry in found] == names()
    for entry in found:
        assert Named(name=entry["name"]).weekly_weights().max() == entry["peak_weight"]
        assert entry["source"]
        assert entry["licence"]
        assert entry["date"]
    assert found[0]["peak"] == "Tue 17:00"


def test_the_list_fits_a_terminal() -> None:
    lines = CliRunner().invoke(app, ["profiles"]).stdout.splitlines()
    assert all(len(line.rstrip()) <= 80 for line in lines)
    assert all(any(line.strip().startswith(name) for line in lines) for name in names())
