"""Faults of a mask score for any model."""

DETECTORS = 'test_models/test_detectors'

ANY_MODEL = (
    (
        'models/detectors/mask_scored_detector.py',
        f'{DETECTORS}/test_mask_scored_detector '
        f'{DETECTORS}/test_mask_scored_loading',
        (
            (
                'sync-bn-kept',
                'wrapped = revert_sync_batchnorm(wrapped)',
                '',
            ),
        ),
    ),
    (
        'models/detectors/frozen_detector.py',
        f'{DETECTORS}/test_frozen_detector '
        f'{DETECTORS}/test_mask_scored_detector',
        (
            (
                'detector-trained-too',
                'self.requires_grad_(False)',
                'self.requires_grad_(True)',
            ),
            (
                'detector-in-train-mode',
                'super().train(False)',
                'super().train(mode)',
            ),
        ),
    ),
    (
        'models/detectors/checkpoint_names.py',
        f'{DETECTORS}/test_checkpoint_names',
        (
            (
                'last-weights-of-old-files',
                'if not name.startswith(UNUSED)',
                'if True',
            ),
        ),
    ),
    (
        'models/detectors/scorer_inputs.py',
        f'{DETECTORS}/test_scorer_inputs '
        f'{DETECTORS}/test_mask_scored_detector',
        (
            (
                'detections-at-the-original-size',
                ', scale_factor=(1.0, 1.0)',
                '',
            ),
            ('flip-kept-in-training', ', flip=False', ''),
            (
                'rois-at-the-original-size',
                'image_boxes * image_boxes.new_tensor(scale).repeat(2)',
                'image_boxes',
            ),
        ),
    ),
    (
        'models/detectors/pyramids.py',
        f'{DETECTORS}/test_pyramids',
        (
            (
                'coarsest-first',
                'return (mask_feats, *reversed(memories))',
                'return (mask_feats, *memories)',
            ),
            ('hook-left-behind', 'handle.remove()', 'pass'),
        ),
    ),
    (
        'models/targets/whole_masks.py',
        'test_models/test_targets/test_whole_masks',
        (
            (
                'boxes-of-the-detector-overwritten',
                '.float().clone()',
                '.float()',
            ),
            (
                'infinite-boxes-kept',
                'empty = ~finite | (',
                'empty = (',
            ),
            (
                'area-inside-the-window',
                'unions = areas + gt_masks.areas[gt_inds] - overlaps',
                'unions = areas',
            ),
        ),
    ),
)
