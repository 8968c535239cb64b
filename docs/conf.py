"""Sphinx: the guide in MyST, the C interface from the headers through Doxygen, the Python one from its docstrings."""

import subprocess
from pathlib import Path

HERE = Path(__file__).parent
XML = HERE.parent / "build" / "doxygen" / "xml"

XML.mkdir(parents=True, exist_ok=True)
subprocess.run(["doxygen", "Doxyfile"], cwd=HERE, check=True)

project = "libnowcast"
copyright = "the libnowcast authors, BSD-3-Clause"
release = (HERE.parent / "VERSION").read_text().strip()
extensions = ["myst_parser", "breathe", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
source_suffix = {".md": "markdown"}
html_theme = "furo"
html_static_path = ["_static"]
breathe_projects = {"nowcast": str(XML)}
breathe_default_project = "nowcast"
breathe_domain_by_extension = {"h": "c"}
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False
myst_heading_anchors = 3
nitpicky = False
