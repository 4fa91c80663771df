"""Every kind in every output of kubectl, old and new, over a fleet and by cluster. What is right is computed from the members' own objects."""
import functools
import gzip
import json
import re
import unittest

import fleet as fleets
from tables import read_tables

CLUSTERS = ('berlin', 'lagos')
KUBECTLS = (fleets.OLD_KUBECTL, fleets.NEW_KUBECTL)
AGES = re.compile(r'\b(\d+[smhdy])+\b')
# What kubectl 1.20 asks for in versions that clusters of today have no more.
NOT_DESCRIBED_BY_THE_OLD = ('cronjobs', 'endpointslices', 'poddisruptionbudgets')


class Kind:
    """A resource of a group version, as the members' discovery tells of it."""

    def __init__(self, group_version, resource):
        self.group, _, self.version = group_version.rpartition('/')
        self.group_version = group_version
        self.resource = resource['name']
        self.namespaced = resource['namespaced']
        self.kind = resource['kind']
        self.aliases = [resource['name'], resource['singularName'], *resource.get('shortNames', [])]
        self.root = ('/apis/' if self.group else '/api/') + group_version
        # kubectl's names that leave no doubt: cronjobs.v1.batch, pods.v1.
        self.full_name = '.'.join((self.resource, self.version, self.group))

    def printed(self, name):
        return '.'.join(filter(None, (self.kind.lower(), self.group))) + '/' + name


class MatrixTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fleet = fleets.Fleet()
        cls.addClassCleanup(cls.fleet.close)
        cls.members = cls.fleet.members('--names', ','.join(CLUSTERS), '--world', fleets.WORLD)
        cls.pedia = cls.fleet.pedia('--kubeconfig', cls.members.kubeconfig, '--sync', '*', '--skip', 'none')
        cls.kinds = [Kind(served['groupVersion'], resource) for served in cls.members.served('berlin') for resource in served['resources']
                     if {'list', 'watch'} <= set(resource['verbs'])]
        cls.dumps = {cluster: cls.members.control(cluster, '/__dump', method='GET') for cluster in CLUSTERS}
        # A row each in tables, an item each in lists.
        cls.shown = [kind for kind in cls.kinds if cls.objects(kind)]
        cls.names = ','.join(kind.full_name for kind in cls.kinds)

    @classmethod
    @functools.lru_cache(maxsize=None)
    def objects(cls, kind, clusters=CLUSTERS, namespace=None):
        """What the members have of a kind, in pedia's default order, as pedia must serve it."""
        found = [dict(item, kind=kind.kind, apiVersion=kind.group_version) for cluster in clusters
                 for item in fleets.of_collection(cls.dumps[cluster], cluster, '%s/%s' % (kind.root, kind.resource)).values()
                 if namespace in (None, item['metadata'].get('namespace'))]
        return sorted(found, key=cls.identity)

    @staticmethod
    def identity(item):
        metadata = item['metadata']
        return metadata['annotations']['shadow.clusterpedia.io/cluster-name'], metadata.get('namespace', ''), metadata['name']

    @staticmethod
    def metadata_alone(item):
        """What kube-apiserver shows without the rest of the object: not the annotations that hold fields of newer versions, no number of custom resources."""
        annotations = {name: value for name, value in item['metadata']['annotations'].items() if not name.startswith(('deprecated.', 'autoscaling.alpha.'))}
        return {name: value for name, value in item['metadata'].items() if name != 'generation'} | {'annotations': annotations}

    def everything(self, clusters=CLUSTERS, namespace=None):
        """All objects, kind after kind; with a namespace, cluster-scoped ones remain."""
        for kind in self.kinds:
            yield from self.objects(kind, clusters, namespace if kind.namespaced else None)

    def run_kubectl(self, *arguments, **options):
        """What a kubectl prints that has nothing to complain about."""
        done = self.pedia.run_kubectl(*arguments, **options)
        self.assertEqual((done.returncode, done.stderr), (0, ''), arguments)
        return done.stdout

    def each(self):
        """Each kubectl, over the fleet and over one cluster: a function that runs it, and the clusters that it sees."""
        for binary in KUBECTLS:
            for context, clusters in ((None, CLUSTERS), ('lagos', ('lagos',))):
                yield functools.partial(self.run_kubectl, binary=binary, context=context), clusters

    def test_discovery_shows_what_the_members_serve(self):
        def printed(config, binary, *arguments):
            command = [binary, '--kubeconfig', config, '--context', 'berlin', '--cache-dir', self.fleet.folder + '/cache-members', *arguments]
            return fleets.subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
        for binary in KUBECTLS:
            for context, output in ((None, ()), ('lagos', ()), (None, ('--namespaced=false',)), ('lagos', ('-o', 'name')), (None, ('--api-group=apps',))):
                wanted = printed(self.members.kubeconfig, binary, 'api-resources', '--verbs=list,watch', *output)
                self.assertEqual(self.run_kubectl('api-resources', '--verbs=list', *output, binary=binary, context=context), wanted)
            wanted = {line for line in printed(self.members.kubeconfig, binary, 'api-versions').splitlines() if not line.startswith(('auth', 'clusterpedia'))}
            self.assertEqual(set(self.run_kubectl('api-versions', binary=binary).splitlines()), wanted)
            self.assertEqual(len(self.run_kubectl('api-resources', '--verbs=watch', binary=binary).splitlines()), 1)
        wide = self.run_kubectl('api-resources', '-o', 'wide', '--categories=all')
        self.assertRegex(wide, r'(?m)^widgets +wi +example.com/v1 +true +Widget +get,list +all$')
        self.assertNotRegex(wide, '(?m)^configmaps ')

    def test_tables_have_every_object_and_a_cluster_s_rows_are_the_fleet_s(self):
        for binary in KUBECTLS:
            for output in ((), ('-o', 'wide'), ('--show-labels', '-L', 'app,team')):
                with self.subTest(binary=binary, output=output):
                    fleet = list(read_tables(self.run_kubectl('get', self.names, '-A', *output, binary=binary)))
                    self.assertEqual(len(fleet), len(self.shown))
                    for kind, rows in zip(self.shown, fleet):
                        self.assert_rows(kind, rows, self.objects(kind))
                    one = list(read_tables(self.run_kubectl('get', self.names, '-A', *output, binary=binary, context='lagos')))
                    self.assertEqual(self.of_cluster(fleet, 'lagos'), self.of_cluster(one, 'lagos'))

    def assert_rows(self, kind, rows, objects):
        identities = [(namespace, cluster, name) for cluster, namespace, name in map(self.identity, objects)]
        if 'NAME' not in rows[0].cells:
            identities = [(namespace, cluster, None) for namespace, cluster, _ in identities]
        self.assertEqual([row.identity() for row in rows], identities, kind.full_name)
        if 'LABELS' in rows[0].cells:
            labels = [','.join('%s=%s' % label for label in sorted(item['metadata'].get('labels', {}).items())) or '<none>' for item in objects]
            self.assertEqual([row.cells['LABELS'] for row in rows], labels)

    @staticmethod
    def of_cluster(blocks, cluster):
        return [[{name: AGES.sub('<age>', cell) for name, cell in row.cells.items()} for row in rows if row.cells['CLUSTER'] == cluster] for rows in blocks]

    def test_one_namespace(self):
        for kubectl, clusters in self.each():
            kinds = [kind for kind in self.kinds if kind.namespaced and self.objects(kind, clusters, 'team-a')]
            blocks = list(read_tables(kubectl('get', ','.join(kind.full_name for kind in self.kinds if kind.namespaced), '-n', 'team-a')))
            self.assertEqual([len(rows) for rows in blocks], [len(self.objects(kind, clusters, 'team-a')) for kind in kinds])
            self.assertNotIn('NAMESPACE', blocks[0][0].cells)
            self.assertEqual(kubectl('get', kinds[0].full_name, '-n', 'team-a', '--no-headers').count('\n'), len(blocks[0]))

    def test_json_is_the_members_objects(self):
        for kubectl, clusters in self.each():
            document = json.loads(kubectl('get', self.names, '-A', '-o', 'json'))
            self.assertEqual((document['kind'], document['apiVersion']), ('List', 'v1'))
            wanted = list(self.everything(clusters))
            self.assertGreater(len(wanted), 600 * len(clusters))
            for found, item in zip(document['items'], wanted):
                self.assertEqual(found, item)
            self.assertEqual(len(document['items']), len(wanted))

    def test_the_other_outputs(self):
        for kubectl, clusters in self.each():
            items = list(self.everything(clusters))
            get = functools.partial(kubectl, 'get', self.names, '-A', '-o')
            names = [item['metadata']['name'] for item in items]
            if clusters == CLUSTERS:
                self.assertEqual(get('jsonpath={.items[*].metadata.name}').split(), names)
                self.assertEqual(get('go-template={{range .items}}{{.metadata.name}}{{"\\n"}}{{end}}').split(), names)
            columns = get('custom-columns=KIND:.kind,NAME:.metadata.name').splitlines()
            self.assertEqual([line.split() for line in columns], [['KIND', 'NAME'], *([item['kind'], item['metadata']['name']] for item in items)])
            wanted = [kind.printed(self.identity(item)[2]) for kind in self.kinds for item in self.objects(kind, clusters)]
            self.assertEqual(get('name').splitlines(), wanted)
            self.assertEqual(get('name', '--chunk-size=100').splitlines(), wanted)

    def test_yaml(self):
        for binary in KUBECTLS:
            text = self.run_kubectl('get', self.names, '-n', 'team-a', '-o', 'yaml', binary=binary, context='berlin')
            self.assertEqual(fleets.parse_yaml(text)[0]['items'], list(self.everything(('berlin',), 'team-a')))

    def test_every_name_of_a_kind(self):
        # A name that several have is the first one's: "events" is the core group's. Of short ones kubectl warns.
        taken, aliases = {'ev'}, []
        for kind in self.kinds:
            own = [name for name in kind.aliases if name not in taken]
            taken.update(own)
            if kind.group and '%s.%s' % (kind.resource, kind.group) not in taken:
                own.append('%s.%s' % (kind.resource, kind.group))
                taken.add(own[-1])
            aliases.append((kind, [*own, '.'.join((kind.kind.lower(), kind.version, kind.group))]))
        # kubectl lists a kind once, by however many names it is asked for.
        for kubectl, clusters in (next(self.each()), list(self.each())[-1]):
            for number in range(max(len(own) for _, own in aliases)):
                asked = [(kind, own[number]) for kind, own in aliases if number < len(own) and self.objects(kind)]
                wanted = [kind.printed(self.identity(item)[2]) for kind, _ in asked for item in self.objects(kind, clusters)]
                names = ','.join(name for _, name in asked)
                self.assertEqual(kubectl('get', names, '-A', '-o', 'name').splitlines(), wanted, names)

    def test_objects_by_name(self):
        for namespaced in (True, False):
            chosen = [objects[-1] for objects in (self.objects(kind, ('lagos',), 'team-a' if namespaced else None)
                                                  for kind in self.kinds if kind.namespaced == namespaced) if objects]
            full_names = {(kind.group_version, kind.kind): kind.full_name for kind in self.kinds}
            arguments = ['%s/%s' % (full_names[item['apiVersion'], item['kind']], item['metadata']['name']) for item in chosen]
            for binary in KUBECTLS:
                get = functools.partial(self.run_kubectl, 'get', *arguments, '-n', 'team-a', binary=binary, context='lagos')
                self.assertEqual(json.loads(get('-o', 'json'))['items'], chosen)
                blocks = list(read_tables(get()))
                self.assertEqual([len(rows) for rows in blocks], [1] * len(chosen))
                self.assertEqual({row.cells['CLUSTER'] for rows in blocks for row in rows}, {'lagos'})

    def test_get_all_is_what_the_categories_say(self):
        resources = {kind.full_name: kind for kind in self.shown}
        wanted = [resources[name] for name in (
            'pods.v1.', 'replicationcontrollers.v1.', 'services.v1.', 'daemonsets.v1.apps', 'deployments.v1.apps', 'replicasets.v1.apps',
            'statefulsets.v1.apps', 'horizontalpodautoscalers.v2.autoscaling', 'cronjobs.v1.batch', 'jobs.v1.batch', 'gadgets.v1.example.com',
            'widgets.v1.example.com')]
        for kubectl, clusters in self.each():
            found = kubectl('get', 'all', '-A', '-o', 'name').splitlines()
            self.assertEqual(sorted(found), sorted(kind.printed(self.identity(item)[2]) for kind in wanted for item in self.objects(kind, clusters)))

    def test_describe_of_every_kind(self):
        for binary in KUBECTLS:
            kinds = [kind for kind in self.shown if binary == fleets.NEW_KUBECTL or kind.resource not in NOT_DESCRIBED_BY_THE_OLD]
            text = self.run_kubectl('describe', ','.join(kind.full_name for kind in kinds), '-A', binary=binary, context='lagos')
            names = re.findall(r'(?m)^Name: +(\S+)', text)
            self.assertEqual(names, [item['metadata']['name'] for kind in kinds for item in self.objects(kind, ('lagos',))])
            # What belongs together is found: pods of a node, ReplicaSets and events of a Deployment.
            self.assertRegex(text, r'Non-terminated Pods: +\([1-9]\d* in total\)')
            self.assertRegex(text, r'NewReplicaSet: +api-\S+ \(\d+/\d+ replicas created\)')
            self.assertRegex(text, r'ScalingReplicaSet .* event 0 of api')

    def test_events(self):
        kind = [kind for kind in self.kinds if kind.full_name == 'events.v1.'][0]
        events = [item for item in self.objects(kind) if item['involvedObject']['name'] == 'api']
        self.assertTrue(events)
        found = self.run_kubectl('events', '-A', '--for', 'deployment/api', '-o', 'json')
        self.assertEqual(sorted(map(self.identity, json.loads(found)['items'])), list(map(self.identity, events)))
        self.assertEqual(len(self.run_kubectl('events', '-n', 'infra', '--no-headers', context='lagos').splitlines()), len(self.objects(kind, ('lagos',), 'infra')))

    def test_every_form_that_a_client_may_ask_for(self):
        def read(path, accept, **headers):
            status, sent, body = self.pedia.request(fleets.RESOURCES + path, {'Accept': accept, **headers})
            self.assertEqual((status, sent.get('Warning')), (200, None), path)
            return gzip.decompress(body) if sent['Content-Encoding'] == 'gzip' else body
        documents, yaml_texts = [], []
        for kind in self.shown:
            path = '%s/%s' % (kind.root, kind.resource)
            document = json.loads(read(path, 'application/json'))
            items = document['items']
            self.assertEqual([self.identity(item) for item in items], list(map(self.identity, self.objects(kind))))
            # A protobuf that is not there falls back, as typed clients ask.
            for accept, headers in (('application/vnd.kubernetes.protobuf,application/json', {}), ('*/*', {'Accept-Encoding': 'gzip'})):
                self.assertEqual(json.loads(read(path, accept, **headers)), document)
            documents.append(document)
            yaml_texts.append(read(path, 'application/yaml').decode())
            partial = json.loads(read(path, 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'))
            self.assertEqual(list(map(self.metadata_alone, partial['items'])), list(map(self.metadata_alone, items)))
            for version in ('v1', 'v1beta1'):
                table = json.loads(read(path + '?includeObject=Object', 'application/json;as=Table;g=meta.k8s.io;v=' + version))
                self.assertEqual(table['apiVersion'], 'meta.k8s.io/' + version)
                self.assertEqual([row['object']['metadata'] for row in table['rows']], [item['metadata'] for item in items])
                self.assertEqual({len(row['cells']) for row in table['rows']}, {len(table['columnDefinitions'])})
            cluster, namespace, name = self.identity(items[0])
            one = '/clusters/%s%s%s/%s/%s' % (cluster, kind.root, '/namespaces/' + namespace if namespace else '', kind.resource, name)
            self.assertEqual(json.loads(read(one, 'application/json')), dict(items[0], kind=kind.kind, apiVersion=kind.group_version))
            row = json.loads(read(one + '?includeObject=Object', 'application/json;as=Table;g=meta.k8s.io;v=v1'))['rows']
            self.assertEqual(row[0], table['rows'][0] | {'object': row[0]['object']})
        self.assertEqual(fleets.parse_yaml(*yaml_texts), documents)

    def test_what_was_read_can_be_fed_to_kubectl(self):
        kinds = [kind for kind in self.shown if kind.resource in ('deployments', 'services', 'configmaps', 'widgets') and kind.version == 'v1']
        names = ','.join(kind.full_name for kind in kinds)
        for binary in KUBECTLS:
            text = self.run_kubectl('get', names, '-n', 'team-a', '-o', 'yaml', binary=binary, context='berlin')
            done = self.run_kubectl('create', '--dry-run=client', '--validate=false', '-o', 'name', '-f', '-', binary=binary, context='berlin', stdin=text)
            self.assertEqual(done, self.run_kubectl('get', names, '-n', 'team-a', '-o', 'name', binary=binary, context='berlin'))

    def test_versions_and_addresses(self):
        for binary in KUBECTLS:
            self.assertIn('v1.32.13', self.pedia.kubectl('version', binary=binary, context='berlin'))
            self.assertIn(self.pedia.url, self.run_kubectl('cluster-info', binary=binary))
            # A path of the old one begins at the server, one of the new where the context points.
            path = '/api' if binary == fleets.NEW_KUBECTL else fleets.RESOURCES + '/clusters/berlin/api'
            self.assertEqual(json.loads(self.run_kubectl('get', '--raw', path, binary=binary, context='berlin'))['versions'], ['v1'])

    def test_what_cannot_be_done_is_said(self):
        pods = self.objects([kind for kind in self.kinds if kind.full_name == 'pods.v1.'][0], ('berlin',), 'team-a')
        pod = [self.identity(pod)[2] for pod in pods if pod['status'].get('phase') == 'Running'][0]
        method = 'does not allow this method'
        cases = [(('top', 'nodes'), 'Metrics API not available'), (('top', 'pods', '-A'), 'Metrics API not available'),
                 (('delete', 'pod', pod, '-n', 'team-a', '--wait=false'), method), (('delete', 'deploy', '--all', '-n', 'team-a', '--wait=false'), method),
                 (('scale', 'deploy/api', '--replicas=3', '-n', 'team-a'), method), (('label', 'pod', pod, 'a=b', '-n', 'team-a'), method),
                 (('patch', 'deploy', 'api', '-p', '{}', '-n', 'team-a'), method), (('run', 'x', '--image=y'), method), (('create', 'ns', 'x'), method),
                 (('exec', pod, '-n', 'team-a', '--', 'ls'), method), (('port-forward', pod, '8080', '-n', 'team-a'), method),
                 (('rollout', 'restart', 'deploy/api', '-n', 'team-a'), method), (('auth', 'can-i', 'list', 'pods'), method),
                 (('logs', pod, '--all-containers', '-n', 'team-a'), 'could not find the requested resource'),
                 (('get', 'pods', '-w', '-n', 'team-a'), 'watch is not supported|' + method), (('get', 'pod', pod, '-w', '-n', 'team-a'), 'watch is not supported|' + method)]
        for binary in KUBECTLS:
            for arguments, message in cases:
                with self.subTest(binary=binary, arguments=arguments):
                    done = self.pedia.run_kubectl(*arguments, binary=binary, context='berlin')
                    self.assertEqual(done.returncode, 1)
                    self.assertRegex(done.stderr, message)

    def test_waiting_for_what_is_there_already(self):
        for binary in KUBECTLS:
            wait = functools.partial(self.pedia.run_kubectl, 'wait', '--for=condition=Available', '-n', 'infra', '--timeout=1s', binary=binary, context='berlin')
            self.assertIn('condition met', wait('deploy/api').stdout)
            self.assertEqual(wait('deploy/cache').returncode, 1)


if __name__ == '__main__':
    unittest.main()
