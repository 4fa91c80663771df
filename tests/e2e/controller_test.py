"""The manager's part of a PediaCluster's life: finalizer, credentials, references, shards, and what its status says of all that."""
import base64
import json
import signal
import unittest

import fleet as fleets
import host as fleet_on_host
from host import CLUSTERS, MERGE, NAMESPACE

PODS = [{'group': '', 'resources': ['pods']}]
FINALIZER = 'clusterpedia.io/cluster-synchro-controller'
SECRETS = '/api/v1/namespaces/%s/secrets' % NAMESPACE
SYNC_RESOURCES = '/apis/cluster.clusterpedia.io/v1alpha2/clustersyncresources'
GATES = ('--feature-gates', 'ClusterAuthenticationFromSecret=true,AllowSyncAllCustomResources=true')
# Leases that are over soon. The deadline leaves a busy machine time to renew.
SOON = ('--leader-elect-lease-duration', '4s', '--leader-elect-renew-deadline', '3s', '--leader-elect-retry-period', '500ms')


def encode(text):
    return base64.b64encode(text.encode()).decode()


class ControllerFleet(fleet_on_host.HostFleet):
    def __init__(self, names, *manager):
        super().__init__(names, members=('--world', 'none', '--pods', '20'), sync=PODS, manifests=['components/secrets/rbac.yaml'], apiserver=GATES, manager=(*GATES, *SOON, *manager))

    def cluster(self, name):
        """The PediaCluster, None if there is none."""
        status, _, body = self.host.request(CLUSTERS + '/' + name)
        return json.loads(body) if status == 200 else None

    def patch(self, name, change):
        self.host.json(CLUSTERS + '/' + name, 'PATCH', change, content_type=MERGE)

    def patch_spec(self, name, **members):
        self.patch(name, {'spec': members})

    def delete(self, path):
        self.host.json(path, 'DELETE')

    def wait_condition(self, name, kind, **wanted):
        def condition():
            found = self.cluster_condition(name, kind)
            return all(found.get(key) == value for key, value in wanted.items()) and found
        return fleets.wait_until(condition, '%s of %s to be %s' % (kind, name, wanted))

    def wait_pods(self, name, count):
        fleets.wait_until(lambda: self.pod_count(name) == count, '%s pods of %s' % (count, name))

    def shard(self, name):
        return self.cluster(name).get('status', {}).get('shardingName')

    def put_secret(self, name, **data):
        self.host.apply({'apiVersion': 'v1', 'kind': 'Secret', 'metadata': {'name': name, 'namespace': NAMESPACE}, 'data': {key.replace('_', '.'): encode(value) for key, value in data.items()}})


class ClusterLifeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fleet = ControllerFleet(['c1', 'c2', 'c3'])
        cls.addClassCleanup(cls.fleet.close)
        cls.token = base64.b64decode(cls.fleet.cluster_spec('c1', PODS)['tokenData']).decode()

    def test_the_finalizer_goes_when_the_rows_are_gone(self):
        self.assertEqual(self.fleet.cluster('c3')['metadata']['finalizers'], [FINALIZER])
        self.fleet.delete(CLUSTERS + '/c3')
        fleets.wait_until(lambda: self.fleet.cluster('c3') is None, 'the PediaCluster to go')
        self.assertEqual([pod for pod in self.fleet.get('/api/v1/pods')['items'] if pod['metadata']['annotations']['shadow.clusterpedia.io/cluster-name'] == 'c3'], [])
        self.fleet.add_cluster('c3', PODS)
        self.fleet.wait_ready('c3')

    def test_the_rows_of_a_cluster_that_was_forced_to_go_are_deleted_too(self):
        self.fleet.wait_ready('c2')
        self.fleet.manager.child.send_signal(signal.SIGSTOP)
        try:
            self.fleet.delete(CLUSTERS + '/c2')
            self.fleet.patch('c2', {'metadata': {'finalizers': []}})
            self.assertIsNone(self.fleet.cluster('c2'))
        finally:
            self.fleet.manager.child.send_signal(signal.SIGCONT)
        fleets.wait_until(lambda: 'c2' not in {pod['metadata']['annotations']['shadow.clusterpedia.io/cluster-name'] for pod in self.fleet.get('/api/v1/pods')['items']}, 'the rows to go')
        self.fleet.add_cluster('c2', PODS)
        self.fleet.wait_ready('c2')

    def test_credentials_of_secrets_are_followed(self):
        spec = self.fleet.cluster_spec('c1', PODS)
        reference = {'name': 'c1-token', 'key': 'token'}
        self.fleet.patch_spec('c1', tokenData=None, authenticationFrom={'token': reference})
        message = self.fleet.wait_condition('c1', 'Validated', status='False', reason='InvalidConfig')['message']
        self.assertEqual(message, 'invalid cluster config: Cluster Authentication Error: secret "c1-token" not found')
        self.assertEqual(self.fleet.cluster_condition('c1', 'SynchroRunning')['reason'], 'InvalidConfig')
        self.assertEqual(self.fleet.cluster_condition('c1', 'ClusterHealthy')['reason'], 'MonitorStop')
        self.assertEqual(self.fleet.cluster_condition('c1', 'Ready')['message'], 'Validated condition is False, reason is InvalidConfig')
        self.assertEqual(self.fleet.pod_count('c1'), 20, 'what is stored stays')
        self.fleet.put_secret('c1-token', token='wrong')
        self.fleet.wait_condition('c1', 'Validated', status='True')
        self.fleet.wait_condition('c1', 'ClusterHealthy', status='False')
        self.fleet.put_secret('c1-token', token=self.token)
        self.fleet.wait_condition('c1', 'Ready', status='True')
        self.fleet.patch_spec('c1', tokenData=spec['tokenData'], authenticationFrom=None)

    def test_configurations_that_cannot_be_used_say_why(self):
        server = {'apiserver': 'https://127.0.0.1:1'}
        cases = [({'tokenData': encode('x')}, 'Cluster APIServer Endpoint is required'), (server, "Cluster APIServer's Token or Cert is required"),
                 ({**server, 'certData': encode('x')}, "Cluster APIServer's Token or Cert is required"), ({'kubeconfig': encode('a: [')}, 'kubeconfig')]
        for number, (spec, message) in enumerate(cases):
            name = 'bad-%d' % number
            self.host_cluster(name, spec)
            self.addCleanup(self.fleet.delete, CLUSTERS + '/' + name)
            found = self.fleet.wait_condition(name, 'Validated', status='False', reason='InvalidConfig')
            self.assertTrue(found['message'].startswith('invalid cluster config: '), found)
            self.assertIn(message, found['message'])
        self.host_cluster('away', {**server, 'tokenData': encode('x')})
        self.addCleanup(self.fleet.delete, CLUSTERS + '/away')
        self.fleet.wait_condition('away', 'ClusterHealthy', status='False', reason='NotReachable')
        self.fleet.wait_condition('away', 'SynchroRunning', status='False', reason='InitialFailed')

    def host_cluster(self, name, spec):
        self.fleet.host.apply({'apiVersion': 'cluster.clusterpedia.io/v1alpha2', 'kind': 'PediaCluster', 'metadata': {'name': name}, 'spec': {'syncResources': PODS, **spec}})

    def test_rules_that_may_not_be_used_leave_what_runs_as_it_is(self):
        self.fleet.patch_spec('c1', syncResources=[{'group': '*', 'resources': ['*']}])
        found = self.fleet.wait_condition('c1', 'Validated', status='False', reason='InvalidSyncResources')
        self.assertIn('AllowSyncAllResources', found['message'])
        self.assertEqual(self.fleet.cluster_condition('c1', 'SynchroRunning')['reason'], 'Running')
        pod = self.fleet.member_process.request('c1', '/api/v1/pods')['items'][0]['metadata']
        self.assertEqual(self.fleet.pod_count('c1'), 20, pod)
        self.fleet.patch_spec('c1', syncResources=PODS)
        self.fleet.wait_condition('c1', 'Ready', status='True')

    def test_referenced_sync_resources_are_added_and_followed(self):
        self.fleet.patch_spec('c3', syncResources=[], syncResourcesRefName='common')
        self.fleet.wait_condition('c3', 'Validated', status='True', message='Warning: sync resource ref is not found')
        self.fleet.host.apply({'apiVersion': 'cluster.clusterpedia.io/v1alpha2', 'kind': 'ClusterSyncResources', 'metadata': {'name': 'common'}, 'spec': {'syncResources': PODS}})
        self.fleet.wait_condition('c3', 'Validated', status='True', message='')
        self.fleet.wait_pods('c3', 20)
        self.fleet.patch_spec('c3', syncResources=PODS, syncResourcesRefName=None)
        self.fleet.wait_ready('c3')
        self.fleet.delete(SYNC_RESOURCES + '/common')


class ShardTest(unittest.TestCase):
    def setUp(self):
        self.fleet = ControllerFleet(['c1', 'c2'])
        self.addCleanup(self.fleet.close)

    def start_shard(self, name):
        return self.fleet.start_manager(*GATES, *SOON, '--sharding-name', name)

    def test_a_cluster_is_handed_over_and_its_life_ends_in_the_other_shard(self):
        self.assertEqual(self.fleet.shard('c1'), '')
        self.fleet.patch_spec('c1', shardingName='a')
        fleets.wait_until(lambda: self.fleet.shard('c1') is None, 'the shard to let go')
        self.assertEqual(self.fleet.cluster_condition('c1', 'SynchroRunning')['reason'], 'Shutdown')
        self.assertEqual(self.fleet.pod_count('c1'), 20, 'what is stored stays')
        self.start_shard('a')
        fleets.wait_until(lambda: self.fleet.shard('c1') == 'a', 'the other shard to take it')
        self.fleet.wait_condition('c1', 'Ready', status='True')
        self.fleet.wait_pods('c1', 20)
        self.assertEqual(self.fleet.shard('c2'), '')
        self.fleet.delete(CLUSTERS + '/c1')
        fleets.wait_until(lambda: self.fleet.cluster('c1') is None, 'the PediaCluster to go')
        self.assertEqual(self.fleet.pod_count('c2'), 20)

    def test_of_a_shard_that_died_the_others_tell_and_take_what_is_given_to_them(self):
        shard = self.start_shard('a')
        for name in ('c1', 'c2'):
            self.fleet.patch_spec(name, shardingName='a')
            fleets.wait_until(lambda: self.fleet.shard(name) == 'a', 'the other shard to take it')
            self.fleet.wait_condition(name, 'Ready', status='True')
        shard.child.kill()
        shard.child.wait()
        found = self.fleet.wait_condition('c1', 'SynchroRunning', status='Unknown', reason='ManagerLost')
        self.assertIn('shard "a" has not renewed its Lease since 20', found['message'])
        self.fleet.wait_condition('c1', 'Ready', status='False', message='SynchroRunning condition is Unknown, reason is ManagerLost')
        self.fleet.patch_spec('c2', shardingName='')
        fleets.wait_until(lambda: self.fleet.shard('c2') == '', 'the shard to be taken over')
        self.fleet.wait_condition('c2', 'Ready', status='True')
        self.start_shard('a')
        self.fleet.wait_condition('c1', 'Ready', status='True')

    def test_a_manager_that_ends_in_order_says_so(self):
        self.fleet.manager.child.terminate()
        self.assertEqual(self.fleet.manager.child.wait(timeout=20), 0)
        for name in ('c1', 'c2'):
            self.assertEqual(self.fleet.cluster_condition(name, 'SynchroRunning')['reason'], 'Shutdown')
            self.assertEqual(self.fleet.cluster_condition(name, 'ClusterHealthy')['reason'], 'MonitorStop')
            self.assertEqual(self.fleet.cluster_condition(name, 'Ready')['status'], 'False')
            status = self.fleet.cluster(name)['status']
            self.assertEqual({each['status'] for group in status['syncResources'] for resource in group['resources'] for each in resource['syncConditions']}, {'Stop'})
        self.fleet.start_manager(*GATES, *SOON)
        for name in ('c1', 'c2'):
            self.fleet.wait_condition(name, 'Ready', status='True')


if __name__ == '__main__':
    unittest.main()
