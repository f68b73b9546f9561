"""Faults of MS R-CNN+, which learns the mask score on its detections."""

ROI_HEAD = 'test_models/test_roi_heads/test_detection_scoring'
STANDARD = 'test_models/test_roi_heads/test_standard_mask_scoring_roi_head'
HEADS = 'test_models/test_mask_heads'
HEAD = f'{HEADS}/test_mask_score_head'

SCORES = (
    (
        'models/mask_heads/mask_score_head.py',
        f'{HEAD} {ROI_HEAD}',
        (
            (
                'crowds-in-loss-iou',
                'mask_iou_preds, ious, weight=trained, ',
                'mask_iou_preds, ious, weight=trained | True, ',
            ),
            (
                'crowds-in-loss-score',
                'weight=trained.float()',
                'weight=None',
            ),
            (
                'crowds-in-mean-target',
                '(ious * trained).sum()',
                'ious.sum()',
            ),
            (
                'learned-head-mask-iou-not-clamped',
                'return mask_ious.clamp(0, 1), ',
                'return mask_ious, ',
            ),
        ),
    ),
    (
        'models/mask_heads/relations.py',
        f'{HEADS}/test_relations {HEADS}/test_mask_relation_head',
        (
            (
                'neighbours-of-other-images',
                'images[:, None] == images, -1',
                'images[:, None] == images, closeness',
            ),
            (
                'neighbours-by-distance-alone',
                'bbox_overlaps(boxes, boxes) + NEARNESS',
                'NEARNESS',
            ),
            (
                'relations-of-neighbours-that-are-none',
                '~valid[..., None], float',
                'valid[..., None] & False, float',
            ),
            (
                'masks-of-pairs-in-the-own-box',
                '- centers[inds][..., axis, None]',
                '- centers[:, None, axis, None]',
            ),
        ),
    ),
    (
        'models/mask_heads/mask_relation_head.py',
        f'{HEADS}/test_mask_relation_head',
        (
            (
                'images-not-told-apart',
                '(positions[:, 0] == 0).cumsum(0)',
                'positions[:, 0] * 0',
            ),
            (
                'relations-left-out',
                'self.fc_correction(x) + self.fc_relation(self.norm(y))',
                'self.fc_correction(x)',
            ),
        ),
    ),
    (
        'models/targets/detection_target.py',
        f'{HEAD} {ROI_HEAD} test_models/test_targets/test_detection_target',
        (
            (
                'iou-of-unassigned',
                'mask_ious * (gt_inds >= 0)',
                'mask_ious',
            ),
            (
                'class-score-not-clamped',
                'scores.clamp(LOWEST, HIGHEST).logit()',
                'scores.logit()',
            ),
            (
                'threshold-not-reached-by-equal',
                'mask_ious[:, None] >= mask_ious.new_tensor',
                'mask_ious[:, None] > mask_ious.new_tensor',
            ),
            (
                'cover-not-reached-by-equal',
                'cover.amax(dim=1) >= min_cover',
                'cover.amax(dim=1) > min_cover',
            ),
            (
                'ignored-regions-need-labels',
                "ignored.get('labels')",
                'ignored.labels',
            ),
        ),
    ),
    (
        'models/roi_heads/detection_scoring.py',
        f'{ROI_HEAD} test_models/test_scales',
        (
            (
                'training-detections-rescaled',
                'rescale=False',
                'rescale=True',
            ),
        ),
    ),
    (
        'models/roi_heads/stage_outputs.py',
        STANDARD,
        (
            (
                'context-of-logits',
                'cls_score.softmax(dim=1).gather',
                'cls_score.gather',
            ),
        ),
    ),
)
