"""The sampler of the images, with and without a batch sampler."""

from mmdet.datasets.samplers import AspectRatioBatchSampler
from mmengine.dataset import DefaultSampler
from torch.utils.data import DataLoader

from mmdet_msrcnn.utils.samplers import image_sampler


def test_it_is_that_of_the_config_with_a_batch_sampler_too():
    sampler = DefaultSampler(range(40), shuffle=True, seed=0)
    batches = AspectRatioBatchSampler(sampler, batch_size=4)
    loaders = (
        DataLoader(range(40), batch_sampler=batches),
        DataLoader(range(40), 4, sampler=sampler),
    )
    for loader in loaders:
        assert image_sampler(loader) is sampler
