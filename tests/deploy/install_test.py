"""Installs pedia's manifests in a simulated management cluster, with kubectl and with Helm, and asks what they allow."""
import base64
import tempfile
import unittest

import manifests
import host_process  # Of tests/host.

# Whose kinds the simulator does not have.
FOREIGN = {'cert-manager', 'service-monitor'}
SYSTEM = 'clusterpedia-system'


class InstallTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.host = host_process.HostProcess(folder.name)
        self.addCleanup(self.host.stop)

    def kubectl(self, *arguments, version='new', **options):
        return manifests.run(manifests.tool('kubectl-' + version), '--kubeconfig', self.host.kubeconfig, *arguments, **options)

    def helm(self, *arguments):
        return manifests.run(manifests.tool('helm'), '--kubeconfig', self.host.kubeconfig, *arguments, '--namespace', SYSTEM)

    def may(self, user, verb, resource, group='', subresource='', name='', namespace=''):
        groups = ['system:authenticated'] + (['system:serviceaccounts'] if user.startswith('system:serviceaccount:') else [])
        review = {'apiVersion': 'authorization.k8s.io/v1', 'kind': 'SubjectAccessReview', 'spec': {'user': user, 'groups': groups, 'resourceAttributes': {
            'verb': verb, 'group': group, 'resource': resource, 'subresource': subresource, 'name': name, 'namespace': namespace}}}
        return self.host.json('/apis/authorization.k8s.io/v1/subjectaccessreviews', 'POST', review)['status']['allowed']

    def test_every_overlay_is_applied_and_applied_again(self):
        components = [name for name in manifests.COMPONENTS if name not in FOREIGN]
        for overlay in manifests.OVERLAYS:
            with self.subTest(overlay), manifests.composed('overlays/' + overlay, components) as folder:
                first = self.kubectl('apply', '-k', folder).splitlines()
                self.assertGreater(len(first), 20)
                specs = self.workloads()
                text = self.kubectl('kustomize', folder)
                for version in ('new', 'old'):
                    again = self.kubectl('apply', '-f', '-', version=version, input=text).splitlines()
                    self.assertEqual({line.split()[0] for line in first}, {line.split()[0] for line in again})
                    self.assertEqual(set(), {line.split()[-1] for line in again} - {'unchanged', 'configured'})
                    self.assertEqual(specs, self.workloads())
                self.kubectl('delete', '--ignore-not-found', '-k', folder)

    def workloads(self):
        found = [item for plural in ('deployments', 'statefulsets') for item in self.host.json('/apis/apps/v1/' + plural)['items']]
        self.assertTrue(found)
        return {item['metadata']['name']: (item['metadata']['generation'], item['spec']) for item in found}

    def test_accounts_may_what_they_need_and_no_more(self):
        with manifests.composed('overlays/postgres') as folder:
            self.kubectl('apply', '-k', folder)
        apiserver, manager, controller, database = ['system:serviceaccount:%s:clusterpedia-%s' % (SYSTEM, name)
                                                    for name in ('apiserver', 'clustersynchro-manager', 'controller-manager', 'internalstorage')]
        policy, leases = 'policy.clusterpedia.io', {'group': 'coordination.k8s.io', 'namespace': SYSTEM}
        cluster, authentication = 'cluster.clusterpedia.io', {'name': 'extension-apiserver-authentication', 'namespace': 'kube-system'}
        for user, verb, resource, options, answer in (
                (apiserver, 'watch', 'pediaclusters', {'group': cluster}, True), (apiserver, 'patch', 'pediaclusters', {'group': cluster}, False),
                (apiserver, 'create', 'subjectaccessreviews', {'group': 'authorization.k8s.io'}, True),
                (apiserver, 'create', 'tokenreviews', {'group': 'authentication.k8s.io'}, True),
                (apiserver, 'get', 'configmaps', authentication, True), (apiserver, 'get', 'configmaps', {'namespace': SYSTEM}, False),
                (apiserver, 'get', 'secrets', {'namespace': SYSTEM}, False), (apiserver, 'list', 'clusterroles', {'group': 'rbac.authorization.k8s.io'}, False),
                (manager, 'watch', 'pediaclusters', {'group': cluster}, True), (manager, 'patch', 'pediaclusters', {'group': cluster, 'subresource': 'status'}, True),
                (manager, 'delete', 'pediaclusters', {'group': cluster}, False), (manager, 'watch', 'clustersyncresources', {'group': cluster}, True),
                (manager, 'update', 'leases', {'group': 'coordination.k8s.io', 'namespace': SYSTEM}, True),
                (manager, 'update', 'leases', {'group': 'coordination.k8s.io', 'namespace': 'kube-system'}, False),
                (manager, 'get', 'secrets', {'namespace': SYSTEM}, False), (manager, 'create', 'subjectaccessreviews', {'group': 'authorization.k8s.io'}, False),
                (controller, 'create', 'pediaclusters', {'group': cluster}, True), (controller, 'patch', 'pediaclusters', {'group': cluster}, True),
                (controller, 'delete', 'pediaclusters', {'group': cluster}, False), (controller, 'patch', 'clusterimportpolicies', {'group': policy}, True),
                (controller, 'patch', 'clusterimportpolicies', {'group': policy, 'subresource': 'status'}, True),
                (controller, 'delete', 'clusterimportpolicies', {'group': policy}, False), (controller, 'delete', 'pediaclusterlifecycles', {'group': policy}, True),
                (controller, 'patch', 'pediaclusterlifecycles', {'group': policy, 'subresource': 'status'}, True),
                (controller, 'update', 'leases', leases, True), (controller, 'list', 'secrets', {}, False),
                (manager, 'watch', 'clusterimportpolicies', {'group': policy}, False),
                (database, 'get', 'configmaps', {'namespace': SYSTEM}, False)):
            with self.subTest(user=user, verb=verb, resource=resource):
                self.assertEqual(answer, self.may(user, verb, resource, **options))

    def test_secrets_are_read_in_the_namespace_of_pedia_by_those_who_need_them(self):
        with manifests.composed('overlays/postgres', ('secrets',)) as folder:
            self.kubectl('apply', '-k', folder)
        for name, answer in (('apiserver', True), ('clustersynchro-manager', True), ('controller-manager', False)):
            account = 'system:serviceaccount:%s:clusterpedia-%s' % (SYSTEM, name)
            self.assertEqual([answer, False], [self.may(account, 'list', 'secrets', namespace=each) for each in (SYSTEM, 'default')], name)

    def test_each_policy_lets_the_controller_read_its_sources(self):
        self.kubectl('apply', '-k', manifests.DEPLOY + '/base')
        controller = 'system:serviceaccount:%s:clusterpedia-controller-manager' % SYSTEM
        for name, group, resource in (('karmada', 'cluster.karmada.io', 'clusters'), ('cluster-api', 'cluster.x-k8s.io', 'clusters'), ('vcluster', '', 'secrets'),
                                      ('kubevela', '', 'secrets')):
            self.assertFalse(self.may(controller, 'watch', resource, group=group), name)
            self.kubectl('apply', '-k', '%s/policies/%s' % (manifests.DEPLOY, name))
            self.assertEqual([True, False], [self.may(controller, verb, resource, group=group) for verb in ('watch', 'update')], name)
            self.kubectl('delete', '-k', '%s/policies/%s' % (manifests.DEPLOY, name))

    def test_fine_grained_authorization_reads_roles(self):
        with manifests.composed('overlays/postgres', ('fine-grained',)) as folder:
            self.kubectl('apply', '-k', folder)
        for name in ('apiserver', 'clustersynchro-manager'):
            for resource in ('roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'):
                account = 'system:serviceaccount:%s:clusterpedia-%s' % (SYSTEM, name)
                self.assertEqual(name == 'apiserver', self.may(account, 'watch', resource, group='rbac.authorization.k8s.io'))

    def test_the_role_for_viewing_shows_objects_of_all_clusters_and_no_credentials(self):
        self.kubectl('apply', '-k', manifests.DEPLOY + '/base')
        self.host.apply(host_process.binding('searchers', 'clusterpedia-view', 'User:jane'))
        own = {'group': 'clusterpedia.io'}
        for resource, options, answer in (
                ('resources', {'name': 'api', **own}, True), ('resources', {'name': 'apis', **own}, True), ('resources', {'name': 'clusters', **own}, False),
                ('resources', {'name': 'openapi', 'subresource': 'v3', **own}, True), ('resources', {'name': 'api', 'subresource': 'v1', **own}, True),
                ('resources', {'name': 'apis', 'subresource': 'apps', **own}, True), ('resources', {'name': 'apis', 'subresource': 'cert-manager.io', **own}, False),
                ('resources', {'name': 'clusters', 'subresource': 'apps', **own}, False), ('collectionresources', {'name': 'any', **own}, True),
                ('pediaclusters', {'group': 'cluster.clusterpedia.io'}, False)):
            with self.subTest(resource=resource, **options):
                self.assertEqual(answer, self.may('jane', 'get', resource, **options))
                self.assertFalse(self.may('jane', 'create', resource, **options))
                self.assertFalse(self.may('joe', 'get', resource, **options))

    def test_members_accounts_read_all_but_secrets_unless_told(self):
        account = 'system:serviceaccount:%s:clusterpedia-reader' % SYSTEM
        for name, secrets in (('reader', False), ('reader-with-secrets', True)):
            self.kubectl('apply', '-k', '%s/member/%s' % (manifests.DEPLOY, name))
            self.assertEqual(secrets, self.may(account, 'list', 'secrets'))
            for group, resource in (('', 'pods'), ('apps', 'deployments'), ('apiextensions.k8s.io', 'customresourcedefinitions')):
                self.assertEqual([True, True, True, False], [self.may(account, verb, resource, group=group) for verb in ('get', 'list', 'watch', 'delete')])
        self.assertFalse(self.may(account, 'impersonate', 'users'))
        self.kubectl('apply', '-k', manifests.DEPLOY + '/member/proxy')
        self.assertTrue(self.may(account, 'impersonate', 'users'))
        self.assertFalse(self.may(account, 'create', 'pods', subresource='exec'))

    def test_helm_installs_upgrades_and_removes_it(self):
        notes = self.helm('install', 'clusterpedia', manifests.CHART, '--create-namespace', '--set', 'clustersynchroManager.kubeStateMetrics.enabled=true')
        self.assertIn('The PediaCluster resource is missing', notes)
        self.assertIn('\n  clustersynchroManager.kubeStateMetrics\n', notes)
        before = self.made_by_helm()
        notes = self.helm('upgrade', 'clusterpedia', manifests.CHART, '--set', 'installCRDs=true,proxy.enabled=true,clustersynchroManager.kubeStateMetrics.enabled=false')
        self.assertNotIn('missing', notes)
        self.assertNotIn('change nothing', notes)
        self.assertEqual(before, self.made_by_helm())
        self.assertIn('--proxy-impersonate-user', self.kubectl('get', 'deployment', 'clusterpedia-apiserver', '--namespace', SYSTEM, '-o', 'json'))
        self.helm('uninstall', 'clusterpedia')
        self.assertEqual([], self.host.json('/apis/apps/v1/deployments')['items'])
        definitions = self.host.json('/apis/apiextensions.k8s.io/v1/customresourcedefinitions')['items']
        self.assertEqual(4, len(definitions))

    def made_by_helm(self):
        """What was random at the first installation."""
        secrets = '/api/v1/namespaces/%s/secrets/' % SYSTEM
        bundle = self.host.json('/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.clusterpedia.io')['spec']['caBundle']
        made = [self.host.json(secrets + name)['data'] for name in ('clusterpedia-apiserver-certificate', 'clusterpedia-internalstorage')]
        self.assertEqual(bundle, made[0]['ca.crt'])
        self.assertGreaterEqual(len(base64.b64decode(made[1]['password'])), 40)
        return made


if __name__ == '__main__':
    unittest.main()
