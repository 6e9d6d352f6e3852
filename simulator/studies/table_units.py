"""What the columns of a study's tables are in, told by their names and written into the files."""

import json
from typing import Any

SCHEMA_KEY, UNITS_KEY, UNIT_KEY = "predcost_schema", "units", "unit"
"""In the metadata of a table, and of a column."""
UNITS = (
    ("_usd_per_month", "USD/month"),
    ("_usd_per_1k_requests", "USD/1000 requests"),
    ("kwh_per_month", "kWh/month"),
    ("kg_co2e_per_month", "kg/month"),
    ("_usd", "USD"),
    ("_per_s", "1/s"),
    ("_s", "s"),
    ("_h", "h"),
    ("_gib", "GiB"),
)
"""How names end, and what they are in; the first that fits."""
OF_MANY = ("_mean", "_peak")
"""May follow a unit."""
NUMBER = "1"
"""The unit of shares and counts."""


def unit_of(name: str) -> str:
    """Return the unit that the name of a quantity tells; 1 for shares and counts."""
    for ending in OF_MANY:
        name = name.removesuffix(ending)
    return next((unit for ending, unit in UNITS if f"_{name}".endswith(ending)), NUMBER)


def with_units(table: Any, schema: str) -> Any:
    """Return a table of Arrow that says what it is, in its metadata and in those of every column of numbers.

    A table with a row for each metric has a column ``unit`` in place of that.

    Parameters
    ----------
    table
        A column for each quantity, named with its unit.
    schema
        Of which study and table the columns are, and which version of them: ``run/metrics/2``.
    """
    import pyarrow as pa  # noqa: PLC0415  (0.3 s that only keeping a run needs)

    by_row = "unit" in table.schema.names
    units = {
        field.name: unit_of(field.name)
        for field in table.schema
        if pa.types.is_floating(field.type) and (not by_row or unit_of(field.name) != NUMBER)
    }
    fields = [
        field.with_metadata({UNIT_KEY: units[field.name]}) if field.name in units else field for field in table.schema
    ]
    return table.cast(pa.schema(fields, metadata={SCHEMA_KEY: schema, UNITS_KEY: json.dumps(units)}))
