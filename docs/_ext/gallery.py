"""The order and the look of the gallery."""

from __future__ import annotations

from typing import Any

#: The scripts, from the first that a reader should see.
SCRIPTS = [
    "plot_landscape",
    "plot_one_knob",
    "plot_complete",
    "plot_displays",
    "plot_trace",
    "plot_sequence",
    "plot_posterior",
    "plot_how_many",
    "plot_false_memories",
    "plot_hebb_and_pseudo_inverse",
    "plot_dreaming",
    "plot_similarity",
    "plot_reject",
    "plot_embeddings",
    "plot_copies",
    "plot_local_dimension",
    "plot_pieces",
    "plot_gist",
    "plot_forming",
    "plot_replay",
    "plot_own_denoiser",
    "plot_steps",
    "plot_table1",
]

#: The colours of Okabe & Ito, which readers with any kind of colour vision can tell apart.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]


class Order:
    """Sorts the scripts as `SCRIPTS` does."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __call__(self, file: str) -> int:
        return SCRIPTS.index(file.removesuffix(".py"))

    def __repr__(self) -> str:
        return "<Order>"


def reset(_conf: Any, _file: str) -> None:
    """Gives every script the same look."""
    import matplotlib.pyplot as plt

    plt.rcParams.update(
        {
            "figure.dpi": 110,
            "savefig.dpi": 150,
            "figure.constrained_layout.use": True,
            "axes.prop_cycle": plt.cycler(color=COLOURS),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "legend.frameon": False,
            "font.size": 10,
        }
    )


def setup(app: Any) -> dict[str, Any]:
    return {"parallel_read_safe": True, "parallel_write_safe": True}
