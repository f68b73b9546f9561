"""Faults of RoI heads, mask heads and their targets."""

CASCADE = 'test_models/test_roi_heads/test_cascade_mask_scoring_roi_head'
BASE = 'test_models/test_roi_heads/test_base_cascade_mask_scoring_roi_head'
MEAN = 'torch.stack([logits.sigmoid() for logits in mask_preds]).mean(0)'

MODELS = (
    (
        'models/roi_heads/stage_outputs.py',
        BASE,
        (
            (
                'mean-of-logits',
                MEAN,
                'torch.stack(mask_preds).mean(0).sigmoid()',
            ),
            ('last-stage-alone', MEAN, 'mask_preds[-1].sigmoid()'),
        ),
    ),
    (
        'models/roi_heads/cascade_mask_scoring_roi_head.py',
        f'{CASCADE} {BASE}',
        (
            (
                'earlier-stages-not-in-training',
                "[*earlier, mask_results['mask_preds']]",
                "[mask_results['mask_preds']]",
            ),
        ),
    ),
    (
        'models/roi_heads/base_cascade_mask_scoring_roi_head.py',
        BASE,
        (
            (
                'earlier-stages-not-in-test',
                "[r['mask_preds'] for r in results]",
                "[results[-1]['mask_preds']]",
            ),
            (
                'last-stage-pasted',
                'mask_preds=mean_probs(mask_preds)',
                'mask_preds=mean_probs(mask_preds[-1:])',
            ),
        ),
    ),
    (
        'models/roi_heads/base_mask_scoring_roi_head.py',
        'test_models/test_roi_heads/test_mask_scoring_roi_head',
        (
            (
                'mask-probs-detached',
                'return mask_feats, mean_probs(mask_preds)',
                'return mask_feats, mean_probs(mask_preds).detach()',
            ),
        ),
    ),
    (
        'models/targets/per_class_target.py',
        'test_models/test_targets/test_per_class_target',
        (
            (
                'present-iou-0.3',
                'PRESENT_IOU = 0.5',
                'PRESENT_IOU = 0.3',
            ),
            (
                'present-iou-not-reached-by-equal',
                'overlaps >= PRESENT_IOU',
                'overlaps > PRESENT_IOU',
            ),
        ),
    ),
    (
        'models/targets/mask_iou_target.py',
        'test_models/test_targets/test_mask_iou_target',
        (
            (
                'mask-iou-target-thr-not-reached-by-equal',
                'resampled >= mask_thr',
                'resampled > mask_thr',
            ),
        ),
    ),
    (
        'models/targets/mask_target.py',
        'test_models/test_targets/test_mask_target',
        (
            (
                'mask-target-thr-not-reached-by-equal',
                'means >= 0.5',
                'means > 0.5',
            ),
        ),
    ),
    (
        'models/mask_heads/mask_paste.py',
        'test_models/test_mask_heads/test_mask_paste',
        (
            (
                'paste-thr-not-reached-by-equal',
                'sampled[0, 0, 0] >= thr',
                'sampled[0, 0, 0] > thr',
            ),
        ),
    ),
    (
        'models/mask_heads/maskness.py',
        'test_models/test_mask_heads/test_maskness_head',
        (
            (
                'maskness-thr-not-reached-by-equal',
                'probs >= mask_thr',
                'probs > mask_thr',
            ),
        ),
    ),
    (
        'models/mask_heads/mask_iou_head.py',
        'test_models/test_mask_heads/test_mask_iou_head',
        (
            (
                'predicted-mask-iou-not-clamped',
                'return (preds.clamp(0, 1),)',
                'return (preds,)',
            ),
        ),
    ),
    (
        'models/detectors/frozen_two_stage.py',
        'test_models/test_detectors/test_frozen_two_stage',
        (
            (
                'frozen-rpn-proposal-not-used',
                "cfg=self.train_cfg.get('rpn_proposal', self.test_cfg.rpn)",
                'cfg=self.test_cfg.rpn',
            ),
        ),
    ),
    (
        'models/mask_heads/mask_fusion.py',
        'test_models/test_determinism',
        (
            (
                'adaptive-max-pool2d',
                'F.max_pool2d(mask_probs, kernel)',
                'F.adaptive_max_pool2d(mask_probs, mask_feats.shape[-2:])',
            ),
        ),
    ),
    (
        'models/test_time_augs/mask_scoring_tta.py',
        'test_models/test_test_time_augs/test_mask_scoring_tta',
        (
            (
                'tta-divides-by-zero-score',
                'torch.where(own > 0, merged.scores / own, 1)',
                'merged.scores / own',
            ),
            ('tta-limit-of-minus-1', 'if limit > 0', 'if limit != 0'),
            ('tta-limit-of-0', 'if limit > 0', 'if limit >= 0'),
        ),
    ),
    (
        'compat/mmcv_ops.py',
        'test_compat/test_mmcv_ops',
        (
            (
                'feats-of-roi-align-not-contiguous',
                'ops.roi_align(feats.contiguous(), ',
                'ops.roi_align(feats, ',
            ),
            (
                'rois-of-roi-align-not-contiguous',
                'rois.contiguous(), *args',
                'rois, *args',
            ),
            (
                'inputs-of-nms-not-contiguous',
                '(x.contiguous() for x in (boxes, scores, labels))',
                '(boxes, scores, labels)',
            ),
            (
                'feats-of-extractor-not-contiguous',
                'else x).contiguous()',
                'else x)',
            ),
            (
                'feats-of-extractor-stay-bfloat16',
                '(x.float() if x.dtype == torch.bfloat16 else x)',
                'x',
            ),
        ),
    ),
)
