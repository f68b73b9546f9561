"""Functions that read configs of data sets."""

from collections.abc import Iterator


def inner_data_set(dataset: dict) -> dict:
    """Return the data set inside wrappers such as RepeatDataset."""
    while 'ann_file' not in dataset and 'dataset' in dataset:
        dataset = dataset['dataset']
    return dataset


def inner_data_sets(dataset: dict) -> Iterator[dict]:
    """List all data sets inside wrappers, including ConcatDataset.

    Args:
        dataset (dict): Config of a data set.

    Yields:
        dict: Each config with an annotation file.
    """
    if 'ann_file' in dataset:
        yield dataset
        return
    for inner in dataset.get('datasets', ()):
        yield from inner_data_sets(inner)
    if 'dataset' in dataset:
        yield from inner_data_sets(dataset['dataset'])


def pipelines_of(dataset: dict) -> Iterator[list[dict]]:
    """List the pipelines of a data set and of the data sets inside it.

    Args:
        dataset (dict): Config of a data set, with or without wrappers.

    Yields:
        list[dict]: Each pipeline, to be changed in place.
    """
    if 'pipeline' in dataset:
        yield dataset['pipeline']
    for inner in dataset.get('datasets', ()):
        yield from pipelines_of(inner)
    if isinstance(dataset.get('dataset'), dict):
        yield from pipelines_of(dataset['dataset'])


def transform_name(step: dict) -> str:
    """Return the name of a transform without its scope."""
    return step['type'].rsplit('.', 1)[-1]
