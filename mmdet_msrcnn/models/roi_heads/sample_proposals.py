"""Assignment and sampling of region proposals, apart from a RoI head."""

from mmdet.models.task_modules.assigners import BaseAssigner
from mmdet.models.task_modules.samplers import BaseSampler, SamplingResult
from mmdet.utils import InstanceList
from mmengine.structures import InstanceData
from torch import Tensor


def sample_proposals(
    assigner: BaseAssigner,
    sampler: BaseSampler,
    x: tuple[Tensor, ...] | None,
    rpn_results_list: InstanceList,
    batch_gt_instances: InstanceList,
    batch_gt_instances_ignore: InstanceList,
) -> list[SamplingResult]:
    """Assign proposals to the ground truth and sample them, as mmdet does.

    Args:
        assigner (:obj:`BaseAssigner`): Assigner of a RoI head.
        sampler (:obj:`BaseSampler`): Sampler of a RoI head.
        x (tuple[Tensor], optional): Multi-level features, which some samplers
            read.
        rpn_results_list (list[:obj:`InstanceData`]): Region proposals; not
            changed.
        batch_gt_instances (list[:obj:`InstanceData`]): Ground truth.
        batch_gt_instances_ignore (list[:obj:`InstanceData` or None]): Ignored
            regions.

    Returns:
        list[:obj:`SamplingResult`]: Samples of each image.
    """
    results = []
    for i, (proposals, gt, ignored) in enumerate(
        zip(
            rpn_results_list,
            batch_gt_instances,
            batch_gt_instances_ignore,
            strict=True,
        )
    ):
        priors = InstanceData(priors=proposals.bboxes)
        assigned = assigner.assign(priors, gt, ignored)
        feats = x and [level[i][None] for level in x]
        results.append(sampler.sample(assigned, priors, gt, feats=feats))
    return results
