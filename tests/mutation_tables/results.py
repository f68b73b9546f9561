"""Faults of what reads the results: rankings, thresholds, errors."""

ROI_HEAD = 'test_models/test_roi_heads/test_base_mask_scoring_roi_head'
TTA = 'test_models/test_test_time_augs/test_mask_scoring_tta'

RESULTS = (
    (
        'lab/reproduction/results.py',
        'test_lab/test_reproduction/test_results',
        (
            (
                'maps-of-any-ranking',
                'if key.startswith(prefix)',
                "if 'camouflage' in key",
            ),
        ),
    ),
    (
        'utils/rank_by.py',
        'test_utils/test_rank_by',
        (
            (
                'ranked-twice',
                "results.get('class_scores', results.scores)",
                'results.scores',
            ),
            (
                'rising-order',
                'mask_scores.argsort(descending=True, stable=True)',
                'mask_scores.argsort(stable=True)',
            ),
            (
                'scores-share-memory',
                'results.mask_scores.clone()',
                'results.mask_scores',
            ),
            (
                'given-detections-changed',
                'results = results.new()\n',
                '',
            ),
        ),
    ),
    (
        'models/roi_heads/base_mask_scoring_roi_head.py',
        ROI_HEAD,
        (
            (
                'masks-keep-their-order',
                'logits[order]\n',
                'logits\n',
            ),
        ),
    ),
    (
        'models/test_time_augs/mask_scoring_tta.py',
        TTA,
        (
            (
                'views-merged-by-mask-score',
                'by_class_score(s.pred_instances) for s in data_samples',
                's.pred_instances for s in data_samples',
            ),
        ),
    ),
    (
        'evaluation/mask_scoring_metric.py',
        'test_evaluation/test_mask_scoring_metric',
        (
            (
                'boxes-by-mask-score',
                'list(map(sample_by_class_score, data_samples))',
                'list(data_samples)',
            ),
        ),
    ),
    (
        'evaluation/matches.py',
        'test_evaluation/test_matches test_evaluation/test_operating_points',
        (
            (
                'ignored-detections-count',
                'counted[candidates] = ranked.counted[:, 0, t]',
                'counted[candidates] = True',
            ),
            (
                'ignored-instances-count',
                'kept = ~overlaps.ignored[:, 0]',
                'kept = overlaps.ignored[:, 0] | True',
            ),
        ),
    ),
    (
        'evaluation/operating_points.py',
        'test_evaluation/test_operating_points',
        (
            (
                'a-part-of-equal-scores',
                'scores[1:] < scores[:-1]',
                'scores[1:] <= scores[:-1]',
            ),
            (
                'threshold-itself-is-dropped',
                'matches.scores >= threshold',
                'matches.scores > threshold',
            ),
            (
                'lrp-of-all-detections',
                'distance[i] / true[i]',
                'distance[i] / kept[i]',
            ),
            (
                'resamples-ignored',
                'weights = counts[matches.images[kept]]',
                'weights = np.ones(kept.sum())',
            ),
        ),
    ),
    (
        'analysis/score_thresholds.py',
        'test_analysis/test_score_thresholds',
        (
            (
                'classes-without-instances-count',
                'if not np.isnan(value)]',
                'if value >= 0 or True]',
            ),
            (
                'pooled-scores-not-sorted',
                "np.argsort(-scores, kind='mergesort')",
                'np.arange(len(scores))',
            ),
        ),
    ),
    (
        'analysis/errors.py',
        'test_analysis/test_errors',
        (
            (
                'an-instance-found-twice',
                'free[best] = False',
                'free[best] = True',
            ),
            (
                'crowds-are-background',
                '(of_crowds[crowd_labels',
                '(0 * of_crowds[crowd_labels',
            ),
        ),
    ),
    (
        'analysis/suspects.py',
        'test_analysis/test_suspects',
        (
            (
                'labels-with-a-detection-not-found',
                "== 'missed' and is_near",
                "== 'missed' and not is_near",
            ),
            (
                'outlines-through-pixel-centers',
                '(outline.reshape(-1) + 0.5) / 2',
                'outline.reshape(-1) // 2',
            ),
            (
                'pictures-of-a-run-that-fails',
                'write_bytes(Path(folder, name), data',
                'write_bytes(pictures / name, data',
            ),
        ),
    ),
    (
        'analysis/result_checks.py',
        'test_analysis/test_result_checks',
        (
            ('scores-above-1', ' and 0 <= value <= 1', ''),
            ('boxes-of-negative-size', ' and min(value[2:]) >= 0', ''),
            ('images-twice', ' and len({*value}) == len(value)', ''),
        ),
    ),
    (
        'utils/image_files.py',
        'test_apis/test_detect_files',
        (
            (
                'pictures-in-another-format',
                'if self.suffix and path.suffix.lower() not in WRITTEN:',
                'if False:',
            ),
        ),
    ),
    (
        'visualization/mask_scoring_visualizer.py',
        'test_visualization/test_mask_scoring_visualizer',
        (
            ('labels-cut-at-the-right', 'min(0, self.width - right)', '0'),
            ('labels-cut-at-the-left', 'max(-left, ', 'max(-1e9, '),
        ),
    ),
)
