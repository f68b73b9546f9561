"""All proposals that a sampler can draw as positives."""

from mmdet.models.roi_heads import StandardRoIHead
from mmdet.models.task_modules.samplers import RandomSampler, SamplingResult
from mmdet.utils import InstanceList

from mmdet_msrcnn.models.roi_heads.sample_proposals import sample_proposals


def max_positives(roi_head: StandardRoIHead) -> int:
    """Return how many positives of an image a RoI head samples at most.

    Args:
        roi_head (:obj:`StandardRoIHead`): RoI head in training.

    Returns:
        int: The number.

    Raises:
        TypeError: If the sampler is not mmdet's RandomSampler.
    """
    sampler = roi_head.bbox_sampler
    if type(sampler) is not RandomSampler:
        raise TypeError(
            f'train_cfg.rcnn.sampler is {type(sampler).__name__}. Only the '
            'positives of RandomSampler can be drawn again from a cache.'
        )
    return int(sampler.num * sampler.pos_fraction)


def all_positives(
    roi_head: StandardRoIHead,
    rpn_results_list: InstanceList,
    batch_gt_instances: InstanceList,
    batch_gt_instances_ignore: InstanceList,
) -> list[SamplingResult]:
    """Assign proposals to the ground truth and keep all positives.

    Args:
        roi_head (:obj:`StandardRoIHead`): RoI head in training.
        rpn_results_list (list[:obj:`InstanceData`]): Region proposals.
        batch_gt_instances (list[:obj:`InstanceData`]): Ground truth.
        batch_gt_instances_ignore (list[:obj:`InstanceData` or None]): Ignored
            regions.

    Returns:
        list[:obj:`SamplingResult`]: Positives of each image, no negatives.
        The RoI head's own sampler draws from these at random.
    """
    own = roi_head.bbox_sampler
    sampler = RandomSampler(
        num=1 << 30,
        pos_fraction=1.0,
        neg_pos_ub=0,
        add_gt_as_proposals=own.add_gt_as_proposals,
    )
    return sample_proposals(
        roi_head.bbox_assigner,
        sampler,
        None,
        rpn_results_list,
        batch_gt_instances,
        batch_gt_instances_ignore,
    )
