"""Fonts for names in other scripts: what the machine has, else what the extra ``cjk`` brings."""

import functools
import importlib.util
from dataclasses import replace
from pathlib import Path

from matplotlib.font_manager import FontProperties, fontManager, get_font

LATIN = "DejaVu Sans"
"""Comes with matplotlib: Latin, Greek, Cyrillic and signs."""
WIDE_SCRIPTS = (
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR", "Noto Sans CJK TC", "Source Han Sans SC"),
    *("Noto Sans SC", "Noto Sans JP", "Noto Sans KR", "Noto Sans TC"),
    *("PingFang SC", "Hiragino Sans", "Hiragino Sans GB", "Apple SD Gothic Neo", "Heiti TC", "Arial Unicode MS"),
    *("Microsoft YaHei", "Yu Gothic", "Meiryo", "Malgun Gothic", "SimHei", "MS Gothic"),
    *("WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Droid Sans Fallback", "IPAexGothic", "NanumGothic", "Unifont"),
)
"""Fonts with Chinese, Japanese or Korean letters that systems come with, those with most of them first."""
BROUGHT = Path("fonts", "NotoSansCJKsc-Regular.otf")
"""What the extra brings, inside its package."""
REMEDY = "pip install 'predcost[cjk]'"
BOLD = 700
_FIRST_OF_OTHERS = 0x0590
"""Letters before this one are in the font that comes with matplotlib."""


def families(text: str) -> tuple[str, ...]:
    """Return the font families that a text needs, in the order in which a letter is looked for."""
    return (LATIN, *_others()) if any(ord(letter) >= _FIRST_OF_OTHERS for letter in text) else (LATIN,)


def note_on_boxes(text: str) -> str:
    """Return a note where a text has letters that none of its fonts has, which are drawn as boxes; else nothing."""
    wanted = {ord(letter) for letter in text if ord(letter) >= _FIRST_OF_OTHERS}
    if not wanted or wanted <= set().union(*(_letters(family) for family in families(text))):
        return ""
    remedy = "" if _brought() else f"; {REMEDY} brings Chinese, Japanese and Korean ones"
    return f"boxes stand for letters that no font here has{remedy}"


@functools.cache
def _others() -> tuple[str, ...]:
    """Return the fonts with other letters that are here."""
    here = {font.name for font in fontManager.ttflist}
    found = tuple(name for name in WIDE_SCRIPTS if name in here)
    brought = _brought()
    if not found and brought is not None:
        fontManager.addfont(brought)
        found = (FontProperties(fname=brought).get_name(),)
    for name in found:
        _serve_as_bold(name)
    return found


def _serve_as_bold(family: str) -> None:
    """Let a family without bold letters stand for them, or every title would have matplotlib warn of it."""
    fonts = [font for font in fontManager.ttflist if font.name == family]
    if not any(font.weight == BOLD for font in fonts):
        fontManager.ttflist += [replace(font, weight=BOLD) for font in fonts]


def _brought() -> Path | None:
    package = importlib.util.find_spec("mplfonts")  # found, not imported: its import would change matplotlib's settings
    for folder in (package.submodule_search_locations or ()) if package is not None else ():
        if (path := Path(folder) / BROUGHT).is_file():
            return path
    return None


@functools.cache
def _letters(family: str) -> frozenset[int]:
    path = fontManager.findfont(FontProperties(family=[family]), fallback_to_default=True)
    return frozenset(get_font(path).get_charmap())
