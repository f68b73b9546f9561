"""Faults of data, hooks and of random numbers."""

RANDOM = 'test_compat/test_resumed_randomness'
ISOLATED = 'test_robustness/test_isolated_training'
RANKS = 'test_hooks/test_all_ranks_stop'
LAST_LINES = '        self._restore()\n        reseed_workers('

TRAINING = (
    (
        'hooks/finite_loss_hook.py',
        'test_hooks/test_finite_loss_hook',
        (
            (
                'no-look-at-end-of-epoch',
                """
            or self.end_of_epoch(runner.train_dataloader, batch_idx)""",
                '',
            ),
            (
                'stops-at-a-single-loss',
                'if wrong and self._was_wrong:',
                'if wrong:',
            ),
        ),
    ),
    (
        'datasets/rle_masks.py',
        'test_datasets/test_rle_masks',
        (
            (
                'masks-transformed-in-reverse',
                '(*self.steps, step)',
                '(step, *self.steps)',
            ),
        ),
    ),
    (
        'models/targets/polygon_target.py',
        'test_models/test_targets/test_polygon_target',
        (
            (
                'parts-of-an-instance-intersected',
                'np.maximum.reduceat',
                'np.minimum.reduceat',
            ),
        ),
    ),
    (
        'hooks/finite_loss_hook.py',
        RANKS,
        (('loss-of-own-rank-alone', 'all_gather_object(wrong)', '[wrong]'),),
    ),
    (
        'models/roi_heads/isolation.py',
        ISOLATED,
        (('gradient-not-detached', 'return x.detach()', 'return x'),),
    ),
    (
        'models/roi_heads/positives_loss.py',
        ISOLATED,
        (('common-random-numbers', 'with kept_random_state():', 'if True:'),),
    ),
    (
        'optimizers/clip_apart.py',
        'test_optimizers/test_clip_apart',
        (('common-norm', 'if p not in apart]', ']'),),
    ),
    (
        'utils/all_ranks.py',
        'test_utils/test_all_ranks',
        (
            (
                'error-of-own-rank-alone',
                'all_gather_object(own, group)',
                '[own]',
            ),
        ),
    ),
    (
        'compat/resumed_randomness.py',
        RANDOM,
        (
            (
                'sampler-seed-of-the-rank',
                LAST_LINES,
                '        runner.train_dataloader.sampler.seed = runner.seed\n'
                f'{LAST_LINES}',
            ),
            (
                'sampler-seed-not-restored',
                'sampler.seed if explicit else sampler_seed',
                'sampler.seed',
            ),
            (
                'sampler-seed-of-the-config-replaced',
                'sampler.seed if explicit else sampler_seed',
                'sampler_seed',
            ),
            (
                'generators-not-restored',
                '            set_random_state(self._to_restore)\n',
                '',
            ),
            (
                'validation-draws',
                'set_random_state(self._before_val)',
                'pass',
            ),
            (
                'workers-not-reseeded',
                LAST_LINES,
                '        self._restore()\n        str(',
            ),
            (
                'persistent-workers-live-on',
                'loader._iterator = None',
                'pass',
            ),
        ),
    ),
    (
        'utils/random_state.py',
        RANDOM,
        (
            (
                'python-not-restored',
                'random.setstate((version, tuple(internal), gauss))',
                'pass',
            ),
            (
                'numpy-not-restored',
                'np.random.set_state((',
                'str((',
            ),
            (
                'torch-not-restored',
                "torch.set_rng_state(state['torch'].cpu())",
                'pass',
            ),
        ),
    ),
    (
        'feature_cache/cached_train_loop.py',
        'test_feature_cache/test_cached_train_loop',
        (
            ('views-of-the-training-seed', 'set_random_seed(0)', 'pass'),
            (
                'fixed-views-alone',
                'if num_views is None',
                'if num_views is None or True',
            ),
        ),
    ),
    (
        'feature_cache/views.py',
        'test_feature_cache/test_views test_feature_cache/test_samples',
        (
            ('more-views-of-one-image', '1 / num)', '1)'),
            (
                'flips-of-a-third',
                '1 - prob), (1.0, prob)',
                '2 / 3), (1.0, 1 / 3)',
            ),
        ),
    ),
)
