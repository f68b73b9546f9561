"""Samplers of data loaders."""

from typing import cast

from torch.utils.data import BatchSampler, DataLoader, Sampler


def image_sampler(loader: DataLoader) -> Sampler:
    """Return the sampler that shuffles the images and splits them over ranks.

    Args:
        loader (DataLoader): Loader of the training data. With a batch sampler
            such as AspectRatioBatchSampler, ``loader.sampler`` is torch's
            default, in the order of the files.

    Returns:
        Sampler: That of the config.
    """
    batches = loader.batch_sampler
    found = batches if isinstance(batches, BatchSampler) else loader
    return cast(Sampler, found.sampler)
