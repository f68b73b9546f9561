from mmdet_msrcnn.lab.reproduction.cells import fill_table
from mmdet_msrcnn.lab.reproduction.page import fill_page, table_of
from mmdet_msrcnn.lab.reproduction.paper import Row, Table
from mmdet_msrcnn.lab.reproduction.protocols import PROTOCOLS, Recipe
from mmdet_msrcnn.lab.reproduction.render import (
    to_csv,
    to_markdown,
)
from mmdet_msrcnn.lab.reproduction.runs import Run, execute, write_submission
from mmdet_msrcnn.lab.reproduction.tables import TABLES

__all__ = [
    'PROTOCOLS',
    'TABLES',
    'Recipe',
    'Row',
    'Run',
    'Table',
    'execute',
    'fill_page',
    'fill_table',
    'table_of',
    'to_csv',
    'to_markdown',
    'write_submission',
]
