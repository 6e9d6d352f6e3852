"""The reference of the Python interface: every name of ``simulator.__all__``, by its docstring."""

import inspect
import typing

import simulator

RESULTS = "simulator.report."
"""Where the classes of results are: what they share stands in a class of its own."""


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
        lines += [f"### {name}", "", *_class(f"simulator.{name}", found[name])]
    lines += ["## Their pictures", ""]
    for name in classes:
        for plots in _pictures(found[name]):
            lines += [f"### {name}.plot", "", *_class(f"{plots.__module__}.{plots.__name__}", plots)]
    return "\n".join(lines)


def _class(path: str, value: type) -> list[str]:
    """Return a class with its members, and with those that results share."""
    bases = [each for each in value.__mro__ if each.__module__.startswith(RESULTS)]
    names = dict.fromkeys(name for each in bases or [value] for name in vars(each))
    stated = [each for each in names if not each.startswith("_") and _is_told(value, each)]
    lines = ["```{eval-rst}", f".. autoclass:: {path}", "   :no-index-entry:"]
    lines += [f"   :members: {', '.join(stated)}"] if stated else []
    lines += ["   :inherited-members:"] if len(bases) > 1 else []
    return [*lines, "```", ""]


def _pictures(value: type) -> list[type]:
    """Return the class of a result's pictures, which is what its ``plot`` returns."""
    plot = inspect.getattr_static(value, "plot", None)
    return [typing.get_type_hints(plot.fget)["return"]] if isinstance(plot, property) else []


def _is_told(value: type, name: str) -> bool:
    """Return whether an attribute is something to call or to ask for, and not machinery of pydantic."""
    member = inspect.getattr_static(value, name)
    return bool(getattr(member, "__doc__", None)) and not name.startswith("model_")
