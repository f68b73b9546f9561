"""Faults of figures, and arguments that change."""

MASKS = 'test_evaluation/test_mask_evaluation'
FUNCTIONAL = 'test_evaluation/test_functional'
DETECTIONS = 'test_evaluation/test_detections'
GROUND_TRUTH = 'test_evaluation/test_ground_truth'
METRIC = 'test_evaluation/test_mask_scoring_metric'
FOREGROUND = 'test_evaluation/test_foreground'
CAMOUFLAGE = 'test_evaluation/test_camouflage_metric'

EVALUATION = (
    (
        'evaluation/mask_evaluation.py',
        MASKS,
        (
            (
                'oracle-of-predicted-mask-iou',
                "'oracle_score', scores * true_ious",
                "'oracle_score', scores * self.column('mask_iou')",
            ),
            (
                'detections-not-copied',
                """[
            {key: det[key] for key in det if key not in COMPUTED}
            for det in detections
        ]""",
                'detections',
            ),
            (
                'ground-truth-of-masks-not-copied',
                'self.coco = copy_ground_truth(coco_gt)',
                'self.coco = coco_gt',
            ),
            (
                'rankings-of-old-scores',
                'known is None or not np.array_equal(known[0], scores)',
                'known is None',
            ),
        ),
    ),
    (
        'evaluation/detections.py',
        DETECTIONS,
        (
            (
                'predicted-boxes-not-copied',
                "np.array(pred['bboxes'], float)",
                "np.asarray(pred['bboxes'], float)",
            ),
            (
                'boxes-in-single-precision',
                "np.array(pred['bboxes'], float)",
                "np.array(pred['bboxes'])",
            ),
        ),
    ),
    (
        'evaluation/ground_truth.py',
        GROUND_TRUTH,
        (
            ('ids-from-0', 'start=1', 'start=0'),
            (
                'ground-truth-changed-in-place',
                'copied = copy.copy(coco)',
                'copied = coco',
            ),
        ),
    ),
    (
        'analysis/bootstrap.py',
        'test_analysis/test_bootstrap',
        (
            (
                'interval-of-undefined',
                '    defined = defined[~np.isnan(defined)]\n',
                '',
            ),
        ),
    ),
    (
        'evaluation/functional.py',
        FUNCTIONAL,
        (
            (
                'no-gain-is-share-0',
                """    if not possible > 0:
        return float('nan')""",
                """    if not possible > 0:
        return 0.0""",
            ),
        ),
    ),
    (
        'evaluation/foreground.py',
        FOREGROUND,
        (
            (
                'last-mask-on-top',
                'np.maximum(found, score, out=found, where=mask)',
                'found[mask] = score',
            ),
            (
                'truth-is-the-last-instance',
                'found |= coco.annToMask',
                'found = coco.annToMask',
            ),
            ('maps-keep-their-lowest-value', '(foreground - low) /', 'low /'),
            (
                'maximum-of-each-image',
                "np.mean([image['e_curve'] for image in images], axis=0)",
                "np.max([image['e_curve'] for image in images], axis=0)",
            ),
            (
                'nan-is-a-score',
                '~((scores >= 0) & (scores <= 1))',
                'scores > 1',
            ),
        ),
    ),
    (
        'evaluation/camouflage_metric.py',
        CAMOUFLAGE,
        (
            (
                'class-score-is-the-ranking-of-the-model',
                "sample_by_class_score(sample)['pred_instances']",
                "sample['pred_instances']",
            ),
            ('never-stretched', 'if self.stretch:', 'if False:'),
            (
                'maps-by-class-score-alone',
                "MASK_SCORE: 'mask_scores'",
                "MASK_SCORE: 'scores'",
            ),
        ),
    ),
    (
        'evaluation/mask_scoring_metric.py',
        METRIC,
        (
            (
                'predicted-masks-not-copied',
                '[dict(rle) for rle in result',
                '[rle for rle in result',
            ),
            (
                'annotations-not-copied',
                "copy.deepcopy(gt['anns'])",
                "gt['anns']",
            ),
        ),
    ),
)
