"""What kubectl, old and new, does with single members through pedia: logs, commands, ports, writes."""
import functools
import hashlib
import json
import os
import pty
import re
import select
import socket
import subprocess
import threading
import time
import unittest

import fleet as fleets

GATE = '--feature-gates=AllowProxyRequestToClusters=true'
FLAGS = (GATE, '--allow-pediacluster-config-for-proxy-request', '--enable-proxy-path-for-forward-request',
         '--allowed-proxy-subresources=pods/log,exec,attach,portfowrd,services/proxy')
NAMESPACE = 'team-a'


def echoed(port, data):
    """What a port gives back for `data`."""
    with socket.create_connection(('127.0.0.1', port), timeout=30) as connection:
        sender = threading.Thread(target=connection.sendall, args=(data,))
        sender.start()
        got = b''
        while len(got) < len(data):
            part = connection.recv(65536)
            if not part:
                break
            got += part
        sender.join()
        return got


def on_terminal(command, said, seconds=30):
    """(exit code, output) of a command on a terminal; `said`: pairs of what to wait for and what to type then."""
    main, other = pty.openpty()
    child = subprocess.Popen(command, stdin=other, stdout=other, stderr=other, start_new_session=True)
    os.close(other)
    output, said, end = b'', list(said), time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            if said and said[0][0] in output:
                os.write(main, said.pop(0)[1])
            if select.select([main], [], [], 0.2)[0]:
                try:
                    part = os.read(main, 65536)
                except OSError:  # The other side is closed.
                    break
                output += part
        return child.wait(timeout=10), output
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
        os.close(main)


class ProxyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fleet = fleets.Fleet()
        cls.addClassCleanup(cls.fleet.close)
        cls.members = cls.fleet.members('--names', 'berlin,lagos', '--world', fleets.WORLD)
        # AddressSanitizer holds back what was freed, 256 MB of it unless told otherwise.
        os.environ.setdefault('ASAN_OPTIONS', 'quarantine_size_mb=8')
        cls.pedia = cls.fleet.pedia('--kubeconfig', cls.members.kubeconfig, *FLAGS)
        pods = cls.pedia.get('%s/clusters/berlin/api/v1/namespaces/%s/pods' % (fleets.RESOURCES, NAMESPACE))['items']
        simple = [pod for pod in pods if pod['status'].get('phase') == 'Running' and len(pod['spec']['containers']) == 1 and 'initContainers' not in pod['spec']]
        cls.pod, cls.container = simple[0]['metadata']['name'], simple[0]['spec']['containers'][0]['name']

    def each_kubectl(self):
        """A function that runs kubectl in a member's context, once for each of the two; and its binary."""
        for binary in (fleets.OLD_KUBECTL, fleets.NEW_KUBECTL):
            yield functools.partial(self.pedia.run_kubectl, binary=binary, context='berlin'), binary

    def command(self, binary, *arguments):
        return [binary, '--kubeconfig', self.pedia.kubeconfig, '--cache-dir', os.path.join(self.pedia.data, 'cache'), '--context', 'berlin',
                '-n', NAMESPACE, *arguments]

    def forwarded(self):
        return self.members.control('berlin', '/__forwarded', method='GET')

    def test_logs(self):
        for kubectl, _ in self.each_kubectl():
            self.assertRegex(kubectl('logs', '-n', NAMESPACE, self.pod, '--tail=2').stdout, r'^\w+ line 18\n\w+ line 19\n$')
            self.assertEqual(kubectl('logs', '-n', NAMESPACE, self.pod, '-c', self.container, '--tail=1', '--timestamps', '--previous').stdout.split(' ', 1)[1],
                             self.container + ' previous line 19\n')
            self.assertIn('not found', kubectl('logs', '-n', NAMESPACE, 'nobody').stderr)

    def test_logs_follow(self):
        for _, binary in self.each_kubectl():
            with subprocess.Popen(self.command(binary, 'logs', '-f', self.pod, '--tail=1'), stdout=subprocess.PIPE, text=True) as child:
                lines = [child.stdout.readline() for _ in range(10)]
                child.kill()
            self.assertEqual([line.split()[-1] for line in lines], [str(number) for number in range(19, 29)])

    def test_exec(self):
        for kubectl, _ in self.each_kubectl():
            done = kubectl('exec', '-n', NAMESPACE, self.pod, '--', 'echo', 'two', 'words')
            self.assertEqual((done.returncode, done.stdout), (0, 'two words\n'))
            done = kubectl('exec', '-n', NAMESPACE, self.pod, '--', 'sh', '-c', 'exit 3')
            self.assertEqual((done.returncode, done.stderr.splitlines()[0]), (3, 'it failed'))

    def test_exec_on_a_terminal(self):
        for _, binary in self.each_kubectl():
            code, output = on_terminal(self.command(binary, 'exec', '-it', self.pod, '--', 'sh'), [(b'', b'hello\r'), (b'hello', b'exit 7\r')])
            self.assertEqual(code, 7, output)
            self.assertIn(b'hello', output)

    def test_attach(self):
        for _, binary in self.each_kubectl():
            code, output = on_terminal(self.command(binary, 'attach', '-it', self.pod), [(b'', b'are you there\r'), (b'there', b'exit\r')])
            self.assertEqual(code, 0, output)

    def test_exec_carries_files(self):
        data = os.urandom(3_000_000)
        for _, binary in self.each_kubectl():
            done = subprocess.run(self.command(binary, 'exec', '-i', self.pod, '--', 'cat'), input=data, capture_output=True, timeout=60, check=True)
            # The old kubectl has no way to say that its input has ended before the output is complete.
            self.assertEqual(hashlib.sha256(done.stdout).digest(), hashlib.sha256(data).digest(), len(done.stdout))
            done = subprocess.run(self.command(binary, 'exec', self.pod, '--', 'yes', '20000000'), capture_output=True, timeout=60, check=True)
            self.assertEqual(len(done.stdout), 20_000_000)

    def test_port_forward(self):
        data = os.urandom(1_000_000)
        for _, binary in self.each_kubectl():
            with subprocess.Popen(self.command(binary, 'port-forward', 'pod/' + self.pod, ':80', '--address', '127.0.0.1'), stdout=subprocess.PIPE, text=True) as child:
                try:
                    port = int(re.match(r'Forwarding from 127.0.0.1:(\d+) ', child.stdout.readline())[1])
                    for _ in range(3):
                        self.assertEqual(echoed(port, data), data)
                finally:
                    child.kill()

    def test_services(self):
        service = 'api/v1/namespaces/%s/services/web/proxy/a%%2Fb?c=d' % NAMESPACE
        status, _, body = self.pedia.request('%s/clusters/berlin/%s' % (fleets.RESOURCES, service), {'X-Mine': '1', 'Cookie': 'no'})
        answer = json.loads(body)
        self.assertEqual((status, answer['target']), (200, '/' + service))
        headers = {name.lower(): value for name, value in answer['headers']}
        self.assertEqual(headers['x-mine'], '1')
        self.assertNotIn('cookie', headers)
        self.assertNotIn(self.pedia.config['users'][0]['user']['token'], str(headers))

    def test_writes_by_the_proxy_path(self):
        server = self.pedia.url + fleets.RESOURCES + '/clusters/berlin/proxy'
        for number, (kubectl, _) in enumerate(self.each_kubectl()):
            kubectl = functools.partial(kubectl, '--server', server, '-n', NAMESPACE)
            name = 'written-%d' % number
            # From a file, which is sent as JSON: kubectl's own objects go as protobuf, which the simulator does not read.
            manifest = json.dumps({'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': name}, 'data': {'a': 'b'}})
            done = kubectl('create', '-f', '-', '--validate=false', stdin=manifest)
            self.assertEqual((done.stdout, done.stderr), ('configmap/%s created\n' % name, ''))
            self.assertEqual(kubectl('get', 'configmap', name, '-o', 'jsonpath={.data.a}').stdout, 'b')
            self.assertEqual(kubectl('delete', 'configmap', name, '--wait=false').returncode, 0)
            self.assertIn('NotFound', kubectl('get', 'configmap', name).stderr)

    def test_reads_by_the_label(self):
        path = '%s/clusters/berlin/api/v1/namespaces/%s/configmaps?labelSelector=search.clusterpedia.io%%2Fforward' % (fleets.RESOURCES, NAMESPACE)
        direct = self.members.request('berlin', '/api/v1/namespaces/%s/configmaps' % NAMESPACE)
        self.assertEqual(self.pedia.get(path)['items'], direct['items'])

    def test_a_long_log_takes_no_memory(self):
        def resident():
            with open('/proc/%d/status' % self.pedia.child.pid, encoding='ascii') as status:
                return int(re.search(r'VmRSS:\s+(\d+)', status.read())[1]) // 1024
        before, most, got = resident(), 0, 0
        with subprocess.Popen(self.command(fleets.NEW_KUBECTL, 'logs', self.pod, '--limit-bytes=200000000'), stdout=subprocess.PIPE) as child:
            while True:
                part = child.stdout.read(5_000_000)
                got, most = got + len(part), max(most, resident())
                if not part:
                    break
        self.assertEqual(got, 200_000_000)
        self.assertLess(most - before, 64 if fleets.is_sanitized(self.pedia) else 32, 'MB')

    def test_subresources_that_are_not_allowed(self):
        for path in ('api/v1/namespaces/%s/pods/%s/proxy' % (NAMESPACE, self.pod), 'api/v1/nodes/node-1/proxy/pods'):
            for headers in ({}, {'X-Clusterpedia-Forward': 'true'}):
                self.assertEqual(self.pedia.request('%s/clusters/berlin/%s' % (fleets.RESOURCES, path), headers)[0], 404)


class OtherFlagsTest(unittest.TestCase):
    def setUp(self):
        self.fleet = fleets.Fleet()
        self.addCleanup(self.fleet.close)
        self.members = self.fleet.members('--names', 'berlin', '--world', fleets.WORLD)

    def test_impersonates_the_caller(self):
        pedia = self.fleet.pedia('--kubeconfig', self.members.kubeconfig, GATE, '--proxy-impersonate-user')
        status, _, _ = pedia.request(fleets.RESOURCES + '/clusters/berlin/version', {'X-Clusterpedia-Forward': 'true'})
        self.assertEqual(status, 200)
        headers = {name: value for name, value in self.members.control('berlin', '/__forwarded', method='GET')[-1]['headers']}
        self.assertTrue(headers['Impersonate-User'])
        self.assertIn('system:masters', headers['Impersonate-Group'])

    def test_goes_nowhere_without_credentials(self):
        pedia = self.fleet.pedia('--kubeconfig', self.members.kubeconfig, GATE)
        status, _, body = pedia.request(fleets.RESOURCES + '/clusters/berlin/version', {'X-Clusterpedia-Forward': 'true'})
        self.assertEqual(status, 403, body)
        self.assertEqual(self.members.control('berlin', '/__forwarded', method='GET'), [])

    def test_is_off_unless_asked_for(self):
        pedia = self.fleet.pedia('--kubeconfig', self.members.kubeconfig)
        for path in ('/proxy/version', '/api/v1/namespaces/team-a/pods/x/log'):
            self.assertEqual(pedia.request(fleets.RESOURCES + '/clusters/berlin' + path)[0], 404)
        status, _, _ = pedia.request(fleets.RESOURCES + '/clusters/berlin/api/v1/namespaces', {'X-Clusterpedia-Forward': 'true'}, method='POST')
        self.assertEqual(status, 405)
        self.assertEqual(self.members.control('berlin', '/__forwarded', method='GET'), [])

    def test_flags_need_the_gate(self):
        done = subprocess.run([fleets.PEDIA, 'standalone', '--kubeconfig', self.members.kubeconfig, '--data-dir', os.path.join(self.fleet.folder, 'x'),
                               '--secure-port', '0', '--enable-proxy-path-for-forward-request'], capture_output=True, text=True, timeout=30)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn('please enable feature gate AllowProxyRequestToClusters', done.stderr)


if __name__ == '__main__':
    unittest.main()
