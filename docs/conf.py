"""Sphinx: the guide in MyST, notebooks run as the site is made, the C interface from the headers through Doxygen, the
Python one from its docstrings.
"""

import os
import subprocess
from pathlib import Path
from typing import Any

import latex2mathml.converter
from docutils import nodes

HERE = Path(__file__).parent
XML = HERE.parent / "build" / "doxygen" / "xml"

XML.mkdir(parents=True, exist_ok=True)
subprocess.run(["doxygen", "Doxyfile"], cwd=HERE, check=True)

project = "libnowcast"
copyright = "the libnowcast authors, BSD-3-Clause"
release = (HERE.parent / "VERSION").read_text().strip()
extensions = ["myst_nb", "breathe", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
os.environ.pop("NOWCAST_TEST_DATA", None)  # what the site shows is made up
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_merge_streams = True
myst_enable_extensions = ["dollarmath"]
html_math_renderer = "mathml"
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["equations.css"]
breathe_projects = {"nowcast": str(XML)}
breathe_default_project = "nowcast"
breathe_domain_by_extension = {"h": "c"}
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_param = False  # types are words, "(time, y, x) DataArray": no links to be made of them
napoleon_use_rtype = False
myst_heading_anchors = 3
nitpicky = False


def _inline(writer: Any, node: Any) -> None:
    writer.body.append(latex2mathml.converter.convert(node.astext()))
    raise nodes.SkipNode


def _display(writer: Any, node: Any) -> None:
    writer.body.append(latex2mathml.converter.convert(node.astext(), display="block"))
    raise nodes.SkipNode


def setup(app: Any) -> None:
    """Equations as MathML, which browsers draw without scripts or a network."""
    app.add_html_math_renderer("mathml", (_inline, None), (_display, None))
