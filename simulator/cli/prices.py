"""`predcost prices`: price books, those that are bundled and those made of others' lists."""

from pathlib import Path
from typing import Annotated

import typer

from simulator.cli import completing, options

app = typer.Typer(name="prices", help="Price books: list, show, import.", no_args_is_help=True)


@app.command("list")
def list_(json_: options.Json = False) -> None:
    """List the bundled price books: how many prices, and of when."""
    from rich.console import Console

    from simulator.prices.loading import catalogue_names, load_book
    from simulator.report.price_tables import books_json, books_table
    from simulator.report.scenario_text import print_json

    books = [load_book(name) for name in catalogue_names()]
    if json_:
        print_json({"books": books_json(books)})
        return
    Console().print(books_table(books))


@app.command("show")
def show(
    book: Annotated[
        str,
        typer.Argument(
            metavar="BOOK", help="A bundled book or a file.", show_default=False, autocompletion=completing.books
        ),
    ],
    meter: Annotated[str, typer.Option(metavar="GLOB", help="Only such meters, e.g. 'instance/g4dn.*'.")] = "*",
    json_: options.Json = False,
) -> None:
    """Show the prices of a book, each with its unit, source and date."""
    from rich.console import Console

    from simulator.core.errors import UserError
    from simulator.prices.book import nearest_meters
    from simulator.prices.loading import load_book
    from simulator.report.price_tables import book_json, book_tables, matching
    from simulator.report.scenario_text import print_json

    found = load_book(book)
    if meter != "*" and not matching(found, meter):
        raise UserError(f"--meter: '{meter}' fits no meter of '{found.name}'; {nearest_meters(meter, found.meters)}")
    if json_:
        print_json(book_json(found, meter))
        return
    console = Console()
    for renderable in book_tables(found, meter):
        console.print(renderable)


@app.command("new")
def new(
    path: Annotated[Path, typer.Argument(metavar="BOOK.yaml", help="Where to write it.", show_default=False)],
) -> None:
    """Write a small commented price book, to be laid over another."""
    from simulator.prices.small_book import write_small_book

    write_small_book(path)
    typer.echo(f"Wrote {path}. Next: predcost prices show {path}, and prices: [aws-us-east-1, {path}] in a scenario")


@app.command("import")
def import_(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="aws-cur, aws-instances, aws-offers, azure, azure-retail, focus, gcp-skus, genai-prices, litellm, "
            "skypilot, vantage.",
        ),
    ],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The price list.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", metavar="BOOK.yaml", help="Where to; replaced if it is there.")],
    region: Annotated[str | None, typer.Option(help="Whose prices, where the list has several regions.")] = None,
    name: Annotated[str | None, typer.Option(help="What the book is called; by default as the list.")] = None,
    rate: Annotated[
        str | None, typer.Option(help="Of an invoice: contracted (the default), effective or list rates.")
    ] = None,
) -> None:
    """Make a price book of somebody else's list."""
    from simulator.prices.importing import import_book

    imported = import_book(kind, file, out, region, name, rate)
    from simulator.report.scenario_text import say

    say(f"Wrote {out}: {len(imported.book.prices):,} prices. Next: predcost prices show {out}")
    if imported.left_out:
        say("Left out, by reason:")
    for each in imported.left_out:
        say(f"  {each.text()}")
