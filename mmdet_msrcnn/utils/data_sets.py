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
