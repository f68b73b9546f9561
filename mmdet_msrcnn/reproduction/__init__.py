from mmdet_msrcnn.reproduction.page import fill_page
from mmdet_msrcnn.reproduction.paper import TABLES, Row, Table
from mmdet_msrcnn.reproduction.protocols import PROTOCOLS, Recipe
from mmdet_msrcnn.reproduction.render import table_cells, to_csv, to_markdown
from mmdet_msrcnn.reproduction.runs import Run, execute, write_submission

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
