"""Configs of data sets."""


def inner_data_set(dataset: dict) -> dict:
    """Take a data set out of its wrappers, such as RepeatDataset."""
    while 'ann_file' not in dataset and 'dataset' in dataset:
        dataset = dataset['dataset']
    return dataset
