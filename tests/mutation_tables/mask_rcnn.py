"""Faults of RoI layers, mask heads and tables of the Mask R-CNN paper."""

ROI = 'test_models/test_roi_extractors/test_'
HEADS = 'test_models/test_mask_heads/test_'
LAB = 'test_lab/test_reproduction/test_'

MASK_RCNN = (
    (
        'models/roi_extractors/quantised_boxes.py',
        f'{ROI}quantised_boxes {ROI}roi_pool',
        (
            (
                'halves-rounded-to-even',
                'round_half_away(corner).clamp',
                'corner.round().clamp',
            ),
            (
                'far-cell-left-out',
                'high.maximum(low) + 1',
                'high.maximum(low)',
            ),
            (
                'nan-boxes-valid',
                'boxes.isfinite().all(dim=1)',
                'boxes.isfinite().any(dim=1)',
            ),
        ),
    ),
    (
        'models/roi_extractors/roi_pool.py',
        f'{ROI}roi_pool',
        (
            ('cells-outside-are-0', "EMPTY = -float('inf')", 'EMPTY = 0.0'),
            (
                'empty-boxes-pool-the-first-cell',
                'pooled.masked_fill(~valid[:, None, None, None], 0)',
                'pooled',
            ),
            (
                'padding-swapped',
                '(left - x1, x2 - right, top - y1, y2 - bottom)',
                '(x2 - right, left - x1, top - y1, y2 - bottom)',
            ),
        ),
    ),
    (
        'models/roi_extractors/roi_warp.py',
        f'{ROI}roi_warp',
        (
            (
                'warp-averages-always',
                '            self.pool_mode,\n',
                "            'avg',\n",
            ),
            (
                'warp-half-a-cell-off',
                '            True,\n',
                '            False,\n',
            ),
        ),
    ),
    (
        'models/roi_extractors/single_roi_extractor.py',
        f'{ROI}single_roi_extractor',
        (('layer-of-mmcv', 'ROI_LAYERS[name])', 'mmcv.ops.RoIAlign)'),),
    ),
    (
        'models/mask_heads/multinomial_mask_head.py',
        f'{HEADS}multinomial_mask_head',
        (
            (
                'not-relative-to-the-background',
                'scores - scores[:, -1:]',
                'scores',
            ),
            (
                'no-background',
                'self.num_classes + 1,\n',
                'self.num_classes,\n',
            ),
        ),
    ),
    (
        'models/losses/multinomial_mask_loss.py',
        'test_models/test_losses/test_multinomial_mask_loss',
        (
            (
                'background-has-no-loss',
                '(1 - mask_targets)',
                '(0 * mask_targets)',
            ),
        ),
    ),
    (
        'models/mask_heads/mlp_mask_head.py',
        f'{HEADS}mlp_mask_head',
        (
            (
                'no-relu',
                'x = nn.functional.relu(fc(x))',
                'x = fc(x)',
            ),
        ),
    ),
    (
        'models/roi_heads/base_mask_scoring_roi_head.py',
        f'{LAB}mask_rcnn_changes',
        (
            (
                'background-is-a-class',
                '[p[:, classes] for p in mask_preds]',
                'list(mask_preds)',
            ),
        ),
    ),
    (
        'lab/reproduction/cells.py',
        f'{LAB}mask_rcnn_tables',
        (
            (
                'other-systems-on-other-data',
                '        if row.variant is not None\n',
                '',
            ),
        ),
    ),
    (
        'lab/reproduction/results.py',
        f'{LAB}results',
        (
            (
                'classes-in-order-of-the-file',
                'loadCats(masks.cat_ids)',
                'loadCats(list(masks.coco.cats))',
            ),
        ),
    ),
    (
        'lab/reproduction/schedule.py',
        f'{LAB}schedule',
        (
            (
                'fine-tuned-from-scratch',
                'elif recipe.start is not None:',
                'elif False:',
            ),
        ),
    ),
    (
        'lab/reproduction/render.py',
        f'{LAB}render',
        (
            (
                'sources-not-shown',
                "label += f' ([published]({row.source}))'",
                'pass',
            ),
        ),
    ),
    (
        'lab/reproduction/page.py',
        f'{LAB}mask_rcnn_tables',
        (
            (
                'small-reference-of-coco',
                'reference=renamed(table.reference)',
                'reference=table.reference',
            ),
        ),
    ),
)
