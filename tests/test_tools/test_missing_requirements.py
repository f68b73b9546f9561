"""An existing environment keeps its packages."""

from tests.helpers import ROOT


def test_pins_of_installed_packages_are_left_out(workspace):
    requirements = workspace.folder / 'requirements.txt'
    base = workspace.folder / 'base.txt'
    base.write_text('another-package==2.0\nno-mmcv==2.1.0\nmmengine==0.1\n')
    requirements.write_text(
        '# comment\ntorch==0.1\n\nno-such-package==1.0\nPyYAML==0.1\n'
    )
    script = ROOT / 'tools/missing_requirements.py'
    done = workspace.run(script, requirements, base)
    assert done.stdout.split() == [
        'no-such-package==1.0',
        'another-package==2.0',
    ]
