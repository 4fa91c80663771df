"""A running host simulator: starts it, speaks to it."""
import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import urllib.parse

MAIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'main.py')


class HostProcess:
    """It ends with this process."""

    def __init__(self, folder, *arguments):
        self.log = os.path.join(folder, 'host.log')
        with open(self.log, 'ab') as log:
            self.child = subprocess.Popen([sys.executable, MAIN, '--folder', os.path.join(folder, 'host'), '--end-with-stdin', *arguments], stdin=subprocess.PIPE,
                                          stdout=subprocess.PIPE, stderr=log)
        line = self.child.stdout.readline()
        if not line:
            with open(self.log, encoding='utf-8', errors='replace') as log:
                raise RuntimeError('the host ended at once:\n' + log.read())
        self.ready = json.loads(line)
        self.url, self.kubeconfig, self.folder = self.ready['url'], self.ready['kubeconfig'], self.ready['folder']
        self.port = int(self.url.rpartition(':')[2])
        self.contexts = {}
        self.admin = {'certificate': self.ready['certificate'], 'key': self.ready['key']}

    def stop(self, *_):
        if self.child.poll() is None:
            self.child.terminate()
            self.child.wait(20)
        self.child.stdin.close()
        self.child.stdout.close()

    def tls(self, user=None):
        """What a user connects with; made once, for it takes long."""
        files = (user['certificate'], user['key']) if user and 'certificate' in user else None
        if files not in self.contexts:
            context = ssl.create_default_context(cafile=self.ready['ca'])
            if files:
                context.load_cert_chain(*files)
            self.contexts[files] = context
        return self.contexts[files]

    def connect(self, user=None, timeout=20):
        """A TLS connection for those who write their requests themselves."""
        plain = socket.create_connection(('127.0.0.1', self.port), timeout=timeout)
        return self.tls(user).wrap_socket(plain, server_hostname='127.0.0.1')

    def request(self, path, method='GET', body=None, user=None, headers=None, content_type='application/json', timeout=60):
        """(status, headers, body) of a request; as the administrator unless `user` (as control('user') gives it; {} = nobody)."""
        user = self.admin if user is None else user
        connection = http.client.HTTPSConnection('127.0.0.1', self.port, context=self.tls(user), timeout=timeout)
        headers = dict(headers or {})
        if 'token' in user:
            headers['Authorization'] = 'Bearer ' + user['token']
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        if data is not None:
            headers.setdefault('Content-Type', content_type)
        try:
            connection.request(method, path, body=data, headers=headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def json(self, path, method='GET', body=None, **options):
        """What is answered, which must be a success."""
        status, _, answer = self.request(path, method, body, **options)
        if status >= 300:
            raise AssertionError('%s %s: %d %s' % (method, path, status, answer[:500]))
        return json.loads(answer)

    def apply(self, *items):
        """Creates objects, or replaces what there is."""
        for item in items:
            path = collection_path(item)
            status, _, answer = self.request(path, 'POST', item)
            if status == 409:
                status, _, answer = self.request('%s/%s' % (path, item['metadata']['name']), 'PUT', item)
            if status >= 300:
                raise AssertionError('%s: %d %s' % (path, status, answer))

    def control(self, command, **arguments):
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.ready['control']).netloc, timeout=30)
        try:
            connection.request('POST', '/' + command, body=json.dumps(arguments).encode())
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise AssertionError('%s: %s' % (command, answer))
        return json.loads(answer)

    def user(self, name, groups=(), **options):
        return self.control('user', name=name, groups=list(groups), **options)


def collection_path(item):
    group, _, _ = item['apiVersion'].rpartition('/')
    root = '/apis/' if group else '/api/'
    namespace = item['metadata'].get('namespace')
    plural = PLURALS.get(item['kind'], item['kind'].lower() + 's')
    return root + item['apiVersion'] + ('/namespaces/' + namespace if namespace else '') + '/' + plural


PLURALS = {'ClusterImportPolicy': 'clusterimportpolicies', 'Endpoints': 'endpoints', 'NetworkPolicy': 'networkpolicies', 'ClusterSyncResources': 'clustersyncresources'}


def cluster_role(name, *rules):
    return {'apiVersion': 'rbac.authorization.k8s.io/v1', 'kind': 'ClusterRole', 'metadata': {'name': name}, 'rules': list(rules)}


def role(namespace, name, *rules):
    return {'apiVersion': 'rbac.authorization.k8s.io/v1', 'kind': 'Role', 'metadata': {'name': name, 'namespace': namespace}, 'rules': list(rules)}


def binding(name, to, *subjects, namespace=None, role_kind='ClusterRole'):
    """A (Cluster)RoleBinding named `name` of the role `to`. Subjects: "User:jane", "Group:team", "ServiceAccount:namespace/name"."""
    listed = []
    for subject in subjects:
        kind, _, who = subject.partition(':')
        space, _, account = who.partition('/')
        listed.append({'kind': kind, 'namespace': space, 'name': account} if kind == 'ServiceAccount' else {
            'kind': kind, 'apiGroup': 'rbac.authorization.k8s.io', 'name': who})
    return {'apiVersion': 'rbac.authorization.k8s.io/v1', 'kind': 'RoleBinding' if namespace else 'ClusterRoleBinding',
            'metadata': {'name': name, **({'namespace': namespace} if namespace else {})}, 'subjects': listed,
            'roleRef': {'apiGroup': 'rbac.authorization.k8s.io', 'kind': role_kind, 'name': to}}


def rule(verbs, resources, groups=('',), names=()):
    """Of resources; all arguments are words with spaces between, or lists."""
    words = lambda value: value.split() if isinstance(value, str) and value else list(value)
    made = {'verbs': words(verbs), 'apiGroups': words(groups) or [''], 'resources': words(resources)}
    return {**made, 'resourceNames': words(names)} if names else made


def path_rule(*paths):
    return {'verbs': ['get'], 'nonResourceURLs': list(paths)}
