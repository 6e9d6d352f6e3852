"""The reference of the Python interface: every name of ``simulator.__all__``, by its docstring."""

import inspect

import simulator

ALSO = ("Plots", "SweepPlots", "BreakEvenPlots", "DiffPlots")
"""What results give that is not asked for by name."""


def markdown() -> str:
    """Return a section for every public name: what one calls, then what that gives, then errors."""
    found = {name: getattr(simulator, name) for name in simulator.__all__}
    functions = [name for name, value in found.items() if inspect.isfunction(value)]
    classes = [name for name, value in found.items() if inspect.isclass(value)]
    lines = ["## Functions", ""]
    for name in functions:
        lines += [f"### {name}", "", "```{eval-rst}", f".. autofunction:: simulator.{name}", "```", ""]
    lines += ["## What they give", ""]
    for name in classes:
        lines += [f"### {name}", "", "```{eval-rst}", *_class(name, found[name]), "```", ""]
    return "\n".join(lines)


def _class(name: str, value: type) -> list[str]:
    stated = [each for each in vars(value) if not each.startswith("_") and _is_told(value, each)]
    lines = [f".. autoclass:: simulator.{name}", "   :no-index-entry:"]
    return [*lines, f"   :members: {', '.join(stated)}"] if stated else lines


def _is_told(value: type, name: str) -> bool:
    """Return whether an attribute is something to call or to ask for, and not machinery of pydantic."""
    member = inspect.getattr_static(value, name)
    return bool(getattr(member, "__doc__", None)) and not name.startswith("model_")
