"""Faults of figures, and arguments that change."""

RANKED = 'test_evaluation/test_ranked_coco_eval'
FUNCTIONAL = 'test_evaluation/test_functional'
COCO_EVAL = 'test_evaluation/test_coco_eval'
GROUND_TRUTH = 'test_evaluation/test_ground_truth'
METRIC = 'test_evaluation/test_mask_scoring_metric'
FOREGROUND = 'test_evaluation/test_foreground'
CAMOUFLAGE = 'test_evaluation/test_camouflage_metric'

EVALUATION = (
    (
        'evaluation/ranked_coco_eval.py',
        RANKED,
        (
            (
                'crowds-are-instances',
                "[not gt['iscrowd'] for gt in self._gts[key]]",
                '[True for _ in self._gts[key]]',
            ),
            (
                'iou-with-crowds',
                "[int(g['iscrowd']) for g in gts]",
                '[0 for _ in gts]',
            ),
            (
                'oracle-of-predicted-mask-iou',
                "det['score'] * det['true_iou']",
                "det['score'] * det.get('mask_iou', 0)",
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
                'coco_gt = copy_ground_truth(coco_gt)\n',
                '\n',
            ),
        ),
    ),
    (
        'evaluation/coco_eval.py',
        COCO_EVAL,
        (
            (
                'ground-truth-of-boxes-not-copied',
                '    coco_gt = copy_ground_truth(coco_gt)\n',
                '',
            ),
            (
                'loaded-detections-not-copied',
                '[{name: det[name] for name in names} for det in detections]',
                'detections',
            ),
            (
                'predicted-boxes-not-copied',
                "np.array(pred['bboxes'])",
                "np.asarray(pred['bboxes'])",
            ),
            (
                'parameters-of-recall-stay',
                '    coco_eval.params = params\n    return coco_eval.eval[',
                '    return coco_eval.eval[',
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
                'bootstrap-counts-ignored',
                "~np.concatenate([e['dtIgnore'] for _, e in found], axis=1)",
                'np.ones_like(matched)',
            ),
            (
                'bootstrap-counts-crowds-as-instances',
                "np.sum(e['gtIgnore'] == 0)",
                "len(e['gtIgnore'])",
            ),
            (
                'bootstrap-of-classes-without-instance',
                '            if counts @ ranked[0]\n',
                '',
            ),
            (
                'bootstrap-minus-1-for-nan',
                """        if not tables:
            return float('nan')""",
                """        if not tables:
            return -1.0""",
            ),
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
