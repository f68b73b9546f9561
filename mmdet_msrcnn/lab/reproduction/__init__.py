from mmdet_msrcnn.lab.reproduction.page import fill_page
from mmdet_msrcnn.lab.reproduction.paper import TABLES, Row, Table
from mmdet_msrcnn.lab.reproduction.protocols import PROTOCOLS, Recipe
from mmdet_msrcnn.lab.reproduction.render import (
    table_cells,
    to_csv,
    to_markdown,
)
from mmdet_msrcnn.lab.reproduction.runs import Run, execute, write_submission

__all__ = [
    'PROTOCOLS',
    'TABLES',
    'Recipe',
    'Row',
    'Run',
    'Table',
    'execute',
    'fill_page',
    'table_cells',
    'to_csv',
    'to_markdown',
    'write_submission',
]
