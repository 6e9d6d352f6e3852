"""How results show themselves in a notebook."""

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

import pandas as pd
from typing_extensions import override

from simulator.report import format as form
from simulator.report.provenance import provenance
from simulator.report.tables import leading_rows
from simulator.studies.comparison import Comparison, PlanResult
from simulator.studies.recommendation import in_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI, SCREEN_DPI = 144, 72
"""Pictures have twice as many dots as they take room: most screens have."""
NO_MATHS = "tex2jax_ignore mathjax_ignore"
"""JupyterLab would read what stands between two dollar signs as a formula, but for this class."""
_BEST = "font-weight: bold; background: rgba(0, 158, 115, 0.15)"
_RIGHT = "text-align: right"
_AMOUNTS = (
    ("quantity", "quantity", form.count),
    ("price", "price_usd", form.price),
    ("USD/month", "usd_per_month", form.usd_on_bill),
)


class TextTable(pd.DataFrame):
    """Texts, of which some hold two amounts of money, and none a formula."""

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return TextTable

    def _repr_html_(self) -> str:
        return shown(self.to_html(escape=True))


class BillTable(pd.DataFrame):
    """A plan's bill as numbers, a row for each line; it shows itself as people read bills, with the total."""

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame  # what is computed from it is no bill

    @override
    def __repr__(self) -> str:
        return self._written().to_string(index=False)

    def _repr_html_(self) -> str:
        written = self._written()
        head = "".join(f"<th>{column}</th>" for column in written.columns)
        aligned = [_RIGHT if column in {name for name, _, _ in _AMOUNTS} else "" for column in written.columns]
        rows = written.to_numpy().tolist()
        lines = [_line(cells, [f"{one}; {_BEST if cells is rows[-1] else ''}" for one in aligned]) for cells in rows]
        return shown(f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>")

    def _written(self) -> pd.DataFrame:
        """Return the bill as text, the total last."""
        written = pd.DataFrame({"item": self.index.astype(str)})
        for column, name, write in _AMOUNTS:
            written[column] = [write(float(amount)) for amount in self[name]]
        written.insert(2, "unit", list(self["unit"]))
        written["terms"] = [terms or "" for terms in self["detail"]]
        total = form.usd(float(self["usd_per_month"].sum()))
        last = dict.fromkeys(written.columns, "") | {"item": "total", "USD/month": total}
        return pd.concat([written, pd.DataFrame([last])], ignore_index=True)


def bill_table(result: PlanResult) -> BillTable:
    """Return every line of a plan's bill: quantity x price_usd = usd_per_month."""
    columns = ["item", "meter", "quantity", "unit", "price_usd", "usd_per_month", "source", "date", "detail"]
    return BillTable(pd.DataFrame([line.as_dict() for line in result.bill.lines], columns=columns).set_index("item"))


def result_html(comparison: Comparison, table: pd.DataFrame) -> str:
    """Return what a comparison shows of itself: the answer, what decides, one picture; the rest folded away."""
    words = in_words(comparison).words
    assert words is not None
    first, *others = words.recommendation
    return shown(
        f"<p><strong>{escape(first)}</strong></p>",
        _leading(comparison),
        _picture(comparison),
        paragraphs(others),
        *(f"<p><strong>Warning:</strong> {escape(text)}</p>" for text in words.warnings),
        folded("all metrics", table.to_html(escape=True)),
        f"<p><small>{escape(' · '.join(provenance(comparison)))}</small></p>",
    )


def shown(*parts: str) -> str:
    """Return parts of HTML as what a notebook shows of a result."""
    return f'<div class="{NO_MATHS}">{"".join(parts)}</div>'


def paragraphs(sentences: Iterable[str]) -> str:
    """Return sentences, a paragraph each."""
    return "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)


def folded(title: str, html: str) -> str:
    """Return HTML that is folded away under a title."""
    return f"<details><summary>{escape(title)}</summary>{html}</details>"


def html_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of texts, all but the first column to the right."""
    styles = ["", *[_RIGHT] * (len(heads) - 1)]
    head = "".join(f'<th style="{style}">{escape(text)}</th>' for text, style in zip(heads, styles, strict=True))
    lines = "".join(_line(list(cells), styles) for cells in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def _leading(comparison: Comparison) -> str:
    best = comparison.recommended
    styles = {name: f"{_RIGHT}; {_BEST if name == best else ''}" for name in comparison.plans}
    head = "".join(f'<th style="{style}">{escape(form.one_line(name))}</th>' for name, style in styles.items())
    lines = "".join(_of_row(label, cells, styles) for label, cells in leading_rows(comparison).items())
    return f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{lines}</tbody></table>"


def _of_row(label: str, cells: Mapping[str, str], styles: Mapping[str, str]) -> str:
    return _line([label, *cells.values()], ["", *(styles[name] for name in cells)])


def _line(texts: list[str], styles: list[str]) -> str:
    cells = [f'<td style="{style}">{escape(text)}</td>' for text, style in zip(texts, styles, strict=True)]
    return f"<tr>{''.join(cells)}</tr>"


def _picture(comparison: Comparison) -> str:
    from simulator.report.charts import CHARTS  # noqa: PLC0415  (matplotlib is imported when something is drawn)

    return picture_html(CHARTS["cost"](comparison), f"cost per month by plan: {comparison.scenario.name}")


def picture_html(figure: "Figure", title: str) -> str:
    """Return a figure as a picture in HTML."""
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=DPI)
    encoded = base64.b64encode(image.getvalue()).decode()
    size = f'width="{figure.get_figwidth() * SCREEN_DPI:.0f}" style="max-width: 100%; height: auto"'
    return f'<img alt="{escape(form.one_line(title), quote=True)}" {size} src="data:image/png;base64,{encoded}"/>'
