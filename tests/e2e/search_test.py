"""Searching with kubectl, old and new: search labels, field selectors, collections. What is right is computed from the members' own objects."""
import collections
import functools
import json
import os
import random
import unittest
import urllib.parse

import fleet as fleets

CLUSTERS = ('berlin', 'lagos', 'quito')
DEPLOYMENTS, REPLICASETS, PODS = '/apis/apps/v1/deployments', '/apis/apps/v1/replicasets', '/api/v1/pods'
NETWORK = '''
apiVersion: clusterpedia.io/v1beta1
kind: CollectionResource
metadata:
  name: network
resourceTypes:
- group: ""
  resource: services
- group: networking.k8s.io
'''
COLLECTIONS = '/apis/clusterpedia.io/v1beta1/collectionresources'


def identity(item):
    metadata = item['metadata']
    return '/'.join((metadata['annotations']['shadow.clusterpedia.io/cluster-name'], metadata.get('namespace', ''), metadata['name']))


def key(item):
    return identity(item).split('/')


def search(**conditions):
    """Search labels: search(names='in (a,b)', limit='=3')."""
    return ','.join('search.clusterpedia.io/%s%s%s' % (name.replace('_', '-'), '' if value[0] in '!=' else ' ', value) for name, value in conditions.items())


class SearchTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fleet = fleets.Fleet()
        cls.addClassCleanup(cls.fleet.close)
        cls.members = cls.fleet.members('--names', ','.join(CLUSTERS), '--world', fleets.WORLD, '--pods', '60')
        collections = os.path.join(cls.fleet.folder, 'collections.yaml')
        with open(collections, 'w', encoding='utf-8') as file:
            file.write(NETWORK)
        cls.pedia = cls.fleet.pedia('--kubeconfig', cls.members.kubeconfig, '--collections', collections)
        root = cls.pedia.url.split('/apis/')[0]
        cls.outer = functools.partial(cls.pedia.kubectl, '--server', root)

    @functools.lru_cache(maxsize=None)
    def members_have(self, path):
        """All objects of the fleet in the default order."""
        return sorted((item for cluster in CLUSTERS for item in fleets.member_objects(self.members, cluster, path).values()), key=key)

    def expect(self, wanted, *arguments, ordered=True):
        """Both kubectls list exactly `wanted`, in this order."""
        wanted = [identity(item) for item in wanted]
        self.assertTrue(wanted)
        for binary in (fleets.OLD_KUBECTL, fleets.NEW_KUBECTL):
            with self.subTest(binary=binary):
                found = [identity(item) for item in json.loads(self.pedia.kubectl('get', *arguments, '-o', 'json', binary=binary))['items']]
                self.assertEqual(*(names if ordered else sorted(names) for names in (found, wanted)))

    def test_names_namespaces_and_clusters_are_chosen_and_excluded(self):
        deployments = self.members_have(DEPLOYMENTS)
        self.expect([d for d in deployments if key(d)[2] in ('web', 'api')], 'deployments', '-A', '-l', search(names='in (web,api)'))
        self.expect([d for d in deployments if key(d)[2] not in ('web', 'api')], 'deployments', '-A', '-l', search(names='notin (web,api)'))
        self.expect([d for d in deployments if key(d)[0] != 'lagos' and key(d)[1] == 'team-a'],
                    'deployments', '-A', '-l', search(clusters='!=lagos', namespaces='=team-a'))

    def test_a_path_is_stronger_than_a_label(self):
        self.expect([d for d in self.members_have(DEPLOYMENTS) if key(d)[1] == 'team-a'], 'deployments', '-n', 'team-a', '-l', search(namespaces='=shop'))

    def test_part_of_a_name(self):
        deployments = self.members_have(DEPLOYMENTS)
        fuzzy = 'internalstorage.clusterpedia.io/fuzzy-name '
        self.expect([d for d in deployments if 'a' in key(d)[2] and 'c' in key(d)[2]], 'deployments', '-A', '-l', fuzzy + 'in (a,c)')
        self.expect([d for d in deployments if 'a' not in key(d)[2]], 'deployments', '-A', '-l', fuzzy + 'notin (a)')

    def test_orders_by_columns_and_by_fields(self):
        deployments = self.members_have(DEPLOYMENTS)
        self.expect(sorted(deployments, key=lambda d: key(d)[2], reverse=False), 'deployments', '-A', '-l', search(orderby='=name'))
        by_name = sorted(deployments, key=lambda d: d['metadata']['name'], reverse=True)
        # Python's reversed sort keeps equal names in the order they had: cluster and namespace upwards.
        self.expect(sorted(by_name, key=lambda d: key(d)[1]), 'deployments', '-A', '-l', search(orderby='in (namespace,name_desc)'))
        self.expect(sorted(deployments, key=lambda d: d['spec']['replicas'], reverse=True), 'deployments', '-A', '-l', search(orderby='=spec.replicas_desc'))
        self.expect(sorted(deployments, key=lambda d: d['metadata']['creationTimestamp']), 'deployments', '-A', '-l', search(orderby='=created_at'))

    def test_limit_and_offset_labels(self):
        deployments = self.members_have(DEPLOYMENTS)
        labels = search(limit='=4', offset='=3', with_continue='=false')
        self.expect(deployments[3:7], 'deployments', '-A', '--chunk-size=0', '-l', labels)

    def test_chunks_of_an_ordered_and_selected_list_bring_every_row_once(self):
        pods = [p for p in self.members_have(PODS) if p['status'].get('phase') == 'Running']
        pods.sort(key=lambda p: p['metadata']['name'], reverse=True)
        self.expect(pods, 'pods', '-A', '--chunk-size=11', '--field-selector', 'status.phase=Running', '-l', search(orderby='=name_desc'))

    def test_owners_over_two_generations(self):
        def owned(items, owners):
            owners = {(key(o)[0], o['metadata']['uid']) for o in owners}
            return [i for i in items if any(r.get('controller') and (key(i)[0], r['uid']) in owners for r in i['metadata'].get('ownerReferences', ()))]
        owner = [d for d in self.members_have(DEPLOYMENTS) if key(d)[1:] == ['team-a', 'web']]
        sets = owned(self.members_have(REPLICASETS), owner)
        everywhere = search(clusters='in (%s)' % ','.join(CLUSTERS), owner_name='=web', owner_gr='=deployments.apps')
        self.expect(sets, 'replicasets', '-n', 'team-a', '-l', everywhere)
        self.expect(owned(self.members_have(PODS), sets), 'pods', '-n', 'team-a', '-l', everywhere + ',' + search(owner_seniority='=1'))
        in_berlin = [d for d in owner if key(d)[0] == 'berlin']
        by_uid = search(clusters='=berlin', owner_uid='=' + in_berlin[0]['metadata']['uid'])
        self.expect(owned(self.members_have(REPLICASETS), in_berlin), 'replicasets', '-A', '-l', by_uid)

    def test_field_selectors_indexed_or_not(self):
        pods, deployments = self.members_have(PODS), self.members_have(DEPLOYMENTS)
        image = pods[0]['spec']['containers'][0]['image']
        self.expect([p for p in pods if any(c['image'] == image for c in p['spec']['containers'])],
                    'pods', '-A', '--field-selector', 'spec.containers[].image=' + image)
        self.expect([p for p in pods if p['spec']['containers'][0]['name'] == 'web'], 'pods', '-A', '--field-selector', 'spec.containers[0].name=web')
        self.expect([p for p in pods if p['status'].get('phase') != 'Running'], 'pods', '-A', '--field-selector', 'status.phase!=Running')
        self.expect([p for p in pods if not p['spec'].get('nodeName')], 'pods', '-A', '--field-selector', 'spec.nodeName=')
        self.expect([n for n in self.members_have('/api/v1/nodes') if not n['spec'].get('unschedulable')],
                    'nodes', '--field-selector', 'spec.unschedulable=false')
        self.expect([d for d in deployments if d['spec']['replicas'] > 2], 'deployments', '-A', '--field-selector', 'spec.replicas>2')
        self.expect([d for d in deployments if 'paused' not in d['spec'] and d['metadata'].get('labels', {}).get('app') in ('web', 'db')],
                    'deployments', '-A', '--field-selector', "!spec.paused,metadata.labels['app'] in (web,db)")

    def test_sort_by_is_kubectls_own_and_works_on_tables(self):
        for binary in (fleets.OLD_KUBECTL, fleets.NEW_KUBECTL):
            lines = self.pedia.kubectl('get', 'deployments', '-A', '--sort-by=.metadata.name', '--no-headers', binary=binary).splitlines()
            names = [line.split()[2] for line in lines]
            self.assertEqual(names, sorted(d['metadata']['name'] for d in self.members_have(DEPLOYMENTS)))

    def test_collections_hold_several_kinds(self):
        for binary in (fleets.OLD_KUBECTL, fleets.NEW_KUBECTL):
            outer = functools.partial(self.outer, binary=binary)
            self.assertEqual([line.split()[0] for line in outer('get', 'collectionresources', '--no-headers').splitlines()],
                             ['any', 'workloads', 'kuberesources', 'network'])
            table = outer('get', 'collectionresources', 'workloads').splitlines()
            self.assertEqual(table[0].split(), ['CLUSTER', 'GROUP', 'VERSION', 'KIND', 'NAMESPACE', 'NAME', 'AGE'])
            # Of equal names the resources come in the order of their names.
            wanted = [d for path in ('/apis/apps/v1/daemonsets', DEPLOYMENTS, '/apis/apps/v1/statefulsets') for d in self.members_have(path)]
            self.assertEqual(len(table) - 1, len(wanted))
            document = json.loads(outer('get', 'collectionresources', 'workloads', '-o', 'json'))
            self.assertEqual([identity(item) for item in document['items']], [identity(item) for item in sorted(wanted, key=key)])

    def test_a_collection_of_ones_own_holds_what_its_manifest_says(self):
        paths = ('/api/v1/services', '/apis/networking.k8s.io/v1/ingresses', '/apis/networking.k8s.io/v1/networkpolicies')
        wanted = {identity(item) for path in paths for item in self.members_have(path) if key(item)[1] == 'team-a'}
        found = json.loads(self.outer('get', '--raw', COLLECTIONS + '/network?namespaces=team-a'))
        self.assertEqual({identity(item) for item in found['items']}, wanted)
        self.assertIn({'group': '', 'version': 'v1', 'kind': 'Service', 'resource': 'services'}, found['resourceTypes'])

    def test_a_collection_is_paged_and_searched_by_url(self):
        wanted = sorted((d for path in (DEPLOYMENTS, '/apis/batch/v1/jobs') for d in self.members_have(path) if key(d)[1] == 'team-a'), key=key)
        query = {'resources': 'apps/deployments,batch/jobs', 'namespaces': 'team-a', 'limit': '5'}
        found = []
        while True:
            page = json.loads(self.outer('get', '--raw', COLLECTIONS + '/any?' + urllib.parse.urlencode(query)))
            found += [identity(item) for item in page['items']]
            if not page.get('continue'):
                break
            query['continue'] = page['continue']
        self.assertEqual(found, [identity(item) for item in wanted])

    def test_no_query_string_is_an_error_of_the_server(self):
        dice = random.Random(7)
        names = ('names clusters namespaces orderby ownerUID ownerName ownerGR ownerSeniority since before limit continue withContinue '
                 'withRemainingCount injectEvents onlyMetadata labelSelector fieldSelector whereSQL facets groups resources watch pretty '
                 'resourceVersion resourceVersionMatch includeObject timeoutSeconds sendInitialEvents').split()
        values = ('web', 'berlin', 'team-a', '*', '', '0', '-1', '3', '99999999999999999999', 'true', 'maybe', '1=1; DROP TABLE objects', "'", '"', '\0', '\xff',
                  '%', '_', ',', 'a' * 3000, 'cluster,name desc', 'status.phase', "metadata.labels['app'] desc", 'spec.containers[].image', 'spec.replicas>2',
                  'status.phase in (Running,Failed)', '!spec.paused', 'app in (web,db),env!=prod', 'search.clusterpedia.io/names in (web)', 'deployments.apps',
                  'apps', 'apps/deployments', '2026-11-01', '2026-11-01T00:00:00Z', 'a[', 'a[-1]', '[]', '(' * 500, 'kind,group,spec.nodeName', 'Exact')
        paths = [fleets.RESOURCES + path for path in (PODS, DEPLOYMENTS, '/clusters/berlin' + PODS, '/clusters/berlin/api/v1/namespaces/team-a/pods')]
        paths += [COLLECTIONS, COLLECTIONS + '/any', COLLECTIONS + '/workloads', COLLECTIONS + '/network']
        answered = 0
        for _ in range(400):
            pairs = [(dice.choice(names), dice.choice(values)) for _ in range(dice.randint(1, 3))]
            path = dice.choice(paths) + '?' + urllib.parse.urlencode(pairs)
            status, _, body = self.pedia.request(path, {'Accept': dice.choice(('application/json', 'application/yaml', 'application/json;as=Table;v=v1;g=meta.k8s.io'))})
            self.assertIn(status, (200, 400, 405, 406, 422), (path, body[:300]))
            answered += status == 200
            if status != 200:
                self.assertIn(b'Failure', body)
        self.assertGreater(answered, 40)

    def test_facets_count_what_matches(self):
        pods = self.members_have(PODS)
        page = self.pedia.get(fleets.RESOURCES + '/api/v1/pods?limit=0&facets=cluster,status.phase')
        self.assertEqual(page['items'], [])
        counted = json.loads(page['metadata']['annotations']['search.clusterpedia.io/facets'])
        self.assertEqual(counted['total'], len(pods))
        wanted = {'cluster': lambda pod: key(pod)[0], 'status.phase': lambda pod: pod['status'].get('phase')}
        self.assertEqual([facet['facet'] for facet in counted['facets']], list(wanted))
        for facet in counted['facets']:
            found = collections.Counter({value['value']: value['count'] for value in facet['values']})
            self.assertEqual(found, collections.Counter(filter(None, map(wanted[facet['facet']], pods))))

    def test_raw_sql_is_refused_and_the_way_out_is_named(self):
        for name in ('whereSQL', 'whereSQLStatement', 'whereSQLParam', 'whereSQLJSONParams'):
            status, _, body = self.pedia.request(fleets.RESOURCES + '/api/v1/pods?%s=1%%3D1' % name)
            self.assertEqual(status, 400)
            self.assertRegex(json.loads(body)['message'], name + '.*(fieldSelector|orderby)')

    def test_wrong_values_are_refused_by_name(self):
        for parameter in ('limit=x', 'limit=-1', 'since=yesterday', 'orderby=a%20b%20c', 'ownerSeniority=-1', 'fieldSelector=a%20b', 'continue=zzz',
                          'withContinue=maybe', 'facets=a%5B', 'onlyMetadata=2'):
            status, _, body = self.pedia.request(fleets.RESOURCES + '/api/v1/pods?' + parameter)
            self.assertEqual((status, json.loads(body)['reason']), (400, 'BadRequest'), parameter)


if __name__ == '__main__':
    unittest.main()
