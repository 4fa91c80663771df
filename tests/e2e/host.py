"""pedia as it is deployed: a simulated management cluster with deploy/ applied, simulated member clusters, PediaClusters for them, `pedia clustersynchro-manager`
and replicas of `pedia apiserver` behind the aggregation layer, on one store."""
import base64
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request

import database as databases
import fleet as fleets

sys.path.append(os.path.join(fleets.ROOT, 'tests', 'host'))

import host_process as hosts  # noqa: E402: its folder comes a line above.

NAMESPACE = 'clusterpedia-system'
SERVICE = 'clusterpedia-apiserver'
MANAGER = 'clusterpedia-clustersynchro-manager'
CLUSTERS = '/apis/cluster.clusterpedia.io/v1alpha2/pediaclusters'
API_SERVICE = '/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.clusterpedia.io'
MERGE = 'application/merge-patch+json'
PODS = fleets.RESOURCES + '/api/v1/pods'
EVERYTHING = [{'group': '', 'resources': ['pods', 'configmaps', 'namespaces', 'secrets', 'services', 'events']}, {'group': 'apps', 'resources': ['deployments', 'replicasets']}]


class Replica(fleets.Process):
    """A `pedia apiserver`. `port` is where it listens."""

    def __init__(self, log, arguments, seconds=60):
        super().__init__([fleets.PEDIA, 'apiserver', '--bind-address', '127.0.0.1', '--secure-port', '0', *arguments], log)
        line = [line for line in self.wait_for('pedia is ready: ', seconds).splitlines() if line.startswith('pedia is ready: ')][-1]
        self.url = line.split()[3]
        self.port = int(self.url.rpartition(':')[2])

    def connect(self, context, timeout=20):
        """A TLS connection of its own."""
        plain = socket.create_connection(('127.0.0.1', self.port), timeout=timeout)
        try:
            return context.wrap_socket(plain, server_hostname='%s.%s.svc' % (SERVICE, NAMESPACE))
        except BaseException:
            plain.close()
            raise

    def ready(self):
        """Whether a kubelet would say that it is."""
        try:
            return raw_request(self, insecure_context(), '/readyz')[0] == 200
        except OSError:
            return False


class Manager(fleets.Process):
    """A `pedia clustersynchro-manager`."""

    def __init__(self, log, arguments):
        port = databases.free_port()
        self.metrics_url = 'http://127.0.0.1:%d/metrics' % port
        super().__init__([fleets.PEDIA, 'clustersynchro-manager', '--metrics-host', '127.0.0.1', '--metrics-port', str(port), *arguments], log)

    def identity(self):
        """By what Leases and claims know it; None until it has held a Lease."""
        found = re.findall(r'is held by this process, (\S+)', self.output())
        return found[-1] if found else None

    def page(self, path):
        """What the metrics port answers."""
        with urllib.request.urlopen(self.metrics_url.removesuffix('/metrics') + path, timeout=10) as response:
            return response.read().decode()

    def metric(self, name):
        """The sum over all labels."""
        lines = self.page('/metrics').splitlines()
        return sum(float(line.rpartition(' ')[2]) for line in lines if re.match(name + r'[ {]', line))

    def written(self):
        """Objects that it has changed in the store."""
        return sum(self.metric('pedia_sync_%s_total' % what) for what in ('inserted', 'updated', 'deleted'))


def insecure_context(certificate=None, key=None):
    """Trusts anybody; shows a certificate if one is named."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if certificate:
        context.load_cert_chain(certificate, key)
    return context


def raw_request(replica, context, path, headers=(), method='GET'):
    """(code, body) of a request straight to a replica, without the aggregation layer; the path goes as it is."""
    lines = ['%s %s HTTP/1.1' % (method, path), 'Host: pedia', 'Connection: close', *('%s: %s' % header for header in headers), '', '']
    return parse_answer(raw_bytes(replica, context, '\r\n'.join(lines).encode('latin-1')))


def raw_bytes(replica, context, data):
    """All that is answered to some bytes, until the connection ends."""
    with replica.connect(context) as tls:
        tls.sendall(data)
        return read_all(tls)


def read_all(connection):
    answer = b''
    try:
        while part := connection.recv(65536):
            answer += part
    except (ConnectionError, ssl.SSLError):
        pass
    return answer


def parse_answer(answer):
    head, _, body = answer.partition(b'\r\n\r\n')
    if not head.startswith(b'HTTP/1.1 '):
        raise OSError('no answer: %r' % answer[:200])
    if b'chunked' in head.lower():
        whole = b''
        while body:
            size, _, rest = body.partition(b'\r\n')
            whole, body = whole + rest[:int(size, 16)], rest[int(size, 16) + 2:]
        body = whole
    return int(head.split()[1]), body


class HostFleet(fleets.Fleet):
    """`replicas` of pedia apiserver over the members `names`. `database`: a server of database.py, else it is an SQLite file. `manifests`: more of deploy/ to
    apply."""

    def __init__(self, names=('c1', 'c2'), replicas=1, database=None, members=('--world', fleets.WORLD, '--pods', '20'), apiserver=(), storage=None, sync=None, manifests=(),
                 managers=1, manager=()):
        super().__init__()
        try:
            self.start(names, replicas, database, members, apiserver, storage, sync, manifests, managers, manager)
        except BaseException:
            self.close()
            raise

    def start(self, names, replicas, database, members, apiserver, storage, sync, manifests, managers, manager):
        self.names = list(names)
        self.host = hosts.HostProcess(self.folder)
        self.processes.append(self.host)
        self.member_process = self.members('--names', ','.join(names), *members)
        self.member_config = None  # Read once.
        self.apply_manifests()
        for manifest in manifests:
            self.kubectl('apply', '-f', os.path.join(fleets.ROOT, 'deploy', manifest))
        self.storage = self.storage_file(database, storage or {})
        self.apiserver_arguments = list(apiserver)
        self.replicas = [self.replica() for _ in range(replicas)]
        self.publish()
        self.managers = [self.start_manager(*manager) for _ in range(managers)]
        self.manager = self.managers[0]
        for name in names:
            self.add_cluster(name, sync or EVERYTHING)
        self.wait_available()
        for name in names:
            self.wait_ready(name)

    def file(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        """A file that appears as a whole."""
        with open(self.file(name + '.new'), 'w', encoding='utf-8') as file:
            file.write(text)
        os.rename(self.file(name + '.new'), self.file(name))
        return self.file(name)

    # The management cluster.

    def kubectl_command(self, binary=None, kubeconfig=None):
        binary = binary or fleets.NEW_KUBECTL
        return [binary, '--kubeconfig', kubeconfig or self.host.kubeconfig, '--cache-dir', self.file('cache-' + os.path.basename(binary))]

    def run_kubectl(self, *arguments, binary=None, user=None, pedia=False, cluster=None, stdin=None, timeout=60):
        """How kubectl ends. `pedia`: it speaks to all clusters through pedia, or to `cluster` only."""
        command = self.kubectl_command(binary, user and user['kubeconfig'])
        if pedia or cluster:
            command += ['--server', self.host.url + fleets.RESOURCES + ('/clusters/' + cluster if cluster else '')]
        return subprocess.run(command + list(arguments), input=stdin, capture_output=True, text=True, timeout=timeout)

    def kubectl(self, *arguments, **options):
        done = self.run_kubectl(*arguments, **options)
        if done.returncode != 0:
            raise AssertionError('kubectl %s: %s' % (' '.join(arguments), done.stderr))
        return done.stdout

    def apply_manifests(self):
        """Applies deploy/, makes its secrets, and does what a controller would: tokens for its accounts, their files."""
        self.kubectl('apply', '-k', os.path.join(fleets.ROOT, 'deploy', 'base'))
        environment = dict(os.environ, KUBECTL=' '.join(self.kubectl_command()))
        subprocess.run([os.path.join(fleets.ROOT, 'deploy', 'secrets')], env=environment, check=True, capture_output=True, timeout=60)
        self.write_certificate()
        self.configs = {name: self.host.user('system:serviceaccount:%s:%s' % (NAMESPACE, name))['kubeconfig'] for name in (SERVICE, MANAGER)}

    def write_certificate(self):
        """The files of the Secret with pedia's serving certificate, as a kubelet mounts it."""
        data = self.host.json('/api/v1/namespaces/%s/secrets/clusterpedia-apiserver-certificate' % NAMESPACE)['data']
        for name in ('tls.crt', 'tls.key'):
            self.write(name, base64.b64decode(data[name]).decode())

    def storage_file(self, database, keys):
        if database:
            return database.storage_config('host.yaml', **keys)
        keys = {'type': 'sqlite', 'dsn': self.file('pedia.db'), **keys}
        return self.write('storage.yaml', ''.join('%s: %s\n' % (key, json.dumps(value)) for key, value in keys.items()))

    def publish(self, *replicas):
        """Says that these replicas, else all, are where requests go."""
        self.host.apply({'apiVersion': 'v1', 'kind': 'Endpoints', 'metadata': {'name': SERVICE, 'namespace': NAMESPACE}, 'subsets': [
            {'addresses': [{'ip': '127.0.0.1'}], 'ports': [{'name': 'https', 'port': replica.port}]} for replica in replicas or self.replicas]})

    def wait_available(self, wanted='True'):
        def condition():
            conditions = self.host.json(API_SERVICE).get('status', {}).get('conditions', [])
            return conditions and conditions[0]['status'] == wanted and conditions[0]
        return fleets.wait_until(condition, 'the APIService to be Available=' + wanted)

    # pedia's processes.

    def replica(self, *arguments):
        made = Replica(self.file('apiserver-%d.log' % len(self.processes)), [
            '--kubeconfig', self.configs[SERVICE], '--storage-config', self.storage, '--tls-cert-file', self.file('tls.crt'),
            '--tls-private-key-file', self.file('tls.key'), *self.apiserver_arguments, *arguments])
        self.processes.append(made)
        return made

    def start_manager(self, *arguments, storage=None):
        manager = Manager(self.file('manager-%d.log' % len(self.processes)), ['--kubeconfig', self.configs[MANAGER], '--storage-config', storage or self.storage, *arguments])
        self.processes.append(manager)
        return manager

    # PediaClusters.

    def cluster_spec(self, name, sync):
        config = self.member_config = self.member_config or self.member_process.config()
        cluster = next(entry['cluster'] for entry in config['clusters'] if entry['name'] == name)
        user = next(entry['user'] for entry in config['users'] if entry['name'] == name)
        encode = lambda text: base64.b64encode(text.encode()).decode()
        credentials = {'tokenData': encode(user['token'])} if 'token' in user else {'certData': user['client-certificate-data'], 'keyData': user['client-key-data']}
        if 'certificate-authority-data' in cluster:
            credentials['caData'] = cluster['certificate-authority-data']
        return {'apiserver': cluster['server'], **credentials, 'syncResources': sync}

    def add_cluster(self, name, sync=None):
        self.host.apply({'apiVersion': 'cluster.clusterpedia.io/v1alpha2', 'kind': 'PediaCluster', 'metadata': {'name': name},
                         'spec': self.cluster_spec(name, sync or EVERYTHING)})

    def cluster_condition(self, name, kind):
        conditions = self.host.json(CLUSTERS + '/' + name).get('status', {}).get('conditions', [])
        return next((condition for condition in conditions if condition['type'] == kind), {})

    def wait_ready(self, name):
        """Until the cluster is Ready and its pods are all there."""
        fleets.wait_until(lambda: self.cluster_condition(name, 'Ready').get('status') == 'True', 'the PediaCluster %s to be Ready' % name)
        wanted = len(self.member_process.request(name, '/api/v1/pods')['items'])
        fleets.wait_until(lambda: self.pod_count(name) == wanted, 'the pods of ' + name)

    def pod_count(self, name):
        status, _, body = self.host.request('%s/clusters/%s/api/v1/pods' % (fleets.RESOURCES, name))
        return len(json.loads(body)['items']) if status == 200 else None

    def get(self, path, **options):
        """What the host answers to a request for pedia's resources."""
        return self.host.json(fleets.RESOURCES + path, **options)


class Load:
    """Threads that ask the same thing again and again, as clients do: each tries again once when a connection broke or it was told to (429, 503, 504 with Retry-After).
    `failures`: what such a client could not make good."""

    def __init__(self, request, threads=4, retries=3):
        self.request, self.retries = request, retries
        self.stopping = threading.Event()
        self.done, self.retried, self.failures = 0, [], []
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run) for _ in range(threads)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def run(self):
        while not self.stopping.is_set():
            for attempt in range(self.retries + 1):
                problem, again = self.problem()
                if not problem:
                    break
                with self.lock:
                    (self.retried if again and attempt < self.retries else self.failures).append(problem)
                if not again:
                    break
                time.sleep(0.2 * (attempt + 1))
            with self.lock:
                self.done += 1

    def problem(self):
        """(what is wrong, whether a client tries again)"""
        try:
            status, headers, body = self.request()
        except (OSError, hosts.http.client.HTTPException) as error:
            return repr(error), True
        if status == 200:
            return None, False
        return '%d %r' % (status, body[:200]), status == 429 or headers.get('Retry-After') is not None or status in (502, 503)
