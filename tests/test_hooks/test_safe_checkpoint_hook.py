"""A checkpoint that loads exists at every moment of a training."""

import os
from pathlib import Path
from pkgutil import resolve_name

import pytest
import torch
from mmengine.hooks import CheckpointHook
from mmengine.model import BaseModel
from mmengine.runner import Runner, find_latest_checkpoint
from torch import nn
from torch.utils.data import Dataset

from mmdet_msrcnn.hooks import SafeCheckpointHook


class Numbers(Dataset):
    """The numbers from 0 to 7."""

    metainfo = dict(classes=('a',))

    def __len__(self):
        return 8

    def __getitem__(self, index):
        return torch.tensor([float(index)])


class Line(BaseModel):
    """Learns twice the number, and keeps the order of the numbers."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(1, 1)
        self.seen = []

    def forward(self, inputs, mode):
        self.seen += inputs.flatten().tolist()
        return dict(loss=(self.layer(inputs) - 2 * inputs).square().mean())

    def train_step(self, data, optim_wrapper):
        loss = self(data, 'loss')['loss']
        optim_wrapper.update_params(loss)
        return dict(loss=loss)


def runner(
    folder,
    hook=None,
    epochs=3,
    resume=False,
    model=None,
    dataset=None,
    **kwargs,
) -> Runner:
    hook = hook or dict(type='mmdet_msrcnn.SafeCheckpointHook')
    loader = dict(
        dataset=dataset or Numbers(),
        sampler=dict(type='DefaultSampler', shuffle=True),
        batch_size=4,
        collate_fn=dict(type='default_collate'),
    )
    return Runner(
        model or Line(),
        str(folder),
        train_dataloader=kwargs.pop('train_dataloader', loader),
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.001)),
        default_hooks=dict(
            checkpoint=dict(interval=1, max_keep_ckpts=2) | hook
        ),
        default_scope='mmengine',
        resume=resume,
        log_level='ERROR',
        experiment_name=f'{folder.name}-{os.urandom(4).hex()}',
        **kwargs,
    )


def names(folder: Path) -> set[str]:
    return {
        path.name
        for path in folder.iterdir()
        if path.is_file() and path.suffix != '.py'
    }


def test_same_files_as_mmengine_leaves(tmp_path):
    mmengine = dict(type='mmengine.CheckpointHook')
    runner(tmp_path / 'ours', epochs=4).train()
    runner(tmp_path / 'theirs', mmengine, epochs=4).train()
    expected = {'epoch_3.pth', 'epoch_4.pth', 'last_checkpoint'}
    assert names(tmp_path / 'ours') == names(tmp_path / 'theirs') == expected
    ours, theirs = (
        torch.load(tmp_path / name / 'epoch_4.pth', weights_only=True)
        for name in ('ours', 'theirs')
    )
    assert ours.keys() - theirs.keys() == {'random_states'}
    assert theirs.keys() <= ours.keys()
    hubs = [c['message_hub']['runtime_info'] for c in (ours, theirs)]
    assert hubs[0]['keep_ckpt_ids'] == hubs[1]['keep_ckpt_ids'] == [3, 4]
    last = (tmp_path / 'ours/last_checkpoint').read_text()
    assert last == str(tmp_path / 'ours/epoch_4.pth')


def test_checkpoints_in_another_folder(tmp_path):
    hook = dict(
        type='mmdet_msrcnn.SafeCheckpointHook', out_dir=str(tmp_path / 'far')
    )
    put = []
    run = runner(tmp_path / 'work', hook, epochs=2)
    save = run.save_checkpoint
    run.save_checkpoint = lambda folder, name, **kwargs: (
        put.append(name),
        save(folder, name, **kwargs),
    )
    run.train()
    assert names(tmp_path / 'far/work') == {'epoch_1.pth', 'epoch_2.pth'}
    # Both were written aside, the first one too.
    assert put == ['.epoch_1.pth', '.epoch_2.pth']


@pytest.mark.parametrize('limit', [-1, 0, 1])
def test_as_many_checkpoints_are_kept_as_by_mmengine(tmp_path, limit):
    for kind in ('mmengine.CheckpointHook', 'mmdet_msrcnn.SafeCheckpointHook'):
        hook = dict(type=kind, max_keep_ckpts=limit)
        runner(tmp_path / kind, hook).train()
        kept = {1, 2, 3} if limit < 1 else {3}
        files = {f'epoch_{epoch}.pth' for epoch in kept}
        assert names(tmp_path / kind) == files | {'last_checkpoint'}


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


# every call that changes the folder at the end of epoch 3: the file, its
# name, last_checkpoint, and the end of epoch 1
@pytest.mark.parametrize(
    ('call', 'nth'),
    [('put', 1), ('replace', 1), ('replace', 2), ('unlink', 1)],
)
def test_a_checkpoint_loads_after_a_kill(tmp_path, monkeypatch, call, nth):
    run = runner(tmp_path)
    calls = []

    def strike(original):
        def wrapped(*args, **kwargs):
            if run.epoch == 2:
                calls.append(call)
                if len(calls) == nth:
                    if call == 'put':
                        # Cut off in the middle of the file.
                        args = (args[0], args[1][:100], *args[2:])
                        original(*args, **kwargs)
                    raise Killed
            return original(*args, **kwargs)

        return wrapped

    target = {
        'put': 'mmengine.fileio.LocalBackend.put',
        'replace': 'os.replace',
        'unlink': 'pathlib.Path.unlink',
    }[call]
    module, _, name = target.rpartition('.')
    owner = resolve_name(module)
    monkeypatch.setattr(owner, name, strike(getattr(owner, name)))
    with pytest.raises(Killed):
        run.train()
    monkeypatch.undo()
    latest = find_latest_checkpoint(str(tmp_path))
    checkpoint = torch.load(latest, weights_only=True)
    assert checkpoint['meta']['epoch'] >= 2
    resumed = runner(tmp_path, epochs=4, resume=True)
    resumed.train()
    assert names(tmp_path) >= {'epoch_4.pth', 'last_checkpoint'}


def test_mmengines_own_hook_loses_them(tmp_path, monkeypatch):
    """The fault that the hook is for; ours can go when this fails."""
    hook = dict(type='mmengine.CheckpointHook', max_keep_ckpts=1)
    run = runner(tmp_path, hook)
    put = 'mmengine.fileio.LocalBackend.put'

    def cut_off(self, content, path):
        Path(path).write_bytes(content[:100] if run.epoch else content)
        if run.epoch:
            raise Killed

    monkeypatch.setattr(put, cut_off)
    with pytest.raises(Killed):
        run.train()
    # Epoch 1 is gone, epoch 2 does not load.
    assert names(tmp_path) == {'epoch_2.pth', 'last_checkpoint'}
    with pytest.raises(RuntimeError):
        torch.load(tmp_path / 'epoch_2.pth', weights_only=True)


def test_full_disk_is_named_and_the_last_checkpoint_is_intact(
    tmp_path, monkeypatch
):
    run = runner(tmp_path)

    def full(self, content, path):
        Path(path).write_bytes(content[:100] if run.epoch else content)
        if run.epoch:
            raise OSError(28, 'No space left on device')

    monkeypatch.setattr('mmengine.fileio.LocalBackend.put', full)
    with pytest.raises(OSError, match=r'epoch_2.pth could not.*No space'):
        run.train()
    assert names(tmp_path) == {'epoch_1.pth', 'last_checkpoint'}
    torch.load(find_latest_checkpoint(str(tmp_path)), weights_only=True)


def test_order_of_images_goes_on_after_resume(tmp_path):
    whole = runner(tmp_path / 'whole', epochs=4)
    whole.train()
    seed = whole.seed
    part = runner(tmp_path / 'part', randomness=dict(seed=seed), epochs=2)
    part.train()
    # No seed is given: the checkpoint has it.
    rest = runner(tmp_path / 'part', epochs=4, resume=True)
    rest.train()
    assert part.model.seen + rest.model.seen == whole.model.seen
    epochs = torch.tensor(whole.model.seen).view(4, 8)
    assert not torch.equal(epochs[0], epochs[1])


def test_state_that_is_no_tensor_is_saved(tmp_path):
    class Remembering(Line):
        def get_extra_state(self):
            return dict(a=1)

        def set_extra_state(self, state):
            pass

    runner(tmp_path, epochs=1, model=Remembering()).train()
    assert (tmp_path / 'epoch_1.pth').is_file()


def test_is_the_hook_of_mmengine_otherwise():
    assert issubclass(SafeCheckpointHook, CheckpointHook)
