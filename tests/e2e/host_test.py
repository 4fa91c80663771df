"""pedia as an aggregated API server, with an old and a new kubectl in front of the management cluster: what users do, and what they may."""
import base64
import concurrent.futures
import functools
import itertools
import json
import os
import socket
import subprocess
import time
import unittest

import fleet as fleets
import host as fleet_on_host
from host import CLUSTERS, MERGE, hosts

# Of tests/host.
import certificates
import rbac

CLUSTERPEDIA = 'clusterpedia.io'
DISCOVERY = hosts.rule('get', 'resources resources/v2 resources/v3', CLUSTERPEDIA, 'api apis version openapi')


def whole_cluster(name, verbs='get'):
    return hosts.rule(verbs, 'resources/' + name, CLUSTERPEDIA, 'clusters')


class HostTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fleet = fleet_on_host.HostFleet(['c1', 'c2'], replicas=2, members=('--world', fleets.WORLD, '--pods', '20'),
                                            apiserver=('--authorization-webhook-cache-authorized-ttl=1s', '--authorization-webhook-cache-unauthorized-ttl=1s'))
        cls.addClassCleanup(cls.fleet.close)
        cls.host = cls.fleet.host
        cls.host.apply(
            hosts.cluster_role('boss', hosts.rule('*', '*', CLUSTERPEDIA)), hosts.binding('boss', 'boss', 'User:boss'),
            hosts.binding('viewers', 'clusterpedia-view', 'User:viewer', 'Group:viewers'),
            hosts.cluster_role('only-c1', DISCOVERY, whole_cluster('c1')), hosts.binding('only-c1', 'only-c1', 'User:one', 'ServiceAccount:default/robot'),
            hosts.cluster_role('only-apps', DISCOVERY, hosts.rule('get', 'resources/apps', CLUSTERPEDIA)), hosts.binding('only-apps', 'only-apps', 'User:apps'),
            hosts.cluster_role('core-of-all', DISCOVERY, hosts.rule('get', 'resources/v1', CLUSTERPEDIA, 'api')), hosts.binding('core-of-all', 'core-of-all', 'User:core'),
            hosts.cluster_role('writer', hosts.rule('create delete', 'resources/c2', CLUSTERPEDIA, 'clusters'), hosts.rule('list', 'collectionresources', CLUSTERPEDIA)),
            hosts.binding('writer', 'writer', 'User:writer'),
            hosts.cluster_role('lead', hosts.rule('impersonate', 'users', names='one'), hosts.rule('impersonate', 'groups', names='viewers')),
            hosts.binding('lead', 'lead', 'User:lead'))
        cls.users = {name: cls.host.user(name) for name in ('boss', 'viewer', 'one', 'apps', 'core', 'writer', 'lead', 'nobody')}

    def each_kubectl(self, **options):
        for binary in (fleets.OLD_KUBECTL, fleets.NEW_KUBECTL):
            yield functools.partial(self.fleet.kubectl, binary=binary, **options)

    def pods_of_member(self, name):
        return len(self.fleet.member_process.request(name, '/api/v1/pods')['items'])

    def refused(self, *arguments, **options):
        done = self.fleet.run_kubectl(*arguments, **options)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return done.stderr

    # What users do.

    def test_the_whole_fleet_and_one_cluster(self):
        for kubectl in self.each_kubectl(user=self.users['boss']):
            lines = kubectl('get', 'pods', '-A', pedia=True).splitlines()
            self.assertRegex(lines[0], r'^NAMESPACE +CLUSTER +NAME +READY +STATUS +RESTARTS +AGE$')
            self.assertEqual([sum(line.split()[1] == name for line in lines[1:]) for name in ('c1', 'c2')], [self.pods_of_member('c1'), self.pods_of_member('c2')])
            lines = kubectl('get', 'deployments', '-A', '-o', 'name', cluster='c1').splitlines()
            self.assertEqual(len(lines), len(self.fleet.member_process.request('c1', '/apis/apps/v1/deployments')['items']))

    def test_raw_requests(self):
        for kubectl in self.each_kubectl(user=self.users['boss']):
            found = json.loads(kubectl('get', '--raw', fleets.RESOURCES + '/clusters/c2/api/v1/pods?limit=3'))
            self.assertEqual((found['kind'], len(found['items'])), ('PodList', 3))
            workloads = json.loads(kubectl('get', '--raw', '/apis/clusterpedia.io/v1beta1/collectionresources/workloads?limit=2'))
            self.assertEqual((workloads['kind'], len(workloads['items'])), ('CollectionResource', 2))

    def test_the_host_shows_what_pedia_serves(self):
        for kubectl in self.each_kubectl():
            lines = kubectl('api-resources', '--api-group=clusterpedia.io', '--no-headers').splitlines()
            self.assertEqual([line.split()[0] for line in lines], ['collectionresources', 'resources'])
            self.assertIn('workloads', kubectl('get', 'collectionresources'))
            self.assertIn('clusterpedia.io/v1beta1', kubectl('api-versions').split())

    def test_the_kinds_of_the_fleet_are_discovered(self):
        for kubectl in self.each_kubectl(user=self.users['viewer']):
            lines = kubectl('api-resources', '--no-headers', pedia=True).splitlines()
            names = [line.split()[0] for line in lines]
            self.assertLessEqual({'pods', 'configmaps', 'deployments', 'replicasets'}, set(names))
            self.assertNotIn('daemonsets', names)
            self.assertIn('po', [line.split()[1] for line in lines if line.startswith('pods ')][0])

    def test_service_accounts_by_their_tokens(self):
        self.fleet.kubectl('create', 'serviceaccount', 'robot', '-n', 'default')
        token = self.fleet.kubectl('create', 'token', 'robot', '-n', 'default').strip()
        status, _, body = self.host.request(fleets.RESOURCES + '/clusters/c1/api/v1/pods?limit=1', user={'token': token})
        self.assertEqual((status, len(json.loads(body)['items'])), (200, 1))
        code, _ = fleet_on_host.raw_request(self.fleet.replicas[0], fleet_on_host.insecure_context(), fleets.RESOURCES + '/clusters/c1/api/v1/pods?limit=1',
                                            [('Authorization', 'Bearer ' + token)])
        self.assertEqual(code, 200, 'straight to pedia, by TokenReview')

    # What they may.

    def test_those_who_may_not_are_told_as_by_kube_apiserver(self):
        for kubectl in (fleets.OLD_KUBECTL, fleets.NEW_KUBECTL):
            text = self.refused('get', '--raw', fleets.RESOURCES + '/clusters/c2/api/v1/pods', user=self.users['one'], binary=kubectl)
            self.assertIn('resources.clusterpedia.io "clusters" is forbidden: User "one" cannot get resource "resources/c2" in API group "clusterpedia.io" at the cluster '
                          'scope', text)
        path = fleets.RESOURCES + '/api/v1/pods'
        messages = []
        for status, body in (self.host.request(path, user=self.users['apps'])[::2], self.direct('apps', 'GET', path)):
            self.assertEqual(status, 403)
            messages.append(json.loads(body)['message'])
        self.assertEqual(messages, ['resources.clusterpedia.io "api" is forbidden: User "apps" cannot get resource "resources/v1" in API group "clusterpedia.io" at the '
                                    'cluster scope'] * 2, 'pedia says what kube-apiserver says')

    def test_can_i(self):
        for kubectl in (fleets.OLD_KUBECTL, fleets.NEW_KUBECTL):
            for user, name, subresource, want in (('one', 'clusters', 'c1', 'yes'), ('one', 'clusters', 'c2', 'no'), ('apps', 'apis', 'apps', 'yes'),
                                                  ('core', 'apis', 'apps', 'no')):
                question = ['auth', 'can-i', 'get', 'resources.clusterpedia.io/' + name, '--subresource=' + subresource]
                done = self.fleet.run_kubectl(*question, user=self.users[user], binary=kubectl)
                self.assertEqual(done.stdout.split()[-1], want, (user, name, subresource, done.stderr))

    def test_impersonation(self):
        path = fleets.RESOURCES + '/clusters/%s/api/v1/pods?limit=1'
        for binary in (fleets.OLD_KUBECTL, fleets.NEW_KUBECTL):
            kubectl = functools.partial(self.fleet.kubectl, binary=binary, user=self.users['lead'])
            self.assertEqual(len(json.loads(kubectl('get', '--raw', path % 'c1', '--as', 'one'))['items']), 1)
            self.assertIn('User "one" cannot get', self.refused('get', '--raw', path % 'c2', '--as', 'one', binary=binary, user=self.users['lead']))
            self.assertIn('cannot impersonate resource "users"', self.refused('get', '--raw', path % 'c1', '--as', 'boss', binary=binary, user=self.users['lead']))
            self.assertIn('PodList', kubectl('get', '--raw', fleets.RESOURCES + '/api/v1/pods?limit=1', '--as', 'one', '--as-group', 'viewers'))

    def test_impersonation_straight_at_pedia(self):
        path = fleets.RESOURCES + '/clusters/%s/api/v1/pods?limit=1'
        self.assertEqual(self.direct('lead', 'GET', path % 'c1', [('Impersonate-User', 'one')])[0], 200)
        self.assertEqual(self.direct('lead', 'GET', path % 'c2', [('Impersonate-User', 'one')])[0], 403)
        status, body = self.direct('lead', 'GET', path % 'c1', [('Impersonate-User', 'boss')])
        self.assertEqual(status, 403)
        self.assertIn('users "boss" is forbidden: User "lead" cannot impersonate resource "users" in API group "" at the cluster scope', json.loads(body)['message'])

    def direct(self, user, method, path, headers=()):
        """(code, body) of pedia itself, by the user's token."""
        return fleet_on_host.raw_request(self.fleet.replicas[0], fleet_on_host.insecure_context(), path,
                                         [('Authorization', 'Bearer ' + self.users[user]['token']), ('Content-Length', '0'), *headers], method)

    def allowed(self, user, method, path):
        """What a SubjectAccessReview says, asked for what kube-apiserver takes the request for."""
        wanted = rbac.request_attributes(method, path, {})
        attributes = {'nonResourceAttributes': {'path': wanted.path, 'verb': wanted.verb}} if wanted.path else {'resourceAttributes': {
            'group': wanted.group, 'version': wanted.version, 'resource': wanted.resource, 'subresource': wanted.subresource, 'namespace': wanted.namespace,
            'name': wanted.name, 'verb': wanted.verb}}
        return self.host.json('/apis/authorization.k8s.io/v1/subjectaccessreviews', 'POST', {'spec': {
            'user': user, 'groups': ['system:authenticated'], **attributes}})['status']['allowed']

    def test_every_cell_of_the_truth_table_is_as_reviewed(self):
        tails = ('', '/api', '/apis', '/version', '/api/v1', '/api/v1/pods', '/api/v1/namespaces/team-a/pods', '/api/v1/namespaces/team-a/pods/x', '/apis/apps', '/apis/apps/v1',
                 '/apis/apps/v1/deployments', '/openapi/v2', '/openapi/v3', '/healthz')
        paths = [fleets.RESOURCES + tail for tail in tails]
        paths += [fleets.RESOURCES + '/clusters/' + name + tail for name in ('c1', 'c2', 'missing') for tail in tails]
        paths += ['/apis/clusterpedia.io/v1beta1/collectionresources', '/apis/clusterpedia.io/v1beta1/collectionresources/any', '/apis', '/apis/clusterpedia.io',
                  '/apis/clusterpedia.io/v1beta1', '/metrics', '/version']
        cells = [(user, 'GET', path) for user, path in itertools.product(self.users, paths)]
        cells += [(user, method, fleets.RESOURCES + '/clusters/c2/api/v1/namespaces/team-a/pods/x') for user in self.users for method in ('POST', 'PUT', 'PATCH', 'DELETE')]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            wanted = list(pool.map(lambda cell: self.allowed(*cell), cells))
            answers = list(pool.map(lambda cell: self.direct(*cell), cells))
        for cell, want, (status, body) in zip(cells, wanted, answers):
            self.assertEqual(status != 403, want, (*cell, status, body[:300]))
        granted = sum(wanted)
        self.assertGreater(granted, len(cells) // 10)
        self.assertLess(granted, len(cells) * 9 // 10)

    def test_some_paths_are_for_everybody(self):
        replica, context = self.fleet.replicas[0], fleet_on_host.insecure_context()
        for path in ('/healthz', '/livez', '/readyz'):
            self.assertEqual(fleet_on_host.raw_request(replica, context, path)[0], 200, path)
        for path in ('/metrics', '/apis', '/openapi/v2', fleets.RESOURCES + '/api/v1/pods'):
            self.assertEqual(fleet_on_host.raw_request(replica, context, path)[0], 401, path)

    def test_decisions_are_remembered(self):
        path = fleets.RESOURCES + '/clusters/c1/api/v1/pods?limit=1'
        # Two replicas, and decisions that are good for a second.
        self.host.control('counts', clear=True)
        start = time.monotonic()
        for _ in range(40):
            self.host.json(path, user=self.users['one'])
        allowed = 2 * (2 + int(time.monotonic() - start))
        counts = self.host.control('counts')
        self.assertLessEqual(counts.get('POST /apis/authorization.k8s.io/v1/subjectaccessreviews', 0), allowed)
        self.assertNotIn('POST /apis/authentication.k8s.io/v1/tokenreviews', counts, 'the front proxy says who asks')

    # What changes.

    def test_a_cluster_comes_and_goes_with_its_object(self):
        guest = self.fleet.members('--names', 'guest', '--world', 'none', '--pods', '7')
        kubeconfig = base64.b64encode(json.dumps(guest.config()).encode()).decode()
        self.host.apply({'apiVersion': 'cluster.clusterpedia.io/v1alpha2', 'kind': 'PediaCluster', 'metadata': {'name': 'guest'},
                         'spec': {'kubeconfig': kubeconfig, 'syncResources': [{'group': '', 'resources': ['pods']}]}})
        fleets.wait_until(lambda: self.fleet.pod_count('guest') == 7, 'the pods of the new cluster', 20)
        self.assertEqual(self.fleet.cluster_condition('guest', 'Ready')['status'], 'True')
        self.fleet.kubectl('delete', 'pediacluster', 'guest', '--wait=false')
        fleets.wait_until(lambda: self.host.request(CLUSTERS + '/guest')[0] == 404, 'the PediaCluster to be gone', 20)
        fleets.wait_until(lambda: self.fleet.pod_count('guest') is None, 'the cluster to be gone', 20)
        fleets.wait_until(lambda: self.clusters_of_pods() == {'c1', 'c2'}, 'its pods to be gone', 20)

    def clusters_of_pods(self):
        return {item['metadata']['annotations']['shadow.clusterpedia.io/cluster-name'] for item in self.fleet.get('/api/v1/pods')['items']}

    def new_folder(self):
        return fleets.tempfile.mkdtemp(dir=self.fleet.folder)

    def test_the_manager_says_what_it_does(self):
        manager = self.fleet.manager
        for name in ('resource_added_total', 'storaged_resource_total', 'storage_duration_seconds_count'):
            fleets.wait_until(lambda metric=name: manager.metric('clustersynchro_resourcesynchro_' + metric) > 0, 'the metric ' + name)
        self.assertEqual(manager.metric('pedia_sync_acting'), 1)
        self.assertEqual(manager.metric('clusterpedia_build_info'), 1)
        report = json.loads(manager.page('/debug/synchros?cluster=c1'))
        self.assertEqual([cluster['cluster'] for cluster in report['clusters']], ['c1'])
        states = {resource['resource']: resource['state'] for resource in report['clusters'][0]['resources']}
        self.assertIn('watching', states.values())
        text = manager.page('/debug/synchros?format=text')
        self.assertIn('cluster c2 on network thread', text)
        self.assertNotIn('BEGIN', text)
        self.assertEqual(self.host.request(fleets.RESOURCES.rpartition('/')[0] + '/debug/synchros')[0], 404)

    def test_conditions_say_how_a_cluster_does(self):
        columns = self.fleet.kubectl('get', 'pediaclusters', 'c1', '--no-headers').split()
        self.assertEqual(columns[1], 'True')
        status = self.host.json(CLUSTERS + '/c1')['status']
        self.assertEqual({condition['type']: condition['reason'] for condition in status['conditions']},
                         {'Validated': 'Validated', 'SynchroRunning': 'Running', 'ClusterHealthy': 'Healthy', 'Ready': 'Ready'})
        synced = {(group['group'], resource['name']): resource['syncConditions'][0]['status'] for group in status['syncResources'] for resource in group['resources']}
        self.assertEqual((synced[('', 'pods')], synced[('apps', 'deployments')]), ('Syncing', 'Syncing'))
        self.host.apply({'apiVersion': 'cluster.clusterpedia.io/v1alpha2', 'kind': 'PediaCluster', 'metadata': {'name': 'empty'}, 'spec': {'syncResources': []}})
        self.addCleanup(self.fleet.kubectl, 'delete', 'pediacluster', 'empty')
        condition = fleets.wait_until(lambda: self.fleet.cluster_condition('empty', 'Validated'), 'a verdict about the empty cluster', 20)
        self.assertEqual((condition['status'], condition['reason']), ('False', 'InvalidConfig'))
        self.assertIn('Cluster APIServer Endpoint is required', condition['message'])

    def test_certificates_are_replaced_under_load(self):
        path = fleets.RESOURCES + '/clusters/c1/api/v1/pods?limit=2'
        environment = dict(os.environ, KUBECTL=' '.join(self.fleet.kubectl_command()))
        secrets = [os.path.join(fleets.ROOT, 'deploy', 'secrets')]
        with fleet_on_host.Load(lambda: self.host.request(path, user=self.users['one'])) as load:
            before = self.serving_certificate(self.fleet.replicas[1])
            subprocess.run([*secrets, '--renew-certificate'], env=environment, check=True, capture_output=True, timeout=60)
            self.fleet.write_certificate()
            fleets.wait_until(lambda: all(self.serving_certificate(replica) != before for replica in self.fleet.replicas), 'the new serving certificate')
            subprocess.run(secrets, env=environment, check=True, capture_output=True, timeout=60)
            self.replace_front_proxy()
            done = load.done
            fleets.wait_until(lambda: load.done > done + 20, 'more requests')
        self.assertEqual(load.failures, [])

    def replace_front_proxy(self):
        """A new authority of the aggregator: first trusted beside the old one, then used, then alone."""
        authority = certificates.Authority(self.new_folder(), 'front-proxy-ca')
        certificate, key = authority.issue('client', 'front-proxy-client')
        with open(self.host.ready['frontProxyCa'], encoding='ascii') as file:
            old = file.read()
        path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication'
        trust = lambda text: self.host.json(path, 'PATCH', {'data': {'requestheader-client-ca-file': text}}, content_type=MERGE)
        trust(old + authority.text())
        new = fleet_on_host.insecure_context(certificate, key)
        known = lambda replica: fleet_on_host.raw_request(replica, new, fleets.RESOURCES + '/api', [('X-Remote-User', 'boss')])[0] == 200
        fleets.wait_until(lambda: all(known(replica) for replica in self.fleet.replicas), 'the new front proxy to be trusted')
        self.host.control('front_proxy', certificate=certificate, key=key)
        trust(authority.text())
        was = fleet_on_host.insecure_context(self.host.ready['frontProxyCertificate'], self.host.ready['frontProxyKey'])
        gone = lambda replica: fleet_on_host.raw_request(replica, was, fleets.RESOURCES + '/api', [('X-Remote-User', 'boss')])[0] in (401, 403)
        fleets.wait_until(lambda: all(gone(replica) for replica in self.fleet.replicas), 'the old front proxy to be trusted no more')

    @staticmethod
    def serving_certificate(replica):
        with replica.connect(fleet_on_host.insecure_context()) as tls:
            return tls.getpeercert(binary_form=True)


class FineGrainedTest(unittest.TestCase):
    """Roles for the objects of members: the API group of a rule names the cluster, its namespace is that of the objects."""

    @classmethod
    def setUpClass(cls):
        cls.fleet = fleet_on_host.HostFleet(['c1', 'c2'], members=('--world', fleets.WORLD, '--pods', '30'), manifests=['components/fine-grained/rbac.yaml'], apiserver=(
            '--fine-grained-authorization', '--authorization-webhook-cache-authorized-ttl=1s', '--authorization-webhook-cache-unauthorized-ttl=1s'))
        cls.addClassCleanup(cls.fleet.close)
        cls.host = cls.fleet.host
        outer = hosts.cluster_role('outer', hosts.rule('get list', 'resources resources/v1 resources/apps resources/c1 resources/c2 collectionresources', CLUSTERPEDIA))
        cls.host.apply({'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': 'team-a'}}, outer, hosts.binding('outer', 'outer', 'Group:system:authenticated'),
                       hosts.role('team-a', 'pods-of-c1', hosts.rule('get list', 'pods', '@c1')),
                       hosts.binding('pods-of-c1', 'pods-of-c1', 'User:dev', namespace='team-a', role_kind='Role'),
                       hosts.cluster_role('pods-of-all', hosts.rule('get list', 'pods', '@*')), hosts.binding('pods-of-all', 'pods-of-all', 'User:ops'))
        cls.users = {name: cls.host.user(name) for name in ('dev', 'ops', 'nobody')}

    def code(self, user, path):
        return self.host.request(fleets.RESOURCES + path, user=self.users[user])[0]

    def pods(self, user, path='/api/v1/pods'):
        listed = self.fleet.get(path, user=self.users[user])
        return {(item['metadata']['annotations']['shadow.clusterpedia.io/cluster-name'], item['metadata']['namespace'], item['metadata']['name']) for item in listed['items']}

    def members_pods(self, name):
        return {(name, item['metadata']['namespace'], item['metadata']['name']) for item in self.fleet.member_process.request(name, '/api/v1/pods')['items']}

    def test_each_sees_what_is_his(self):
        everything = self.members_pods('c1') | self.members_pods('c2')
        own = {pod for pod in everything if pod[:2] == ('c1', 'team-a')}
        self.assertGreater(len(own), 0)
        self.assertEqual((self.pods('dev'), self.pods('ops')), (own, everything))
        self.assertEqual(self.pods('dev', '/clusters/c1/api/v1/namespaces/team-a/pods'), own)
        for binary in (fleets.OLD_KUBECTL, fleets.NEW_KUBECTL):
            lines = self.fleet.kubectl('get', 'pods', '-A', '--no-headers', '--chunk-size=2', binary=binary, pedia=True, user=self.users['dev']).splitlines()
            self.assertEqual({(line.split()[1], line.split()[0], line.split()[2]) for line in lines}, own)

    def test_the_rest_is_forbidden(self):
        cluster, namespace, name = sorted(self.pods('dev'))[0]
        self.assertEqual(self.code('dev', '/clusters/c1/api/v1/namespaces/team-a/pods/' + name), 200)
        for path in ('/clusters/c2/api/v1/namespaces/team-a/pods/' + name, '/clusters/c2/api/v1/pods', '/clusters/c1/api/v1/namespaces/kube-system/pods',
                     '/api/v1/secrets', '/clusters/c1/api/v1/namespaces/team-a/secrets', '/clusters/c1/api/v1/namespaces/team-a/secrets/x', '/apis/apps/v1/deployments'):
            self.assertEqual(self.code('dev', path), 403, path)
        self.assertEqual(self.code('nobody', '/api/v1/pods'), 403)

    def test_what_is_counted_is_what_may_be_seen(self):
        listed = self.fleet.get('/api/v1/pods?limit=1&withRemainingCount=true', user=self.users['dev'])
        self.assertEqual(listed['metadata'].get('remainingItemCount'), len(self.pods('dev')) - 1)

    def test_what_is_granted_later_shows(self):
        self.assertEqual(self.code('dev', '/clusters/c2/api/v1/namespaces/team-a/pods'), 403)
        self.host.apply(hosts.role('team-a', 'pods-of-c2', hosts.rule('list', 'pods', '@c2')),
                        hosts.binding('pods-of-c2', 'pods-of-c2', 'User:dev', namespace='team-a', role_kind='Role'))
        fleets.wait_until(lambda: {pod[0] for pod in self.pods('dev')} == {'c1', 'c2'}, 'the new grant to show', 10)
        self.host.json('/apis/rbac.authorization.k8s.io/v1/namespaces/team-a/rolebindings/pods-of-c2', 'DELETE')
        fleets.wait_until(lambda: {pod[0] for pod in self.pods('dev')} == {'c1'}, 'what was revoked to be gone', 10)


class ProxyTest(unittest.TestCase):
    """Requests that pedia passes on to members: logs, commands, ports."""

    @classmethod
    def setUpClass(cls):
        cls.fleet = fleet_on_host.HostFleet(['c1', 'c2'], members=('--world', 'none', '--pods', '3'), apiserver=(
            '--feature-gates', 'AllowProxyRequestToClusters=true', '--allowed-proxy-subresources', 'pods/log,pods/exec,pods/attach,pods/portforward',
            '--allow-pediacluster-config-for-proxy-request', '--enable-proxy-path-for-forward-request'))
        cls.addClassCleanup(cls.fleet.close)
        cls.host = cls.fleet.host
        cls.host.apply(
            hosts.cluster_role('operator', DISCOVERY, whole_cluster('c1', 'get create')), hosts.binding('operator', 'operator', 'User:operator'),
            hosts.cluster_role('reader', DISCOVERY, whole_cluster('c1')), hosts.binding('reader', 'reader', 'User:reader'))
        cls.users = {name: cls.host.user(name) for name in ('operator', 'reader')}
        pod = cls.fleet.member_process.request('c1', '/api/v1/pods')['items'][0]
        cls.pod = ['-n', pod['metadata']['namespace'], pod['metadata']['name'], '-c', pod['spec']['containers'][0]['name']]
        cls.path = '/api/v1/namespaces/%s/pods/%s' % (pod['metadata']['namespace'], pod['metadata']['name'])

    def command(self, *arguments, binary, user='operator'):
        return [*self.fleet.kubectl_command(binary, self.users[user]['kubeconfig']), '--server', self.host.url + fleets.RESOURCES + '/clusters/c1', *arguments]

    def run_command(self, *arguments, **options):
        stdin = options.pop('stdin', None)
        return subprocess.run(self.command(*arguments, **options), input=stdin, capture_output=True, text=True, timeout=60)

    def each_binary(self):
        for binary in (fleets.OLD_KUBECTL, fleets.NEW_KUBECTL):
            with self.subTest(os.path.basename(binary)):
                yield binary

    def test_logs(self):
        for binary in self.each_binary():
            done = self.run_command('logs', *self.pod, '--tail', '5', binary=binary, user='reader')
            self.assertEqual(len(done.stdout.splitlines()), 5, done.stderr)

    def test_logs_are_followed_while_they_are_written(self):
        for binary in self.each_binary():
            child = subprocess.Popen(self.command('logs', '-f', *self.pod, binary=binary, user='reader'), stdout=subprocess.PIPE, text=True)
            try:
                lines = [child.stdout.readline() for _ in range(60)]
            finally:
                child.kill()
                child.communicate()
            self.assertEqual(len(set(lines)), 60)

    def test_commands_run_with_their_input_and_end_with_their_code(self):
        for binary in self.each_binary():
            done = self.run_command('exec', *self.pod, '--', 'echo', 'hello', 'there', binary=binary)
            self.assertEqual((done.returncode, done.stdout), (0, 'hello there\n'), done.stderr)
            done = self.run_command('exec', '-i', *self.pod, '--', 'cat', binary=binary, stdin='to and fro\n' * 5000)
            self.assertEqual((done.returncode, done.stdout), (0, 'to and fro\n' * 5000), done.stderr)
            self.assertEqual(self.run_command('exec', *self.pod, '--', 'exit', '7', binary=binary).returncode, 7)
            done = self.run_command('exec', *self.pod, '--', 'yes', '3000000', binary=binary)
            self.assertEqual(len(done.stdout), 3000000, done.stderr)

    def test_who_may_only_read_runs_no_commands_and_who_may_nothing_reads_no_logs(self):
        # The new kubectl asks by WebSocket, a GET, which kube-apiserver takes for reading.
        for binary in self.each_binary():
            done = self.run_command('exec', *self.pod, '--', 'echo', 'hello', binary=binary, user='reader')
            self.assertEqual((done.returncode, done.stdout), (1, ''))
            self.assertIn('cannot create resource "resources/c1"', done.stderr)
        status, _, _ = self.host.request(fleets.RESOURCES + '/clusters/c2' + self.path + '/log', user=self.users['operator'])
        self.assertEqual(status, 403)

    def test_ports_are_forwarded(self):
        for binary in self.each_binary():
            child = subprocess.Popen(self.command('port-forward', *self.pod[:2], 'pod/' + self.pod[2], ':80', binary=binary), stdout=subprocess.PIPE, text=True)
            try:
                port = int(child.stdout.readline().split(' -> ')[0].rpartition(':')[2])
                with socket.create_connection(('127.0.0.1', port), timeout=20) as connection:
                    connection.sendall(b'echo')
                    self.assertEqual(connection.recv(100), b'echo')
            finally:
                child.kill()
                child.communicate()

    def test_the_proxy_path_reaches_the_member_itself(self):
        path = fleets.RESOURCES + '/clusters/c1/proxy'
        found = self.host.json(path + self.path, user=self.users['operator'])
        self.assertEqual(found['metadata'], self.fleet.member_process.request('c1', self.path)['metadata'])
        self.assertEqual(self.host.request(path + '/api/v1/nodes', user=self.users['operator'])[0], 404, 'nodes are not synced')


if __name__ == '__main__':
    unittest.main()
