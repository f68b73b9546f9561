"""An existing environment keeps its packages."""

from tests.helpers import ROOT


def test_pins_of_installed_packages_are_left_out(workspace):
    requirements = workspace.folder / 'requirements.txt'
    requirements.write_text(
        '# comment\ntorch==0.1\n\nno-such-package==1.0\nPyYAML==0.1\n'
    )
    script = ROOT / 'tools/missing_requirements.py'
    done = workspace.run(script, requirements)
    assert done.stdout.split() == ['no-such-package==1.0']
