"""How the website is built: `make docs`, which leaves it in docs/_build/html."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "predcost"
copyright = "the authors of predcost, Apache-2.0"  # noqa: A001
release = version = version_of("predcost")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "generated"]
exclude_patterns = ["_build"]

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 4

nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]  # types of other packages, and of what is no part of the interface

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_default_options = {"show-inheritance": False}
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 80
napoleon_google_docstring = False
napoleon_use_rtype = False
add_module_names = False

html_theme = "pydata_sphinx_theme"
html_title = "predcost"
templates_path = ["_templates"]
html_sidebars = {"**": ["navigation.html"]}
html_static_path = ["_static"]
html_css_files = ["predcost.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "navbar_center": [],
    "navbar_align": "left",
    "secondary_sidebar_items": ["page-toc"],
    "navigation_with_keys": False,
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
}
