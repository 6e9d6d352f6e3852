"""The reference of the command line, as Markdown made from the commands themselves."""

import re
from collections.abc import Iterator
from typing import Any, Final

import typer.main

from simulator.cli.app import app

Command = Any
"""Typer's own copy of click has no public types."""


OPTION: Final = re.compile(r"(?<!\S)--[a-z-]+")
"""In a sentence, where two hyphens would become a dash."""


def markdown() -> str:
    """Return a section for every command, with all that it takes."""
    return "\n".join(line for name, command in all_commands() for line in _section(name, command))


def all_commands() -> Iterator[tuple[str, Command]]:
    """Yield every command that does something, by the words that call it."""
    yield from _below("predcost", typer.main.get_command(app))


def _below(name: str, command: Command) -> Iterator[tuple[str, Command]]:
    inside = getattr(command, "commands", {})
    if not inside:
        yield name, command
    for word, each in inside.items():
        yield from _below(f"{name} {word}", each)


def _section(name: str, command: Command) -> Iterator[str]:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    called = " ".join([name, *(_called(each) for each in arguments), "[OPTIONS]"])
    yield from ("", f"({name.replace(' ', '-')})=", f"## {name}", "", _sentences(command.help), "")
    yield from ("```text", called, "```", "")
    for each in command.params:
        yield from _entry(each)


def _called(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    return name if argument.required else f"[{name}]"


def _entry(parameter: Any) -> Iterator[str]:
    if parameter.param_type_name == "argument":
        head = f"`{_called(parameter)}`"
    else:
        head = ", ".join(f"`{each}`" for each in (*parameter.opts, *parameter.secondary_opts))
        head += f" `{_taken(parameter)}`" if _taken(parameter) else ""
    default = _default(parameter)
    yield from (head, f": {_sentences(parameter.help or '')}{default}", "")


def _taken(option: Any) -> str:
    """Return what stands after an option; nothing after one that says yes or no."""
    if getattr(option, "is_flag", False):
        return ""
    choices = [str(each.value) for each in getattr(option.bare_type, "__members__", {}).values()]
    return option.metavar or "|".join(choices) or option.name.rstrip("_").upper()


def _default(parameter: Any) -> str:
    shown = parameter.show_default
    value = shown if isinstance(shown, str) else parameter.default if shown else None
    value = getattr(value, "value", value)
    return f" Default: `{value}`." if value not in (None, False, True, (), [], "") else ""


def _sentences(text: str) -> str:
    plain = " ".join((text or "").replace("`", "").split()).replace("*", "\\*").replace("<", "\\<")
    return OPTION.sub(r"`\g<0>`", plain)
