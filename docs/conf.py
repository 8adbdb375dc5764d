"""Settings of the site. `./check --docs` builds it, from the pages in this folder, the scripts in examples/, the
docstrings of the Python package and the help of the program."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE / "_ext"), str(ROOT / "python")]

import attractor  # noqa: E402

highlight_language = "none"
project = "attractor"
author = "the authors of attractor"
copyright = "the authors of attractor"
version = release = attractor.__version__
language = "en"
html_title = "attractor (associative memory)"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "commands",
    "docstrings",
    "gallery",
    "links",
    "mathml",
    "rustdoc",
    "words",
]
exclude_patterns = [
    "_ext",
    "_static",
    "_templates",
    "gallery/**/*.ipynb",
    "gallery/sg_execution_times.rst",
    "sg_execution_times.rst",
]
suppress_warnings = ["config.cache"]
templates_path = ["_templates"]
# The explorer, as `attractor explore` writes it.
html_extra_path = [str(ROOT / "crates" / "attractor-session" / "assets" / "explorer.html")]
nitpicky = False

# Pages.
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath"]
# Dashes only: quotes are often code.
smartquotes_action = "De"
myst_heading_anchors = 4
# `$` begins a formula only where it touches one.
myst_dmath_allow_space = False
myst_dmath_allow_digits = False

# Python.
autosummary_generate = True
# PyTorch is gigabytes, and only its classes are subclassed.
autodoc_mock_imports = ["torch"]
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
add_module_names = False

# The gallery.
sphinx_gallery_conf = {
    "examples_dirs": str(ROOT / "examples"),
    "gallery_dirs": "gallery",
    "filename_pattern": r"[\\/]plot_",
    "within_subsection_order": "gallery.Order",
    "reset_modules": ("gallery.reset",),
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 60.0,
    "remove_config_comments": True,
    "image_scrapers": ("matplotlib",),
    "plot_gallery": os.environ.get("GALLERY", "True"),
}

# The look. Everything comes with the pages: no web font, no script from elsewhere.
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
pygments_style = "friendly"
pygments_dark_style = "github-dark"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
html_theme_options = {
    "navigation_with_keys": True,
    "light_css_variables": {
        "color-brand-primary": "#0b5f8a",
        "color-brand-content": "#0b5f8a",
        "color-brand-visited": "#0b5f8a",
    },
    "dark_css_variables": {
        "color-brand-primary": "#7cc4ec",
        "color-brand-content": "#7cc4ec",
        "color-brand-visited": "#7cc4ec",
    },
}
