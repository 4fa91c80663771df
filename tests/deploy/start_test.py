"""The containers of the manifests start with their own arguments, and answer their own probes."""
import base64
import contextlib
import os
import re
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

import yaml

import manifests
import host_process  # Of tests/host.

SYSTEM = 'clusterpedia-system'
SECONDS = 60  # Until what starts has started.


class StartTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.host = host_process.HostProcess(self.folder)
        self.addCleanup(self.host.stop)
        environment = {**os.environ, 'KUBECONFIG': self.host.kubeconfig, 'KUBECTL': manifests.tool('kubectl-new')}
        with manifests.composed('overlays/single-node') as kustomization:
            manifests.run(manifests.tool('kubectl-new'), 'apply', '-k', kustomization, env=environment)
        subprocess.run([os.path.join(manifests.DEPLOY, 'secrets')], check=True, capture_output=True, env=environment)

    def get(self, path):
        return self.host.json('/api/v1/namespaces/%s/%s' % (SYSTEM, path))

    def mount(self, pod, container):
        """{path in the container: a folder with what a kubelet would put there}"""
        folders = {}
        for mount in container['volumeMounts']:
            volume = next(volume for volume in pod['volumes'] if volume['name'] == mount['name'])
            folder = folders[mount['mountPath']] = os.path.join(self.folder, 'volumes', mount['name'])
            os.makedirs(folder, exist_ok=True)
            files = {}
            if 'secret' in volume:
                files = {key: base64.b64decode(value) for key, value in self.get('secrets/' + volume['secret']['secretName'])['data'].items()}
            if 'configMap' in volume:
                files = {key: value.encode() for key, value in self.get('configmaps/' + volume['configMap']['name'])['data'].items()}
            for key, data in files.items():
                with open(os.path.join(folder, key), 'wb') as file:
                    file.write(data)
        return folders

    @contextlib.contextmanager
    def started(self, pod, container, ports):
        """The container's process, with files where this test may write and free ports. `ports`: {name: free one}"""
        folders = self.mount(pod, container)
        if '/etc/clusterpedia/storage' in folders:
            config = os.path.join(folders['/etc/clusterpedia/storage'], 'internalstorage-config.yaml')
            with open(config) as file:
                settings = yaml.safe_load(file)
            settings['dsn'] = settings['dsn'].replace('/var/lib/pedia', folders['/var/lib/pedia'])
            with open(config, 'w') as file:
                yaml.safe_dump(settings, file)
        arguments = []
        for argument in container['args']:
            flag, _, value = argument.partition('=')
            if os.path.dirname(value) in folders:
                argument = '%s=%s' % (flag, os.path.join(folders[os.path.dirname(value)], os.path.basename(value)))
            port = re.fullmatch(r'(--(?:secure|metrics)-port=)(\d+)', argument)
            name = port and next(each['name'] for each in container['ports'] if each['containerPort'] == int(port.group(2)))
            arguments.append(port.group(1) + str(ports[name]) if port else argument)
        account = self.host.user('system:serviceaccount:%s:%s' % (SYSTEM, pod['serviceAccountName']))
        log = os.path.join(self.folder, container['args'][0] + '.log')
        with open(log, 'wb') as file:
            process = subprocess.Popen([manifests.PEDIA, *arguments, '--kubeconfig', account['kubeconfig']], stdout=file, stderr=file)
        try:
            yield process, log
        finally:
            process.terminate()
            process.wait(SECONDS)

    def answer(self, probe, ports):
        """The code of the answer to a probe. HTTPS as kube-apiserver verifies it, which is more than kubelets do."""
        asked = probe['httpGet']
        with socket.create_connection(('127.0.0.1', ports[asked['port']]), timeout=10) as connection:
            if asked.get('scheme') == 'HTTPS':
                bundle = self.host.json('/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.clusterpedia.io')['spec']['caBundle']
                context = ssl.create_default_context(cadata=base64.b64decode(bundle).decode())
                connection = context.wrap_socket(connection, server_hostname='clusterpedia-apiserver.%s.svc' % SYSTEM)
            with connection:
                connection.sendall(('GET %s HTTP/1.1\r\nHost: pedia\r\nConnection: close\r\n\r\n' % asked['path']).encode())
                return int(connection.makefile('rb').readline().split()[1])

    def test_each_container_answers_its_probes(self):
        objects = manifests.kustomize('overlays/single-node')
        pods = {item['metadata']['name']: pod for item, _, pod in manifests.pod_templates(objects)}
        self.assertEqual({'clusterpedia-apiserver': ['apiserver', 'manager'], 'clusterpedia-controller-manager': ['manager']},
                         {name: [container['name'] for container in pod['containers']] for name, pod in pods.items()})
        with contextlib.ExitStack() as stack:
            for pod, container in [(pod, container) for pod in pods.values() for container in pod['containers']]:
                ports = dict(zip(('https', 'metrics'), free_ports(2)))
                process, log = stack.enter_context(self.started(pod, container, ports))
                for key in ('startupProbe', 'livenessProbe', 'readinessProbe'):
                    if key in container:
                        self.assertEqual(200, self.wait_for_answer(container[key], ports, process, log), container['name'] + ' ' + key)

    def wait_for_answer(self, probe, ports, process, log):
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                code = self.answer(probe, ports)
            except (OSError, IndexError) as error:  # Not there yet.
                code = error
            if code == 200 or time.monotonic() > deadline or process.poll() is not None:
                break
            time.sleep(0.1)
        if code != 200:
            with open(log) as file:
                self.fail('%s: %s\n%s' % (probe['httpGet'], code, file.read()[-3000:]))
        return code


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(('127.0.0.1', 0))
        return [each.getsockname()[1] for each in sockets]


if __name__ == '__main__':
    unittest.main()
