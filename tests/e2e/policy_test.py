"""`pedia controller-manager`: PediaClusters that come, change and go with the objects of a platform, and the conditions that tell how that goes."""
import json
import signal
import unittest

import fleet as fleets
import host as fleet_on_host
from host import CLUSTERS, MERGE, NAMESPACE, hosts

POLICIES = '/apis/policy.clusterpedia.io/v1alpha1/clusterimportpolicies'
LIFECYCLES = '/apis/policy.clusterpedia.io/v1alpha1/pediaclusterlifecycles'
KARMADA = '/apis/cluster.karmada.io/v1alpha1/clusters'
SECRETS = '/api/v1/namespaces/karmada-cluster/secrets'
CONTROLLER = 'clusterpedia-controller-manager'
READY = {'conditions': [{'type': 'Ready', 'status': 'True', 'reason': 'ClusterReady', 'message': ''}]}


def definition(group, kind, plural, scope='Cluster'):
    schema = {'type': 'object', 'x-kubernetes-preserve-unknown-fields': True}
    return {'apiVersion': 'apiextensions.k8s.io/v1', 'kind': 'CustomResourceDefinition', 'metadata': {'name': plural + '.' + group}, 'spec': {
        'group': group, 'scope': scope, 'names': {'kind': kind, 'plural': plural, 'singular': kind.lower(), 'listKind': kind + 'List'},
        'versions': [{'name': 'v1alpha1', 'served': True, 'storage': True, 'schema': {'openAPIV3Schema': schema}, 'subresources': {'status': {}}}]}}


class PolicyFleet(fleet_on_host.HostFleet):
    """Members, and a management cluster that knows nothing of them yet."""

    def apply_manifests(self):
        super().apply_manifests()
        self.configs[CONTROLLER] = self.host.user('system:serviceaccount:%s:%s' % (NAMESPACE, CONTROLLER))['kubeconfig']

    def add_cluster(self, name, sync=None):
        pass

    def wait_ready(self, name):
        pass

    def start_controller(self):
        command = [fleets.PEDIA, 'controller-manager', '--kubeconfig', self.configs[CONTROLLER], '--leader-elect-lease-duration=3s', '--leader-elect-renew-deadline=2s',
                   '--leader-elect-retry-period=500ms']
        controller = fleets.Process(command, self.file('controller-%d.log' % len(self.processes)))
        self.processes.append(controller)
        return controller


class PolicyTest(unittest.TestCase):
    def setUp(self):
        self.fleet = PolicyFleet(['m1', 'm2'], members=('--world', 'none', '--pods', '5'))
        self.addCleanup(self.fleet.close)
        self.host = self.fleet.host

    def get(self, path):
        """An object; None if there is none."""
        status, _, body = self.host.request(path)
        self.assertIn(status, (200, 404), body)
        return json.loads(body) if status == 200 else None

    def conditions(self, path):
        """{type: (status, reason, message)}"""
        found = ((self.get(path) or {}).get('status') or {}).get('conditions', [])
        return {each['type']: (each['status'], each['reason'], each['message']) for each in found}

    def wait_for(self, path, kind, reason, status, message=''):
        """Until a condition says so."""
        def says():
            found = self.conditions(path).get(kind, ('', '', ''))
            return found[:2] == (status, reason) and message in found[2]
        try:
            fleets.wait_until(says, '%s of %s to be %s' % (kind, path, reason), 40)
        except TimeoutError as error:
            raise AssertionError('%s, not %s' % (error, self.conditions(path))) from error

    def wait_gone(self, path):
        fleets.wait_until(lambda: self.get(path) is None, path + ' to be gone')

    def patch(self, path, **changes):
        return self.host.json(path, 'PATCH', changes, content_type=MERGE)

    def apply_policy(self, name='karmada', **spec):
        self.fleet.kubectl('apply', '-k', '%s/deploy/policies/karmada' % fleets.ROOT)
        if name != 'karmada':
            policy = self.get(POLICIES + '/karmada')
            self.host.apply({**policy, 'metadata': {'name': name}, 'status': None})
        if spec:
            self.patch(POLICIES + '/' + name, spec=spec)

    def apply_definition(self):
        self.host.apply(definition('cluster.karmada.io', 'Cluster', 'clusters'))
        self.host.apply({'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': 'karmada-cluster'}})

    def join(self, name, ready=True, token=None, **spec):
        """What Karmada has of a member. The token is right unless it is given."""
        wanted = self.fleet.cluster_spec(name, [])
        data = {'caBundle': wanted.get('caData'), 'token': token or self.token(name)}
        self.host.apply({'apiVersion': 'v1', 'kind': 'Secret', 'metadata': {'name': name, 'namespace': 'karmada-cluster'}, 'data': data})
        self.host.apply({'apiVersion': 'cluster.karmada.io/v1alpha1', 'kind': 'Cluster', 'metadata': {'name': name}, 'spec': {
            'syncMode': 'Push', 'apiEndpoint': wanted['apiserver'], 'secretRef': {'namespace': 'karmada-cluster', 'name': name}, **spec}})
        if ready:
            self.host.json(KARMADA + '/' + name + '/status', 'PATCH', {'status': READY}, content_type=MERGE)

    def token(self, name):
        line = next(line for line in self.fleet.member_process.output().splitlines() if line.startswith(name + ' https://'))
        return fleet_on_host.base64.b64encode(line.split('token=')[1].split()[0].encode()).decode()

    def versions(self, *paths):
        return [self.get(path)['metadata']['resourceVersion'] for path in paths]

    # The way of a cluster.

    def test_a_cluster_comes_changes_and_goes_with_its_source(self):
        self.fleet.start_controller()
        self.apply_policy()
        self.wait_for(POLICIES + '/karmada', 'Validated', 'FailedNegotiateSourceResource', 'False', 'does not serve the resource "clusters.cluster.karmada.io"')
        self.apply_definition()
        self.wait_for(POLICIES + '/karmada', 'Validated', 'Success', 'True')
        self.wait_for(POLICIES + '/karmada', 'Reconciling', 'ReconcileSourceResourceAndLifecycle', 'True')
        lifecycle, cluster = LIFECYCLES + '/karmada-m1', CLUSTERS + '/karmada-m1'
        wrong = fleet_on_host.base64.b64encode(b'wrong').decode()
        self.join('m1', ready=False, token=wrong)
        self.wait_for(lifecycle, 'Created', 'WaitCreationCondition', 'False')
        self.assertIsNone(self.get(cluster))
        self.host.json(KARMADA + '/m1/status', 'PATCH', {'status': READY}, content_type=MERGE)
        self.wait_for(lifecycle, 'Created', 'PediaClusterCreated', 'True')
        self.wait_for(lifecycle, 'Updating', 'PediaClusterUpdated', 'True')
        self.assertEqual([{'group': '', 'version': 'v1', 'resource': 'secrets', 'namespace': 'karmada-cluster', 'name': 'm1'}], self.get(lifecycle)['status']['references'])
        owner, = self.get(cluster)['metadata']['ownerReferences']
        self.assertEqual(('PediaClusterLifecycle', 'karmada-m1', False), (owner['kind'], owner['name'], 'controller' in owner))
        # What the user makes of it afterwards stays.
        self.patch(cluster, spec={'syncResources': [{'group': '', 'resources': ['pods']}]})
        # Rotated credentials.
        self.patch(SECRETS + '/m1', data={'token': self.token('m1')})
        fleets.wait_until(lambda: self.get(cluster)['spec']['tokenData'] == self.token('m1'), 'the new token to arrive')
        self.assertEqual([{'group': '', 'resources': ['pods']}], self.get(cluster)['spec']['syncResources'])
        fleets.wait_until(lambda: self.fleet.pod_count('karmada-m1') == 5, 'the pods of the member')
        # Not selected any more: all of it goes.
        self.patch(KARMADA + '/m1', spec={'syncMode': 'Pull'})
        self.wait_gone(lifecycle)
        self.wait_gone(cluster)
        fleets.wait_until(lambda: self.fleet.pod_count('karmada-m1') is None, 'its rows to be gone')
        self.assertEqual([], self.fleet.get('/api/v1/pods')['items'] if self.host.request(fleet_on_host.PODS)[0] == 200 else [])

    def test_a_deleted_policy_takes_everything_along_but_what_was_there_before(self):
        self.apply_definition()
        self.host.apply({'apiVersion': 'cluster.clusterpedia.io/v1alpha2', 'kind': 'PediaCluster', 'metadata': {'name': 'karmada-m2'}, 'spec': {
            'apiserver': 'https://127.0.0.1:1', 'syncResources': []}})
        self.fleet.start_controller()
        self.apply_policy()
        self.join('m1')
        self.join('m2')
        self.wait_for(LIFECYCLES + '/karmada-m1', 'Updating', 'PediaClusterUpdated', 'True')
        self.wait_for(LIFECYCLES + '/karmada-m2', 'Created', 'PediaClusterExisted', 'True')
        fleets.wait_until(lambda: self.get(CLUSTERS + '/karmada-m2')['spec'].get('tokenData') == self.token('m2'), 'the one that existed to be updated')
        self.host.json(POLICIES + '/karmada', 'DELETE')
        for path in (POLICIES + '/karmada', LIFECYCLES + '/karmada-m1', LIFECYCLES + '/karmada-m2', CLUSTERS + '/karmada-m1'):
            self.wait_gone(path)
        self.assertNotIn('ownerReferences', self.get(CLUSTERS + '/karmada-m2')['metadata'])

    def test_nothing_is_written_that_is_the_same(self):
        self.apply_definition()
        self.apply_policy()
        self.join('m1')
        controller = self.fleet.start_controller()
        paths = POLICIES + '/karmada', LIFECYCLES + '/karmada-m1'
        self.wait_for(paths[1], 'Updating', 'PediaClusterUpdated', 'True')
        self.wait_for(paths[0], 'Reconciling', 'ReconcileSourceResourceAndLifecycle', 'True')
        before = self.versions(*paths)
        self.patch(SECRETS + '/m1', metadata={'annotations': {'changed': 'yes'}})
        self.patch(KARMADA + '/m1', metadata={'annotations': {'changed': 'yes'}})
        # Another process begins with nothing but what is there.
        controller.stop()
        self.fleet.start_controller()
        self.join('m2')
        self.wait_for(LIFECYCLES + '/karmada-m2', 'Updating', 'PediaClusterUpdated', 'True')
        self.assertEqual(before, self.versions(*paths))

    def test_another_takes_over_when_the_leader_dies(self):
        self.apply_definition()
        self.apply_policy()
        first = self.fleet.start_controller()
        first.wait_for('leading: ')
        second = self.fleet.start_controller()
        second.wait_for('pedia is ready')
        self.join('m1')
        self.wait_for(LIFECYCLES + '/karmada-m1', 'Created', 'PediaClusterCreated', 'True')
        self.assertNotIn('leading: ', second.output())
        first.stop(signal.SIGKILL)
        self.join('m2')
        self.wait_for(LIFECYCLES + '/karmada-m2', 'Created', 'PediaClusterCreated', 'True')
        self.assertIn('leading: ', second.output())

    # What the conditions say of what is wrong.

    def test_policies_that_cannot_stand(self):
        self.apply_definition()
        self.fleet.start_controller()
        self.apply_policy()
        path = POLICIES + '/karmada'
        self.wait_for(path, 'Reconciling', 'ReconcileSourceResourceAndLifecycle', 'True')
        good = self.get(path)['spec']
        for changes, reason, message in (
                ({'nameTemplate': '{{ nonsense }}'}, 'FailedParseLifecycleName', 'nonsense'), ({'source': {'selectorTemplate': '{{ if }}'}}, 'FailedParseSourceSelector', '1'),
                ({'template': '{{ end }}'}, 'InvalaidPolicy', 'spec.template'), ({'creationCondition': '{{'}, 'InvalaidPolicy', 'spec.creationCondition'),
                ({'source': {'versions': ['v7']}}, 'FailedNegotiateSourceResource', 'in the versions v7'),
                ({'references': [{'key': 'secret', 'group': '', 'resource': 'nothings', 'nameTemplate': 'x'}]}, 'FailedNegotiateReferenceResource', '"nothings"')):
            self.patch(path, spec=changes)
            self.wait_for(path, 'Validated', reason, 'False', message)
            self.assertNotIn('Reconciling', self.conditions(path))
            self.patch(path, spec={**good, 'source': {'versions': None, **good['source']}})
            self.wait_for(path, 'Validated', 'Success', 'True')

    def test_two_policies_do_not_share_a_source(self):
        self.apply_definition()
        self.apply_policy()
        self.fleet.start_controller()
        self.wait_for(POLICIES + '/karmada', 'Reconciling', 'ReconcileSourceResourceAndLifecycle', 'True')
        self.apply_policy('karmada-too')
        self.wait_for(POLICIES + '/karmada-too', 'Reconciling', 'FailedCheckResourceSync', 'False', 'is the source of the ClusterImportPolicy "karmada" already')
        self.host.json(POLICIES + '/karmada', 'DELETE')
        self.wait_for(POLICIES + '/karmada-too', 'Reconciling', 'ReconcileSourceResourceAndLifecycle', 'True')

    def test_a_template_that_fails_for_an_object_keeps_what_there_is_of_it(self):
        self.apply_definition()
        self.apply_policy()
        self.join('m1')
        self.fleet.start_controller()
        self.wait_for(LIFECYCLES + '/karmada-m1', 'Updating', 'PediaClusterUpdated', 'True')
        self.patch(POLICIES + '/karmada', spec={'source': {'selectorTemplate': '{{ index .source.spec.syncMode "x" }}'}})
        self.wait_for(POLICIES + '/karmada', 'Reconciling', 'FailedReconcile', 'False', 'cluster.karmada.io/v1alpha1/clusters m1: spec.source.selectorTemplate')
        self.assertNotIn('deletionTimestamp', self.get(LIFECYCLES + '/karmada-m1')['metadata'])
        self.assertIsNotNone(self.get(CLUSTERS + '/karmada-m1'))

    def test_what_cannot_be_read(self):
        self.apply_definition()
        self.apply_policy()
        self.fleet.start_controller()
        path = POLICIES + '/karmada'
        self.wait_for(path, 'Reconciling', 'ReconcileSourceResourceAndLifecycle', 'True')
        self.join('m1')
        self.wait_for(LIFECYCLES + '/karmada-m1', 'Updating', 'PediaClusterUpdated', 'True')
        for collection, reason in ((KARMADA, 'FailedListSourceResources'), (LIFECYCLES, 'FailedListLifecycles'), ('/api/v1/secrets', 'FailedCheckResourceSync')):
            self.host.control('faults', rules=[{'match': 'GET %s$' % collection, 'code': 403}])
            self.host.control('cut')
            self.wait_for(path, 'Reconciling', reason, 'False')
            self.host.control('faults', rules=[])
            self.wait_for(path, 'Reconciling', 'ReconcileSourceResourceAndLifecycle', 'True')
        self.assertIsNotNone(self.get(CLUSTERS + '/karmada-m1'))

    def test_what_is_not_listed_yet(self):
        self.apply_definition()
        self.host.control('faults', rules=[{'match': 'GET %s$' % KARMADA, 'delay': 12, 'count': 1}])
        self.apply_policy()
        self.join('m1')
        policy_uid = self.get(POLICIES + '/karmada')['metadata']['uid']
        self.lifecycle('waiting', policy_uid)
        self.fleet.start_controller()
        self.wait_for(POLICIES + '/karmada', 'Reconciling', 'WaitResourceSynced', 'False', 'has not been listed yet')
        self.wait_for(LIFECYCLES + '/waiting', 'Created', 'WaitDependentResourceSynced', 'False', 'has not been listed yet')
        self.wait_for(POLICIES + '/karmada', 'Reconciling', 'ReconcileSourceResourceAndLifecycle', 'True')
        self.wait_gone(LIFECYCLES + '/waiting')  # Which no object asks for.

    def lifecycle(self, name, owner_uid=None, **spec):
        owners = [{'apiVersion': 'policy.clusterpedia.io/v1alpha1', 'kind': 'ClusterImportPolicy', 'name': 'karmada', 'uid': owner_uid, 'controller': True}] if owner_uid else []
        self.host.apply({'apiVersion': 'policy.clusterpedia.io/v1alpha1', 'kind': 'PediaClusterLifecycle', 'metadata': {'name': name, 'ownerReferences': owners}, 'spec': {
            'source': {'group': 'cluster.karmada.io', 'version': 'v1alpha1', 'resource': 'clusters', 'name': 'm1'}, 'template': 'spec: {syncResources: []}',
            'creationCondition': 'true', **spec}})

    def test_lifecycles_that_cannot_go_on(self):
        self.apply_definition()
        self.apply_policy()
        self.lifecycle('orphan')
        self.fleet.start_controller()
        self.wait_for(LIFECYCLES + '/orphan', 'Created', 'OrphanLifecycle', 'False', 'no ClusterImportPolicy controls it')
        self.assertIsNone(self.get(CLUSTERS + '/orphan'))
        self.host.json(LIFECYCLES + '/orphan', 'DELETE')
        self.wait_gone(LIFECYCLES + '/orphan')
        path = LIFECYCLES + '/karmada-m1'
        self.join('m1')
        self.wait_for(path, 'Updating', 'PediaClusterUpdated', 'True')
        good = self.get(POLICIES + '/karmada')['spec']['template']
        self.patch(POLICIES + '/karmada', spec={'template': 'kind: Secret'})
        self.wait_for(path, 'Updating', 'FailedResolveAndDecodePediaCluster', 'False', 'not a PediaCluster')
        # What kube-apiserver refuses.
        self.patch(POLICIES + '/karmada', spec={'template': 'spec: {tokenData: "no base64", syncResources: []}'})
        self.wait_for(path, 'Updating', 'FailedPatchPediaCluster', 'False', 'spec.tokenData')
        self.host.json(CLUSTERS + '/karmada-m1', 'DELETE')
        self.wait_for(path, 'Created', 'CreationFailure', 'False', 'spec.tokenData')
        self.assertNotIn('Updating', self.conditions(path))
        self.patch(POLICIES + '/karmada', spec={'template': good})
        self.wait_for(path, 'Updating', 'PediaClusterUpdated', 'True')
        self.host.json(SECRETS + '/m1', 'DELETE')
        self.wait_for(path, 'Updating', 'ReferenceResourceNotFound', 'False', 'there is no v1/secrets karmada-cluster/m1')
        self.patch(KARMADA + '/m1', spec={'secretRef': {'name': ''}})
        self.wait_for(path, 'Updating', 'FailedReferenceResourceParse', 'False', 'the name is empty')
        self.assertIsNotNone(self.get(CLUSTERS + '/karmada-m1'))


if __name__ == '__main__':
    unittest.main()
