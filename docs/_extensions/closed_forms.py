"""The reference of the closed forms: every public function of `simulator.theory`, by its docstring."""

import importlib
import inspect
import pkgutil

import simulator.theory

LEFT_OUT = {"bounds"}
"""Checks of arguments."""


def markdown() -> str:
    """Return a section for every file of `simulator.theory`."""
    lines: list[str] = []
    for found in pkgutil.iter_modules(simulator.theory.__path__):
        if found.name in LEFT_OUT:
            continue
        module = importlib.import_module(f"simulator.theory.{found.name}")
        title = found.name.replace("_", " ").capitalize()
        lines += ["", f"## {title}", "", (inspect.getdoc(module) or "").replace("``", "`"), "", "```{eval-rst}"]
        for name, value in vars(module).items():
            own = getattr(value, "__module__", "") == module.__name__ and not name.startswith("_")
            if own and inspect.isfunction(value):
                lines += [f".. autofunction:: simulator.theory.{found.name}.{name}", ""]
            elif own and inspect.isclass(value):
                lines += [f".. autoclass:: simulator.theory.{found.name}.{name}", ""]
        lines += ["```"]
    return "\n".join(lines)
