"""Mutations of ``tests/mutations.py``.

Each table holds rows of a file in ``mmdet_msrcnn``, the names of its nearest
tests in ``tests``, separated by spaces, and its mutations: name, old text and
new text.
"""

from tests.mutation_tables.any_model import ANY_MODEL
from tests.mutation_tables.evaluation import EVALUATION
from tests.mutation_tables.export import EXPORT
from tests.mutation_tables.mask_rcnn import MASK_RCNN
from tests.mutation_tables.matching import MATCHING
from tests.mutation_tables.models import MODELS
from tests.mutation_tables.results import RESULTS
from tests.mutation_tables.scores import SCORES
from tests.mutation_tables.training import TRAINING

TABLES = (
    MODELS,
    SCORES,
    ANY_MODEL,
    EVALUATION,
    MATCHING,
    TRAINING,
    EXPORT,
    RESULTS,
    MASK_RCNN,
)
