"""What kubectl, old and new, reads of OpenAPI documents (explain, validation of manifests), and lists of clusters that serve different versions."""
import functools
import json
import os
import subprocess
import unittest
import urllib.parse

import fleet as fleets
from tables import read_tables

KUBECTLS = (fleets.OLD_KUBECTL, fleets.NEW_KUBECTL)
DEPLOYMENT = '''
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  %s
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx}]}
'''
PLUM = '''
apiVersion: life.example.com/v1
kind: Plum
metadata: {name: p, namespace: shop}
spec: {size: %s}
'''
# Widgets may have any field, so that nothing of them is validated; plums are strict.
PLUMS = {
    'apiVersion': 'apiextensions.k8s.io/v1', 'kind': 'CustomResourceDefinition', 'metadata': {'name': 'plums.life.example.com'},
    'spec': {'group': 'life.example.com', 'scope': 'Namespaced', 'names': {'plural': 'plums', 'singular': 'plum', 'kind': 'Plum', 'listKind': 'PlumList'},
             'versions': [{'name': 'v1', 'served': True, 'storage': True, 'schema': {'openAPIV3Schema': {
                 'type': 'object', 'description': 'A fruit.', 'properties': {'spec': {'type': 'object', 'properties': {
                     'size': {'type': 'integer', 'description': 'In millimetres.'}}}}}}}]}}
DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'


class OpenApiTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fleet = fleets.Fleet()
        cls.addClassCleanup(cls.fleet.close)
        cls.members = cls.fleet.members('--names', 'berlin,lagos', '--world', fleets.WORLD)
        cls.pedia = cls.fleet.pedia('--kubeconfig', cls.members.kubeconfig)
        # Documents come after the objects.
        fleets.wait_until(lambda: 'apis/example.com/v1' in cls.pedia.request(fleets.RESOURCES + '/openapi/v3')[2].decode(), 'the documents')

    def of_member(self, binary, *arguments):
        command = [binary, '--kubeconfig', self.members.kubeconfig, '--context', 'berlin', '--cache-dir', os.path.join(self.fleet.folder, 'cache-members')]
        return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=60)

    def each(self):
        for binary in KUBECTLS:
            for context in (None, 'lagos'):
                yield binary, functools.partial(self.pedia.run_kubectl, binary=binary, context=context)

    def test_explain_says_what_it_says_of_a_member(self):
        cases = [('pods',), ('pods.spec.containers',), ('po.spec.containers.resources.limits',), ('deploy.spec.strategy', '--recursive'), ('nodes.status',),
                 ('cronjobs.spec.jobTemplate', '--api-version=batch/v1'), ('widgets',), ('wi.spec',), ('gadgets.spec.size',), ('widgets', '--recursive'),
                 ('gadgets', '--api-version=example.com/v1')]
        for arguments in cases:
            wanted = self.of_member(fleets.NEW_KUBECTL, 'explain', *arguments)
            self.assertEqual(wanted.stderr, '')
            for context in (None, 'lagos'):
                found = self.pedia.run_kubectl('explain', *arguments, context=context)
                self.assertEqual((found.stderr, found.stdout), ('', wanted.stdout), arguments)

    def test_the_old_explains_the_same(self):
        # It reads version 2 as protobuf, which the simulated members do not have.
        cases = [(('pods.spec.containers',), r'RESOURCE: containers <\[\]Object>[\s\S]*\n   image\t<string>\n     Docker image name|Container image name'),
                 (('deploy.spec.replicas',), r'FIELD: +replicas <integer>'), (('cronjobs', '--api-version=batch/v1'), r'KIND: +CronJob\nVERSION: +batch/v1'),
                 (('pods', '--recursive'), r'\n         terminationMessagePolicy\t<string>\n'), (('widgets',), r'KIND: +Widget\nVERSION: +example.com/v1')]
        for context in (None, 'lagos'):
            for arguments, printed in cases:
                found = self.pedia.run_kubectl('explain', *arguments, binary=fleets.OLD_KUBECTL, context=context)
                self.assertEqual(found.stderr, '')
                self.assertRegex(found.stdout, printed)

    def test_explain_of_what_is_not_there(self):
        for _, kubectl in self.each():
            self.assertRegex(kubectl('explain', 'pods.spec.nonsense').stderr, 'field "nonsense" does not exist')
            self.assertRegex(kubectl('explain', 'nonsense').stderr, 'nonsense')

    def test_a_new_kind_is_explained_and_validated_within_seconds(self):
        self.members.request('berlin', DEFINITIONS, PLUMS, 'POST')
        try:
            for binary in KUBECTLS:
                explain = functools.partial(self.pedia.run_kubectl, 'explain', 'plums.spec.size', binary=binary)
                fleets.wait_until(lambda: 'In millimetres.' in explain().stdout, 'the document', 20)
                self.assertRegex(explain(context='berlin').stdout, r'FIELD: +size <integer>')
                self.assertIn('plums', explain(context='lagos').stderr)
                self.assert_valid(PLUM % '2', 'plum.life.example.com/p', binary=binary)
                self.assert_invalid(PLUM % 'huge', r'got "string", expected "integer"', binary=binary)
        finally:
            self.members.request('berlin', DEFINITIONS + '/plums.life.example.com', method='DELETE')
        index = fleets.RESOURCES + '/openapi/v3'
        fleets.wait_until(lambda: b'life.example.com' not in self.pedia.request(index)[2], 'the document to go', 20)

    def create(self, text, **options):
        return self.pedia.run_kubectl('create', '--dry-run=client', '-o', 'name', '-f', '-', stdin=text, **options)

    def assert_valid(self, text, name, **options):
        done = self.create(text, **options)
        self.assertEqual((done.stderr, done.stdout), ('', name + '\n'))

    def assert_invalid(self, text, message, **options):
        done = self.create(text, **options)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, message)

    def test_manifests_are_validated(self):
        for binary in KUBECTLS:
            for context in (None, 'lagos'):
                options = {'binary': binary, 'context': context}
                self.assert_valid(DEPLOYMENT % 'replicas: 2', 'deployment.apps/web', **options)
                self.assert_invalid(DEPLOYMENT % 'replicants: 2', 'unknown field "replicants"', **options)
                self.assert_invalid(DEPLOYMENT % 'replicas: two', r'got "string", expected "integer"', **options)

    def test_what_was_read_is_valid(self):
        for _, kubectl in self.each():
            names = 'deployments,services,configmaps,widgets,jobs'
            text = kubectl('get', names, '-n', 'team-a', '-o', 'yaml').stdout
            done = kubectl('create', '--dry-run=client', '-o', 'name', '-f', '-', stdin=text)
            self.assertEqual((done.stderr, done.stdout), ('', kubectl('get', names, '-n', 'team-a', '-o', 'name').stdout))

    def test_the_outer_server_describes_itself(self):
        outer = self.pedia.url.split('/apis/')[0]
        for binary in KUBECTLS:
            done = self.pedia.run_kubectl('explain', 'collectionresources', '--server', outer, binary=binary)
            self.assertRegex(done.stdout, r'KIND: +CollectionResource\s+VERSION: +(clusterpedia.io/)?v1beta1')


# Kinds that have had several versions. Of each, more than one cluster has objects.
FAMILIES = ('cronjobs', 'horizontalpodautoscalers', 'poddisruptionbudgets', 'ingresses', 'endpointslices', 'events', 'flowschemas',
            'prioritylevelconfigurations')


def identity(item):
    metadata = item['metadata']
    return metadata['annotations']['shadow.clusterpedia.io/cluster-name'], metadata.get('namespace', ''), metadata['name']


def without_version(item):
    """What all versions of an object say in the same words, and what this one says, but for empty texts and its address."""
    metadata = {name: value for name, value in item['metadata'].items() if name != 'selfLink'}
    return {name: value for name, value in dict(item, metadata=metadata).items() if value != '' and name not in ('apiVersion', 'kind')}


class MixedVersionsTest(unittest.TestCase):
    """Clusters of Kubernetes 1.19, 1.22 and 1.32 side by side."""

    @classmethod
    def setUpClass(cls):
        cls.fleet = fleets.Fleet()
        cls.addClassCleanup(cls.fleet.close)
        cls.members = {
            'new': cls.fleet.members('--names', 'new', '--world', fleets.WORLD),
            'old': cls.fleet.members('--names', 'old', '--world', fleets.OLD_WORLDS['1.22'], '--legacy-discovery', '--openapi', 'v2'),
            'ancient': cls.fleet.members('--names', 'ancient', '--world', fleets.OLD_WORLDS['1.19'], '--legacy-discovery', '--openapi', 'v2')}
        configs = [members.config() for members in cls.members.values()]
        config = dict(configs[0], **{key: [entry for each in configs for entry in each[key]] for key in ('clusters', 'users', 'contexts')})
        kubeconfig = os.path.join(cls.fleet.folder, 'all.kubeconfig')
        with open(kubeconfig, 'w', encoding='utf-8') as file:
            json.dump(config, file)
        cls.pedia = cls.fleet.pedia('--kubeconfig', kubeconfig, '--sync', '*', '--skip', 'none')
        # {cluster: {("batch/v1", "cronjobs"): [object as pedia must serve it]}}
        cls.served = {cluster: dict(cls.served_by(cluster, members)) for cluster, members in cls.members.items()}

    @staticmethod
    def served_by(cluster, members):
        dump = members.control(cluster, '/__dump', method='GET')
        for served in members.served(cluster):
            group_version = served['groupVersion']
            for resource in served['resources']:
                if {'list', 'watch'} <= set(resource['verbs']):
                    path = ('/apis/' if '/' in group_version else '/api/') + '%s/%s' % (group_version, resource['name'])
                    yield (group_version, resource['name']), list(fleets.of_collection(dump, cluster, path).values())

    @staticmethod
    def full_name(group_version, resource):
        group, _, version = group_version.rpartition('/')
        return '.'.join((resource, version, group))

    def versions(self):
        """Every version of every family that some cluster serves."""
        return sorted({(group_version, resource) for served in self.served.values() for group_version, resource in served if resource in FAMILIES})

    def objects(self, resource):
        """Those of all clusters, of the versions that they serve, each once: (cluster, namespace, name)."""
        return sorted({identity(item) for served in self.served.values() for (_, name), items in served.items() if name == resource for item in items})

    def items(self, *arguments, **options):
        """What kubectl finds, without complaints."""
        done = self.pedia.run_kubectl('get', '-A', '-o', 'json', *arguments, **options)
        self.assertEqual((done.returncode, done.stderr), (0, ''), arguments)
        return json.loads(done.stdout)['items']

    def test_all_clusters_have_objects_of_most(self):
        for resource in FAMILIES:
            self.assertGreater(len({cluster for cluster, _, _ in self.objects(resource)}), 1, resource)

    def test_what_clusters_serve_is_advertised_and_nothing_else(self):
        def advertised(cluster=None):
            root = fleets.RESOURCES + ('/clusters/' + cluster if cluster else '')
            versions = [version['groupVersion'] for group in self.pedia.get(root + '/apis')['groups'] for version in group['versions']]
            documents = [self.pedia.get(root + path) for path in ('/api/v1', *('/apis/' + version for version in versions))]
            return {(document['groupVersion'], resource['name']) for document in documents for resource in document['resources']}
        self.assertEqual(advertised(), {key for served in self.served.values() for key in served})
        for cluster, served in self.served.items():
            self.assertEqual(advertised(cluster), set(served))

    def test_every_version_lists_the_objects_of_all_clusters(self):
        for binary in KUBECTLS:
            for group_version, resource in self.versions():
                with self.subTest(binary=binary, version=group_version, resource=resource):
                    items = self.items(self.full_name(group_version, resource), binary=binary)
                    self.assertEqual([identity(item) for item in items], self.objects(resource))
                    self.assertEqual({item['apiVersion'] for item in items}, {group_version})
                    self.assertEqual(len({item['kind'] for item in items}), 1)

    def test_where_a_cluster_serves_a_version_its_objects_are_as_it_says(self):
        for group_version, resource in self.versions():
            items = {identity(item): item for item in self.items(self.full_name(group_version, resource))}
            for cluster, served in self.served.items():
                for item in served.get((group_version, resource), []):
                    with self.subTest(version=group_version, resource=resource, object=identity(item)):
                        found = without_version(items[identity(item)])
                        if (cluster, group_version) == ('ancient', 'discovery.k8s.io/v1beta1'):
                            # The name of the node had no field of its own then.
                            for endpoint in found['endpoints']:
                                self.assertEqual(endpoint.pop('nodeName', None), endpoint['topology'].get('kubernetes.io/hostname'))
                        self.assertEqual(found, without_version(item))

    def test_tables_and_yaml_have_them_too(self):
        versions = self.versions()
        names = ','.join(self.full_name(*version) for version in versions)
        wanted = [[cluster for cluster, _, _ in self.objects(resource)] for _, resource in versions]
        for binary in KUBECTLS:
            for output in ((), ('-o', 'wide')):
                done = self.pedia.run_kubectl('get', names, '-A', *output, binary=binary)
                self.assertEqual(done.stderr, '')
                self.assertEqual([[row.cells['CLUSTER'] for row in rows] for rows in read_tables(done.stdout)], wanted)
            text = self.pedia.run_kubectl('get', names, '-A', '-o', 'yaml', binary=binary).stdout
            self.assertEqual(fleets.parse_yaml(text)[0]['items'], self.items(names, binary=binary))

    def test_a_row_is_the_same_in_every_version(self):
        versions = self.versions()
        text = self.pedia.kubectl('get', ','.join(self.full_name(*version) for version in versions), '-A', '-o', 'wide')
        first = {}
        for (_, resource), rows in zip(versions, read_tables(text)):
            # With several kinds the name has the group before it.
            cells = [dict(row.cells, NAME=row.identity()[2]) for row in rows]
            self.assertEqual(cells, first.setdefault(resource, cells))

    def test_objects_by_name_in_every_version_of_their_cluster(self):
        for cluster, served in self.served.items():
            for (group_version, resource), items in served.items():
                if resource not in FAMILIES or not items:
                    continue
                with self.subTest(cluster=cluster, version=group_version, resource=resource):
                    namespace = items[0]['metadata'].get('namespace', 'default')
                    done = self.pedia.run_kubectl('get', self.full_name(group_version, resource), items[0]['metadata']['name'], '-n', namespace, '-o', 'json',
                                                  context=cluster)
                    self.assertEqual(done.stderr, '')
                    found = json.loads(done.stdout)
                    self.assertEqual((found['apiVersion'], found['metadata']['uid']), (group_version, items[0]['metadata']['uid']))
                    if group_version != 'discovery.k8s.io/v1beta1':
                        self.assertEqual(without_version(found), without_version(items[0]))

    def test_pages_bring_every_object_once(self):
        names = ','.join(self.full_name(*version) for version in self.versions())
        whole = self.pedia.kubectl('get', names, '-A', '-o', 'name', '--chunk-size=0')
        self.assertEqual(len(whole.splitlines()), sum(len(self.objects(resource)) for _, resource in self.versions()))
        self.assertEqual(self.pedia.kubectl('get', names, '-A', '-o', 'name', '--chunk-size=4'), whole)

    def listed(self, group_version, resource, **query):
        root = fleets.RESOURCES + ('/apis/' if '/' in group_version else '/api/')
        return self.pedia.get('%s%s/%s?%s' % (root, group_version, resource, urllib.parse.urlencode(query)))['items']

    def test_selectors_and_orders(self):
        for version in self.versions():
            with self.subTest(version=version):
                items = self.listed(*version)
                labels = sorted({label for item in items for label in item['metadata'].get('labels', {}).items()})
                for key, value in labels[:3]:
                    wanted = [item for item in items if item['metadata'].get('labels', {}).get(key) == value]
                    self.assertEqual(self.listed(*version, labelSelector='%s=%s' % (key, value)), wanted)
                name = items[-1]['metadata']['name']
                wanted = [item for item in items if item['metadata']['name'] == name]
                self.assertEqual(self.listed(*version, fieldSelector='metadata.name=' + name), wanted)
                self.assertEqual(self.listed(*version, names=name), wanted)
                ordered = [item['metadata']['name'] for item in self.listed(*version, orderby='name desc')]
                self.assertEqual(ordered, sorted((item['metadata']['name'] for item in items), reverse=True))

    def test_fields_are_selected_as_the_version_names_them(self):
        cases = [('events.v1.', 'involvedObject.kind', lambda item: item['involvedObject']['kind']),
                 ('events.v1.events.k8s.io', 'regarding.kind', lambda item: item['regarding']['kind']),
                 ('events.v1beta1.events.k8s.io', 'reason', lambda item: item['reason']),
                 ('cronjobs.v1beta1.batch', 'spec.concurrencyPolicy', lambda item: item['spec']['concurrencyPolicy']),
                 ('ingresses.v1beta1.networking.k8s.io', 'spec.ingressClassName', lambda item: item['spec'].get('ingressClassName', '')),
                 ('horizontalpodautoscalers.v1.autoscaling', 'spec.maxReplicas', lambda item: str(item['spec']['maxReplicas']))]
        for name, field, value_of in cases:
            with self.subTest(name=name, field=field):
                items = self.items(name)
                value = next(value for value in map(value_of, items) if value)
                wanted = [identity(item) for item in items if value_of(item) == value]
                for more in ((), ('--chunk-size=1',)):
                    self.assertEqual([identity(item) for item in self.items(name, '--field-selector', '%s=%s' % (field, value), *more)], wanted)

    def test_without_a_version_all_clusters_are_listed(self):
        names = [resource for resource in FAMILIES if resource != 'ingresses'] + ['ingresses.networking.k8s.io']
        for binary in KUBECTLS:
            found = self.items(','.join(names), binary=binary)
            self.assertEqual([identity(item) for item in found], [each for name in names for each in self.objects(name.partition('.')[0])])

    def test_a_collection_has_every_object_once(self):
        path = '/apis/clusterpedia.io/v1beta1/collectionresources/any?resources='
        for chosen in ('batch/cronjobs', 'batch/v1/cronjobs,batch/v1beta1/cronjobs', 'extensions/v1beta1/ingresses,networking.k8s.io/v1/ingresses'):
            found = self.pedia.get(path + chosen)['items']
            self.assertEqual(sorted(map(identity, found)), self.objects(chosen.rpartition('/')[2]))

    def test_kinds_of_every_version_are_explained(self):
        for binary in KUBECTLS:
            explain = functools.partial(self.pedia.run_kubectl, 'explain', binary=binary)
            for context in (None, 'old', 'ancient'):
                fleets.wait_until(lambda: explain('cronjobs', '--api-version=batch/v1beta1', context=context).returncode == 0, 'the document', 20)
                text = explain('cronjobs', '--api-version=batch/v1beta1', context=context).stdout
                self.assertRegex(text, r'KIND: +CronJob\s+VERSION: +(batch/)?v1beta1\s')
            # Of a version that several have, the newest cluster's: only it has a description of containers.
            self.assertIn('containers <[]', explain('pods.spec.containers').stdout)
            self.assertIn('does not exist', explain('pods.spec.containers', context='ancient').stderr)

    def test_the_old_kubectl_describes_what_old_clusters_have(self):
        names = 'cronjobs,poddisruptionbudgets,endpointslices,horizontalpodautoscalers,ingresses,events'
        for cluster in ('old', 'ancient'):
            done = self.pedia.run_kubectl('describe', names, '-A', binary=fleets.OLD_KUBECTL, context=cluster)
            self.assertEqual((done.returncode, done.stderr), (0, ''))
            described = [line.split()[1] for line in done.stdout.splitlines() if line.startswith('Name: ')]
            self.assertEqual(described, [name for resource in names.split(',') for where, _, name in self.objects(resource) if where == cluster])

    def test_what_an_old_cluster_creates_shows_in_every_version(self):
        path = '/apis/batch/v1beta1/namespaces/shop/cronjobs'
        template = self.served['ancient']['batch/v1beta1', 'cronjobs'][0]
        item = {'metadata': {'name': 'nightly', 'namespace': 'shop'}, 'spec': dict(template['spec'], schedule='0 3 * * *')}
        self.members['ancient'].request('ancient', path, item, 'POST')
        try:
            for version in ('v1', 'v1beta1'):
                name = 'cronjobs.%s.batch' % version
                fleets.wait_until(lambda: ('ancient', 'shop', 'nightly') in [identity(found) for found in self.items(name)], 'it to come', 20)
                found = self.items(name, '--field-selector', 'metadata.name=nightly')
                self.assertEqual([(each['apiVersion'], each['spec']['schedule']) for each in found], [('batch/' + version, '0 3 * * *')])
        finally:
            self.members['ancient'].request('ancient', path + '/nightly', method='DELETE')
        fleets.wait_until(lambda: len(self.items('cronjobs.v1.batch')) == len(self.objects('cronjobs')), 'it to go', 20)


if __name__ == '__main__':
    unittest.main()
