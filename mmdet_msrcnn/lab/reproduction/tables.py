"""All tables by the names that ``tools/reproduce_tables.py`` takes."""

from mmdet_msrcnn.lab.reproduction.own_tables import OWN_TABLES
from mmdet_msrcnn.lab.reproduction.paper_tables import PAPER_TABLES

TABLES = PAPER_TABLES | OWN_TABLES
