"""Names of tensors in the checkpoints of frozen detectors."""

# Early versions of mmdet 3 stored the first
# (https://github.com/open-mmlab/mmdetection/issues/10695). mmdet 2 stored the
# weights before averaging under the second (its mmdet/core/hook/ema.py).
UNUSED = ('data_preprocessor.', 'ema_')
# Of mmdet 2, by the name of a detector class: old and new beginning.
OLD_NAMES = {'YOLACT': (('segm_head.', 'mask_head.segm_branch.'),)}


def used_tensors(state_dict: dict) -> dict:
    """Leave out the tensors that no model of mmdet 3.3 has.

    Args:
        state_dict (dict): Tensors of a checkpoint.

    Returns:
        dict: The others.
    """
    return {
        name: value
        for name, value in state_dict.items()
        if not name.startswith(UNUSED)
    }


def with_new_names(state_dict: dict, detector: str) -> dict:
    """Rename tensors of checkpoints of mmdet 2.

    Args:
        state_dict (dict): Tensors of a checkpoint.
        detector (str): Class of the detector.

    Returns:
        dict: Tensors by their names in mmdet 3.
    """
    renamed = {}
    for name, value in state_dict.items():
        for old, new in OLD_NAMES.get(detector, ()):
            if name.startswith(old):
                name = new + name.removeprefix(old)
        renamed[name] = value
    return renamed
