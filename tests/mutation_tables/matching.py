"""Faults of the matching of detections, and of figures of resamples."""

PAIRS = 'test_evaluation/test_pairs'
OVERLAPS = 'test_evaluation/test_overlaps'
PRECISION = 'test_evaluation/test_precision'
RANKING = 'test_evaluation/test_ranking'

MATCHING = (
    (
        'evaluation/pairs.py',
        PAIRS,
        (
            (
                'crowds-are-instances',
                'ious[:, ~is_crowd].max(axis=1)',
                'ious.max(axis=1)',
            ),
            (
                'iou-with-crowds',
                'is_crowd.astype(np.uint8)',
                'np.zeros(len(truth), np.uint8)',
            ),
            ('lowest-iou-is-no-pair', 'ious >= lowest', 'ious > lowest'),
            (
                'the-earlier-of-equal-ious',
                'np.lexsort((-found, -ious, rows))',
                'np.lexsort((found, -ious, rows))',
            ),
        ),
    ),
    (
        'evaluation/overlaps.py',
        OVERLAPS,
        (
            (
                'range-without-its-end',
                '(areas[:, None] > high)',
                '(areas[:, None] >= high)',
            ),
            (
                'crowds-are-not-ignored',
                'crowds[:, None] | ~_in_range(np',
                '~_in_range(np',
            ),
        ),
    ),
    (
        'evaluation/ranking.py',
        RANKING,
        (
            (
                'threshold-is-not-reached',
                'pairs.ious[every, None] >= cap',
                'pairs.ious[every, None] > cap',
            ),
            (
                'threshold-of-1-is-exact',
                'cap(overlaps.iou_thrs)',
                'overlaps.iou_thrs',
            ),
            (
                'crowds-are-taken-once',
                'kept = ~overlaps.crowds[instances]',
                'kept = np.ones(len(instances), bool)',
            ),
            (
                'ignored-instances-are-as-good',
                'preference[:, None] + most,',
                'preference[:, None],',
            ),
            (
                'max-dets-is-one-more',
                'places < max_dets',
                'places <= max_dets',
            ),
            (
                'unmatched-ones-count-in-any-range',
                'counted=np.where(matched, ~ignored, in_range)',
                'counted=np.where(matched, ~ignored, True)',
            ),
            (
                'ignored-matches-count',
                'ignored = matched & _of_ignored(overlaps, matches)',
                'ignored = matched & False',
            ),
        ),
    ),
    (
        'evaluation/precision.py',
        PRECISION,
        (
            (
                'precision-is-not-the-best',
                'np.maximum.accumulate(precision[::-1], axis=0)[::-1]',
                'precision',
            ),
            (
                'recall-is-exceeded',
                'np.searchsorted(recall[:, t], RECALL_THRS)',
                "np.searchsorted(recall[:, t], RECALL_THRS, 'right')",
            ),
            (
                'ignored-detections-are-kept',
                'return totals + np.cumsum(change, axis=0)',
                'return totals + 0 * change',
            ),
            (
                'recall-of-all-detections',
                'places[candidates] < num',
                'places[candidates] < np.inf',
            ),
        ),
    ),
    (
        'analysis/weighted_precision.py',
        'test_analysis/test_weighted_precision',
        (
            (
                'bootstrap-counts-ignored',
                'if ignored.any():',
                'if False:',
            ),
            (
                'bootstrap-of-classes-without-instance',
                'np.count_nonzero(num_gts, axis=1)',
                'num_gts.shape[1]',
            ),
            (
                'bootstrap-of-the-last-precision',
                'np.maximum.accumulate(best[:, ::-1], axis=1)',
                'best[:, ::-1]',
            ),
        ),
    ),
    (
        'analysis/weighted_statistics.py',
        'test_analysis/test_weighted_statistics',
        (
            ('ties-have-the-last-rank', '(totals - 1) / 2', '0'),
            ('images-count-once', 'row[images]', '(row > 0)[images]'),
        ),
    ),
)
