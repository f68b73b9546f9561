"""Figures that are written to files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mmdet_msrcnn.utils.io import atomic_path


@contextmanager
def saved_figure(
    path: str | Path, size: tuple[float, float], dpi: int
) -> Iterator[Figure]:
    """Make a figure and write it when the block succeeds.

    Args:
        path (str or Path): PNG or JPEG file to write.
        size (tuple[float, float]): Width and height in inches.
        dpi (int): Pixels per inch.

    Yields:
        Figure: The figure, without a window.
    """
    figure = Figure(figsize=size, layout='constrained')
    FigureCanvasAgg(figure)
    yield figure
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=dpi)
