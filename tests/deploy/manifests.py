"""Builds the manifests of deploy/: kustomizations with kubectl, the chart with Helm."""
import contextlib
import os
import subprocess
import sys
import tempfile

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEPLOY = os.path.join(ROOT, 'deploy')
CHART = os.path.join(DEPLOY, 'charts', 'clusterpedia')
TOOLS = os.path.join(ROOT, 'build', 'tools')
PEDIA = os.path.join(os.path.abspath(os.environ.get('PEDIA_BUILD', os.path.join(ROOT, 'build', 'asan'))), 'pedia')

sys.path.insert(0, os.path.join(ROOT, 'tests', 'host'))

COMPONENTS = sorted(os.listdir(os.path.join(DEPLOY, 'components')))
OVERLAYS = sorted(os.listdir(os.path.join(DEPLOY, 'overlays')))
MEMBERS = sorted(os.listdir(os.path.join(DEPLOY, 'member')))


def tool(name):
    return os.path.join(TOOLS, name)


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def load(text):
    return [document for document in yaml.safe_load_all(text) if document]


@contextlib.contextmanager
def composed(path, components=()):
    """A folder with a kustomization of the user's own: deploy/<path>, with components."""
    with tempfile.TemporaryDirectory(dir=os.path.join(ROOT, 'build')) as folder:
        relative = lambda *parts: os.path.relpath(os.path.join(DEPLOY, *parts), folder)
        with open(os.path.join(folder, 'kustomization.yaml'), 'w') as file:
            yaml.safe_dump({'apiVersion': 'kustomize.config.k8s.io/v1beta1', 'kind': 'Kustomization', 'resources': [relative(path)],
                            'components': [relative('components', name) for name in components]}, file)
        yield folder


def kustomize(path, components=()):
    """The objects of the kustomization deploy/<path>, with components."""
    with composed(path, components) as folder:
        return load(run(tool('kubectl-new'), 'kustomize', folder))


def helm(values=None, release='clusterpedia', arguments=()):
    """The objects of the chart. Raises subprocess.CalledProcessError where the chart refuses the values."""
    return load(run(tool('helm'), 'template', release, CHART, '--namespace', 'clusterpedia-system', '--values', '-', *arguments,
                    input=yaml.safe_dump(values or {})))


def find(objects, kind, name):
    found = [item for item in objects if item['kind'] == kind and item['metadata']['name'] == name]
    if len(found) != 1:
        raise KeyError('%d objects %s %s' % (len(found), kind, name))
    return found[0]


def pod_templates(objects):
    """(workload, its pod's metadata, its pod's spec)."""
    for item in objects:
        if item['kind'] in ('Deployment', 'StatefulSet', 'DaemonSet', 'Job'):
            template = item['spec']['template']
            yield item, template['metadata'], template['spec']
