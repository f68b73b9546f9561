"""Base class of detectors that train only a scorer."""

from mmdet.models.detectors.base import BaseDetector
from torch import Tensor

from mmdet_msrcnn.models.mask_heads.base_mask_scorer import BaseMaskScorer


class FrozenDetector(BaseDetector):
    """Base class of detectors that train only their scorer.

    All other parts stay in eval mode and get no gradient, so boxes, labels,
    class scores and masks stay those of the checkpoint. A subclass sets
    ``scorer_name``, calls :meth:`freeze` at the end of its ``__init__``, and
    defines ``scorer_samples``, which the feature cache stores.

    Attributes:
        scorer_name (str): Name of the submodule that is trained.
    """

    scorer_name = ''

    @property
    def scorer(self) -> BaseMaskScorer:
        """The head that is trained."""
        return self.get_submodule(self.scorer_name)

    def freeze(self) -> None:
        """Let only the scorer be trained."""
        self.requires_grad_(False)
        self.scorer.requires_grad_(True)
        self._has_weights = False

    def train(self, mode: bool = True) -> 'FrozenDetector':
        """Set the mode of the scorer; the rest stays in eval mode."""
        super().train(False)
        self.scorer.train(mode)
        return self

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args):
        """Refuse a checkpoint of a model that is not the frozen one."""
        super()._load_from_state_dict(state_dict, prefix, *args)
        own, loaded = (
            {
                name: value.shape
                for name, value in tensors.items()
                if isinstance(value, Tensor)
                and name.startswith(prefix)
                and not name.startswith(f'{prefix}{self.scorer_name}.')
                and not name.endswith('num_batches_tracked')
            }
            for tensors in (self.state_dict(prefix=prefix), state_dict)
        )
        names = own.keys() | loaded.keys()
        unfit = sorted(n for n in names if own.get(n) != loaded.get(n))
        if unfit:
            raise ValueError(
                f'The checkpoint and the frozen detector differ in '
                f'{len(unfit)} tensors. For example, {unfit[0]} has the shape '
                f'{loaded.get(unfit[0])} in the checkpoint and '
                f'{own.get(unfit[0])} in the detector. Load a checkpoint of '
                'the same model: backbone, neck, heads and number of classes '
                'as in this config.'
            )
        self._has_weights = True

    def check_has_weights(self) -> None:
        """Check that a checkpoint has been loaded.

        Raises:
            RuntimeError: If none has been loaded.
        """
        if not self._has_weights:
            raise RuntimeError(
                'The frozen detector has random weights. Set load_from to a '
                'checkpoint of the trained detector, in the config or with '
                '--cfg-options load_from=PATH. mmdet ignores load_from with '
                '--resume, so do not use --resume for the first run.'
            )
