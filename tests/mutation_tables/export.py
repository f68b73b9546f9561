"""Faults of exported detectors."""

DETECTOR = 'test_export/test_detector'

EXPORT = (
    (
        'export/detector/tensor_detector.py',
        f'{DETECTOR}/test_tensor_detector',
        (
            (
                'exported-image-not-padded',
                'cfg.pad_size_divisor, float',
                '1, float',
            ),
            (
                'exported-channels-not-flipped',
                'image = image.flip(1)',
                'image = image.flip(0)',
            ),
            (
                'exported-ranking-left-out',
                'if not self.by_mask_score:',
                'if True:',
            ),
            (
                'exported-class-scores-not-sorted',
                'for values in (*ranked, scores))',
                'for values in ranked), scores',
            ),
        ),
    ),
    (
        'export/detector/boxes.py',
        f'{DETECTOR}/test_boxes',
        (
            (
                'classes-share-nms',
                '(groups.to(boxes) * (largest + 1))',
                '(groups.to(boxes) * 0)',
            ),
            (
                'exported-score-threshold-of-equal-scores',
                'scores > cfg.score_thr',
                'scores >= cfg.score_thr',
            ),
            (
                'boxes-of-another-class',
                'decoded.reshape(-1, 4)[likely]',
                'decoded.reshape(-1, 4)[likely // num_classes]',
            ),
        ),
    ),
    (
        'export/detector/agreement.py',
        f'{DETECTOR}/test_agreement',
        (
            (
                'detections-matched-twice',
                'free[j] = False',
                'free[j] = True',
            ),
            (
                'class-not-compared',
                'same &= expected.labels[:, None] == found.labels',
                '',
            ),
            (
                'masks-not-compared',
                'if same_mask(expected[i], found[j]):',
                'if True:',
            ),
        ),
    ),
    (
        'export/detector/evaluate.py',
        f'{DETECTOR}/test_evaluate',
        (
            (
                'file-of-another-checkpoint',
                '!= digest_of(checkpoint):',
                "== '':",
            ),
            (
                'boxes-not-scaled-back',
                'boxes /= boxes',
                'boxes / boxes',
            ),
            (
                'images-of-another-size',
                "described(session, 'resize')",
                'expected',
            ),
        ),
    ),
    (
        'export/detector/weights.py',
        f'{DETECTOR}/test_weights',
        (
            (
                'infinite-half-weights',
                'if not np.isfinite(half).all():',
                'if False:',
            ),
            (
                'first-layer-quantized',
                'kept = [first, *(',
                'kept = [*(',
            ),
        ),
    ),
)
