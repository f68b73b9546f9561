"""Report as one file of HTML, which needs no network."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.offline import get_plotlyjs
from pycocotools.coco import COCO

from mmdet_msrcnn.analysis.errors import KINDS
from mmdet_msrcnn.analysis.gallery import NOT_KEPT, listed
from mmdet_msrcnn.analysis.html_plots import plots
from mmdet_msrcnn.analysis.rank_gallery import draw_detection, draw_instance
from mmdet_msrcnn.analysis.report import Evaluation
from mmdet_msrcnn.analysis.report_markdown import (
    model_notes,
    model_table,
    report_sections,
)

TEMPLATE = 'report.html.jinja'
JPEG_QUALITY = 75
MAX_SIDE = 240


def to_html(
    report: dict,
    evaluations: Mapping[str, Evaluation],
    coco: COCO,
    galleries: Mapping[str, list[dict[str, Any]]],
    img_dir: Path | None,
) -> str:
    """Write a report in HTML.

    Args:
        report (dict): Content of ``report.json``.
        evaluations (Mapping[str, Evaluation]): Evaluations by model.
        coco (COCO): Ground truth.
        galleries (Mapping[str, list[dict]]): From :func:`gallery_rows`, by
            model.
        img_dir (Path, optional): Folder of the images; without it there are
            no pictures.

    Returns:
        str: The file.

    Raises:
        FileNotFoundError: If an image cannot be read.
    """
    environment = Environment(
        loader=PackageLoader(__package__, '.'),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    rows = []
    for model, gallery in galleries.items():
        for row in gallery:
            shown = dict(listed(row), model=model)
            if img_dir is not None:
                shown['picture'] = picture(coco, row, img_dir)
            rows.append(shown)
    return environment.get_template(TEMPLATE).render(
        models=model_table(report),
        notes=model_notes(report),
        sections=report_sections(report),
        errors=report['errors'],
        kinds=KINDS,
        not_kept=NOT_KEPT,
        plots={
            title: figure.to_html(
                full_html=False,
                include_plotlyjs=False,
                config=dict(responsive=True, displaylogo=False),
            )
            for title, figure in plots(evaluations).items()
        },
        plotly=get_plotlyjs(),
        gallery=as_script(rows),
        given=report['errors_at'] == 'given',
        has_pictures=img_dir is not None,
    )


def as_script(value: Any) -> str:
    """Write JSON that may stand in a script of HTML."""
    return json.dumps(value).replace('<', '\\u003c')


def picture(coco: COCO, row: dict, img_dir: Path) -> str:
    """Draw a row of the gallery.

    Args:
        coco (COCO): Ground truth.
        row (dict): From :func:`gallery_rows`.
        img_dir (Path): Folder of the images.

    Returns:
        str: JPEG as a data URL: the mask in red, instances in green.
    """
    draw = draw_instance if row['kind'] == 'missed' else draw_detection
    crop = draw(coco, row['source'], img_dir)
    scale = MAX_SIDE / max(crop.shape[:2])
    if scale < 1:
        crop = cv2.resize(
            crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA
        )
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    bgr = np.ascontiguousarray(crop[..., ::-1])
    _, content = cv2.imencode('.jpg', bgr, options)
    encoded = base64.b64encode(content.tobytes()).decode()
    return f'data:image/jpeg;base64,{encoded}'
