"""Base class of detectors that train only a scorer."""

from abc import abstractmethod

from mmdet.models.detectors.base import BaseDetector
from mmdet.structures import SampleList
from torch import Tensor

from mmdet_msrcnn.models.detectors.checkpoint_names import used_tensors
from mmdet_msrcnn.models.mask_heads.base_mask_scorer import BaseMaskScorer
from mmdet_msrcnn.models.roi_heads.scorer_samples import ScorerSamples


class FrozenDetector(BaseDetector):
    """Base class of detectors that train only their scorer.

    All other parts stay in eval mode and get no gradient, so boxes, labels,
    class scores and masks stay those of the checkpoint. A subclass sets
    ``scorer_name``, calls :meth:`freeze` at the end of its ``__init__``, and
    defines :meth:`scorer_samples`.

    Attributes:
        scorer_name (str): Name of the submodule that is trained.
    """

    scorer_name = ''
    _has_weights = False

    @property
    def scorer(self) -> BaseMaskScorer:
        """The head that is trained."""
        return self.get_submodule(self.scorer_name)

    def freeze(self) -> None:
        """Let only the scorer be trained."""
        self.requires_grad_(False)
        self.scorer.requires_grad_(True)

    @abstractmethod
    def scorer_samples(
        self, batch_inputs: Tensor, batch_data_samples: SampleList
    ) -> ScorerSamples:
        """Compute what the scorer is trained on, to store it.

        Args:
            batch_inputs (Tensor): Images, shape (N, C, H, W).
            batch_data_samples (list[:obj:`DetDataSample`]): Their ground
                truth.

        Returns:
            ScorerSamples: RoIs of all images, without gradient.
        """

    def own_state_dict(self, state_dict: dict) -> dict:
        """Convert the names of a checkpoint to those of this model.

        Args:
            state_dict (dict): Tensors of a checkpoint.

        Returns:
            dict: Those that a model has, with their names here.
        """
        return used_tensors(state_dict)

    def train(self, mode: bool = True) -> 'FrozenDetector':
        """Set the mode of the scorer; the rest stays in eval mode."""
        super().train(False)
        self.scorer.train(mode)
        return self

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args):
        """Refuse a checkpoint of a model that is not the frozen one."""
        given = {
            name.removeprefix(prefix): state_dict.pop(name)
            for name in list(state_dict)
            if name.startswith(prefix)
        }
        for name, value in self.own_state_dict(given).items():
            state_dict[prefix + name] = value
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
