"""Starts what the end-to-end tests need: simulated member clusters, pedia over them, kubectl."""
import json
import os
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get('PEDIA_BUILD', os.path.join(ROOT, 'build', 'release'))
PEDIA = os.path.join(BUILD, 'pedia')
MEMBER = os.path.join(BUILD, 'tests', 'member', 'pedia-member')
WORLD = os.path.join(ROOT, 'tests', 'testdata', 'world', 'world.json.gz')
OLD_WORLDS = {version: os.path.join(ROOT, 'tests', 'testdata', 'world-' + version, 'world.json') for version in ('1.19', '1.22')}
RESOURCES = '/apis/clusterpedia.io/v1beta1/resources'
OLD_KUBECTL = os.path.join(ROOT, 'build', 'tools', 'kubectl-old')
NEW_KUBECTL = os.path.join(ROOT, 'build', 'tools', 'kubectl-new')


def wait_until(condition, what, seconds=60):
    """Polls `condition` until it gives something true, and returns that."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError('waited %d s for %s' % (seconds, what))
        time.sleep(0.05)


def is_sanitized(process):
    """Whether it runs under AddressSanitizer, which reserves terabytes of addresses."""
    with open('/proc/%d/statm' % process.child.pid, encoding='ascii') as pages:
        return int(pages.read().split()[0]) * os.sysconf('SC_PAGE_SIZE') > 1 << 40


def parse_yaml(*texts):
    """What the documents say; by Debian's own Python, the one that has a YAML parser."""
    program = 'import json, sys, yaml; json.dump([yaml.load(text, yaml.CSafeLoader) for text in json.load(sys.stdin)], sys.stdout)'
    done = subprocess.run(['/usr/bin/python3', '-c', program], input=json.dumps(texts), capture_output=True, text=True, check=True, timeout=120)
    return json.loads(done.stdout)


class Process:
    """A child process whose output goes to a file."""

    def __init__(self, arguments, log, environment=None):
        self.log = log
        with open(log, 'ab') as output:
            self.child = subprocess.Popen(arguments, stdout=output, stderr=subprocess.STDOUT, env=environment)

    def output(self):
        with open(self.log, encoding='utf-8', errors='replace') as text:
            return text.read()

    def wait_for(self, text, seconds=60):
        def seen():
            output = self.output()
            if text in output:
                return output
            if self.child.poll() is not None:
                raise RuntimeError('exited with %d:\n%s' % (self.child.returncode, output))
            return None
        try:
            return wait_until(seen, 'the line %r in %s' % (text, self.log), seconds)
        except TimeoutError as error:
            # It is waited for while it starts, before anybody could stop it.
            self.stop(signal.SIGKILL)
            raise TimeoutError('%s:\n%s' % (error, self.output())) from error

    def stop(self, how=signal.SIGTERM, seconds=20):
        if self.child.poll() is None:
            self.child.send_signal(how)
            try:
                self.child.wait(seconds)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
                raise


class Members(Process):
    """Simulated clusters, all in one process; `kubeconfig` reaches them."""

    def __init__(self, folder, *arguments, seconds=60):
        self.kubeconfig = os.path.join(folder, 'members.kubeconfig')
        super().__init__([MEMBER, '--kubeconfig-out', self.kubeconfig, *arguments], os.path.join(folder, 'members.log'))
        self.wait_for('\nready', seconds)

    def config(self):
        """The kubeconfig as a Python value."""
        command = [NEW_KUBECTL, '--kubeconfig', self.kubeconfig, 'config', 'view', '--raw', '-o', 'json']
        return json.loads(subprocess.run(command, capture_output=True, check=True, timeout=20).stdout)

    def request(self, cluster, path, body=None, method='GET'):
        """What a cluster answers to its administrator."""
        url, token = [line.split()[1:] for line in self.output().splitlines() if line.startswith(cluster + ' http')][0]
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url + path, data=data, method=method, headers={'Authorization': 'Bearer ' + token.removeprefix('token=')})
        # On loopback there is nothing to verify.
        with urllib.request.urlopen(request, context=ssl._create_unverified_context(), timeout=60) as response:
            return json.load(response)

    def control(self, cluster, path, body=None, method='POST'):
        """A command of the simulator's control endpoint."""
        return self.request(cluster, path, body, method)

    def served(self, cluster):
        """What the cluster serves: its APIResourceLists."""
        groups = self.request(cluster, '/apis')['groups']
        for path in ('/api/v1', *('/apis/' + version['groupVersion'] for group in groups for version in group['versions'])):
            yield self.request(cluster, path)


def stored_form(item, cluster):
    """A member's object as pedia must store it."""
    item = json.loads(json.dumps(item))
    metadata = item['metadata']
    metadata.pop('managedFields', None)
    annotations = metadata.setdefault('annotations', {})
    annotations.pop('kubectl.kubernetes.io/last-applied-configuration', None)
    annotations['shadow.clusterpedia.io/cluster-name'] = cluster
    item.pop('kind', None)
    item.pop('apiVersion', None)
    return item


def of_collection(dump, cluster, collection):
    """{namespace/name: object} of one collection of a member's dump, e.g. /api/v1/pods, in the form of the store."""
    root, resource = collection.rsplit('/', 1)
    found = {}
    for path, item in dump.items():
        parts = path[len(root) + 1:].split('/') if path.startswith(root + '/') else []
        in_namespace = parts[:1] == ['namespaces'] and parts[2:3] == [resource]
        if in_namespace or (parts[:1] == [resource] and len(parts) == 2):
            found['/'.join((item['metadata'].get('namespace', ''), item['metadata']['name']))] = stored_form(item, cluster)
    return found


def member_objects(members, cluster, collection):
    return of_collection(members.control(cluster, '/__dump', method='GET'), cluster, collection)


def pedia_objects(pedia, cluster, collection):
    items = pedia.get('%s/clusters/%s%s' % (RESOURCES, cluster, collection))['items']
    return {'/'.join((item['metadata'].get('namespace', ''), item['metadata']['name'])): stored_form(item, cluster) for item in items}


class Pedia(Process):
    """A running `pedia standalone`."""

    def __init__(self, folder, *arguments, wait_for_sync=True):
        self.data = os.path.join(folder, 'data')
        log = os.path.join(folder, 'pedia.log')
        if os.path.exists(log):
            os.rename(log, '%s.%d' % (log, time.monotonic_ns()))
        super().__init__([PEDIA, 'standalone', '--data-dir', self.data, '--secure-port', '0', *arguments], log)
        line = [x for x in self.wait_for('pedia is ready: ').splitlines() if x.startswith('pedia is ready: ')][0]
        self.url, self.kubeconfig = line[len('pedia is ready: '):].split(' kubeconfig=')
        with open(self.kubeconfig, encoding='utf-8') as text:
            self.config = json.load(text)
        if wait_for_sync:
            self.wait_for('first sync done', 120)

    def request(self, path, headers=None, method='GET', token=True):
        """(status, headers, body) of a request; never raises for a status."""
        context = ssl.create_default_context(cafile=os.path.join(self.data, 'ca.crt'))
        request = urllib.request.Request(self.url + path, method=method, headers=dict(headers or {}))
        if token:
            request.add_header('Authorization', 'Bearer ' + self.config['users'][0]['user']['token'])
        try:
            with urllib.request.urlopen(request, context=context, timeout=60) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    def get(self, path, **headers):
        status, _, body = self.request(path, headers)
        if status != 200:
            raise AssertionError('%s: %d %s' % (path, status, body[:500]))
        return json.loads(body)

    def run_kubectl(self, *arguments, binary=None, context=None, stdin=None):
        """How kubectl ends: .returncode, .stdout, .stderr."""
        binary = binary or NEW_KUBECTL
        command = [binary, '--kubeconfig', self.kubeconfig, '--cache-dir', os.path.join(self.data, 'cache-' + os.path.basename(binary))]
        if context:
            command += ['--context', context]
        return subprocess.run(command + list(arguments), input=stdin, capture_output=True, text=True, timeout=120)

    def kubectl(self, *arguments, check=True, **options):
        """What kubectl prints on standard output; on failure what it prints on standard error."""
        done = self.run_kubectl(*arguments, **options)
        if check and done.returncode != 0:
            raise AssertionError('kubectl %s: %s' % (' '.join(arguments), done.stderr))
        return done.stdout if done.returncode == 0 else done.stderr


class Fleet:
    """A folder, the processes in it, and their end."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix='pedia-e2e-')
        self.processes = []

    def members(self, *arguments, **options):
        members = Members(tempfile.mkdtemp(dir=self.folder), *arguments, **options)
        self.processes.append(members)
        return members

    def pedia(self, *arguments, **options):
        pedia = Pedia(self.folder, *arguments, **options)
        self.processes.append(pedia)
        return pedia

    def close(self):
        for process in reversed(self.processes):
            process.stop(signal.SIGKILL)
        shutil.rmtree(self.folder)
