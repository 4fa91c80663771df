"""What is served while clusters and their custom resources come, change, pause and go: in discovery, in tables, in lists."""
import json
import os
import unittest

import fleet as fleets

CLUSTERS = ('berlin', 'lagos')
AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
SECONDS = 20  # In which a change shows; it takes some two.


def definition(plural, versions, short_names=()):
    """Of a kind in the group life.example.com; `versions`: {"v1": {"Column": ".json.path"}}."""
    singular = plural[:-1]
    return {'apiVersion': 'apiextensions.k8s.io/v1', 'kind': 'CustomResourceDefinition', 'metadata': {'name': plural + '.life.example.com'},
            'spec': {'group': 'life.example.com', 'scope': 'Namespaced',
                     'names': {'plural': plural, 'singular': singular, 'kind': singular.capitalize(), 'shortNames': list(short_names), 'categories': ['all']},
                     'versions': [{'name': name, 'served': True, 'storage': number == 0,
                                   'additionalPrinterColumns': [{'name': column, 'type': 'string', 'jsonPath': path} for column, path in columns.items()]}
                                  for number, (name, columns) in enumerate(versions.items())]}}


def until(condition, what):
    return fleets.wait_until(condition, what, SECONDS)


class DiscoveryTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fleet = fleets.Fleet()
        cls.addClassCleanup(cls.fleet.close)
        cls.members = cls.fleet.members('--names', ','.join((*CLUSTERS, 'quito')), '--world', fleets.WORLD)
        cls.all_members = cls.members.config()
        cls.use_contexts(CLUSTERS)
        cls.pedia = cls.fleet.pedia('--kubeconfig', cls.members.kubeconfig)

    @classmethod
    def use_contexts(cls, names):
        """The kubeconfig has these clusters from now on."""
        config = dict(cls.all_members, contexts=[context for context in cls.all_members['contexts'] if context['name'] in names])
        with open(cls.members.kubeconfig + '.new', 'w', encoding='utf-8') as file:
            json.dump(dict(config, **{'current-context': names[0]}), file)
        os.rename(cls.members.kubeconfig + '.new', cls.members.kubeconfig)

    def define(self, cluster, *arguments, change=False):
        crd = definition(*arguments)
        if change:
            return self.members.request(cluster, '%s/%s' % (DEFINITIONS, crd['metadata']['name']), crd, 'PUT')
        self.addCleanup(self.undefine, cluster, arguments[0], missing_ok=True)
        return self.members.request(cluster, DEFINITIONS, crd, 'POST')

    def undefine(self, cluster, plural, missing_ok=False):
        try:
            self.members.request(cluster, '%s/%s.life.example.com' % (DEFINITIONS, plural), method='DELETE')
        except fleets.urllib.error.HTTPError as error:
            error.close()
            self.assertTrue(missing_ok and error.code == 404, error)

    def create(self, cluster, plural, name, version='v1', **fields):
        item = {'metadata': {'name': name, 'namespace': 'shop'}, **fields}
        return self.members.request(cluster, '/apis/life.example.com/%s/namespaces/shop/%s' % (version, plural), item, 'POST')

    def until_table(self, *arguments, wanted, context=None):
        """Both kubectls print the header and rows of `wanted`; of a row, the columns before the age."""
        for binary in (fleets.OLD_KUBECTL, fleets.NEW_KUBECTL):
            last = None

            def printed():
                nonlocal last
                # It remembers discovery; this makes it ask again.
                self.pedia.run_kubectl('api-resources', binary=binary, context=context)
                done = self.pedia.run_kubectl('get', '-n', 'shop', *arguments, binary=binary, context=context)
                last = [line.split() for line in (done.stderr or done.stdout).splitlines()]
                return last == wanted
            try:
                until(printed, 'the table')
            except TimeoutError:
                self.assertEqual(last, wanted)

    def status(self, path):
        return self.pedia.request(fleets.RESOURCES + path)[0]

    def aggregated(self, cluster=None, **headers):
        root = fleets.RESOURCES + ('/clusters/' + cluster if cluster else '')
        return self.pedia.request(root + '/apis', {'Accept': AGGREGATED, **headers})

    def documents(self, cluster=None, pedia=None):
        """All discovery documents, as bytes."""
        pedia = pedia or self.pedia
        root = fleets.RESOURCES + ('/clusters/' + cluster if cluster else '')
        groups = pedia.get(root + '/apis')['groups']
        paths = ['/api', '/apis', '/api/v1', *('/apis/' + group['name'] for group in groups),
                 *('/apis/' + version['groupVersion'] for group in groups for version in group['versions'])]
        found = {path: pedia.request(root + path)[2] for path in paths}
        for path in ('/api', '/apis'):
            found[path + '#aggregated'] = pedia.request(root + path, {'Accept': AGGREGATED})[2]
        return found

    def test_a_definition_comes_changes_and_goes(self):
        group = '/apis/life.example.com'
        self.define('berlin', 'gizmos', {'v1': {'Size': '.spec.size'}}, ['gz'])
        self.create('berlin', 'gizmos', 'one', spec={'size': 'small', 'tint': 'red'})
        self.until_table('gz', wanted=[['CLUSTER', 'NAME', 'SIZE'], ['berlin', 'one', 'small']])
        self.assertIn('gizmo.life.example.com/one', self.pedia.kubectl('get', 'all', '-n', 'shop', '-o', 'name'))
        self.assertEqual(self.status('/clusters/lagos' + group), 404)

        columns = {'Size': '.spec.size', 'Tint': '.spec.tint'}
        self.define('berlin', 'gizmos', {'v1': columns, 'v2': {'Tint': '.spec.tint'}}, ['gz', 'giz'], change=True)
        self.create('berlin', 'gizmos', 'two', version='v2', spec={'tint': 'blue'})
        self.until_table('giz', wanted=[['CLUSTER', 'NAME', 'TINT'], ['berlin', 'two', 'blue']])
        self.until_table('gizmos.v1.life.example.com', wanted=[['CLUSTER', 'NAME', 'SIZE', 'TINT'], ['berlin', 'one', 'small', 'red']])
        document = self.pedia.get(fleets.RESOURCES + group)
        self.assertEqual([version['version'] for version in document['versions']], ['v2', 'v1'])
        self.assertEqual(document['preferredVersion']['version'], 'v2')

        self.define('lagos', 'gizmos', {'v1': {'Tint': '.spec.tint'}})
        self.create('lagos', 'gizmos', 'three', spec={'tint': 'green'})
        self.until_table('gizmos.v1.life.example.com', '-o', 'custom-columns=N:.metadata.name', wanted=[['N'], ['one'], ['three']])
        self.assertEqual(self.status('/clusters/lagos' + group + '/v2'), 404)
        self.undefine('berlin', 'gizmos')
        self.until_table('gizmos', wanted=[['CLUSTER', 'NAME', 'TINT'], ['lagos', 'three', 'green']])
        self.assertEqual([self.status(path + group) for path in ('', '/clusters/lagos', '/clusters/berlin')], [200, 200, 404])
        self.undefine('lagos', 'gizmos')
        until(lambda: self.status(group) == 404, 'the last of the group to go')
        self.assertEqual(self.status(group + '/v1/gizmos'), 404)
        self.until_table('gizmos', wanted=[["error:", "the", "server", "doesn't", "have", "a", "resource", "type", '"gizmos"']])

    def test_a_cluster_comes_and_goes_with_what_only_it_has(self):
        before = self.documents()
        self.define('quito', 'quips', {'v1': {'Size': '.spec.size'}}, ['qp'])
        self.create('quito', 'quips', 'only', spec={'size': 'huge'})
        self.use_contexts((*CLUSTERS, 'quito'))
        self.until_table('qp', wanted=[['CLUSTER', 'NAME', 'SIZE'], ['quito', 'only', 'huge']])
        until(lambda: self.documents('quito') == self.documents(), 'discovery of all to be that of the new one, which has most')
        self.use_contexts(CLUSTERS)
        until(lambda: self.status('/clusters/quito/api') == 400, 'the cluster to go')
        self.assertEqual(self.documents(), before)
        self.assertEqual(self.status('/apis/life.example.com/v1/quips'), 404)
        pods = self.pedia.kubectl('get', 'pods', '-A', '--no-headers').splitlines()
        self.assertEqual({line.split()[1] for line in pods}, set(CLUSTERS))

    def test_a_cluster_that_pauses_keeps_what_it_had(self):
        before = self.documents(), self.documents('lagos')
        pods = self.pedia.kubectl('get', 'pods', '-A', '-o', 'name')
        path = fleets.RESOURCES + '/clusters/lagos/api/v1/pods?limit=1'
        self.members.control('lagos', '/__faults', {'fault': 'status', 'request': 'any', 'code': 503})
        try:
            self.members.control('lagos', '/__watches', {'break': 'drop'})
            until(lambda: 'lagos' in self.pedia.request(path)[1].get('Warning', ''), 'a warning')
            self.assertEqual((self.documents(), self.documents('lagos')), before)
            self.assertEqual(self.pedia.kubectl('get', 'pods', '-A', '-o', 'name'), pods)
        finally:
            self.members.control('lagos', '/__faults', method='DELETE')
        until(lambda: 'Warning' not in self.pedia.request(path)[1], 'the warning to end')
        self.assertEqual((self.documents(), self.documents('lagos')), before)

    def test_a_group_that_does_not_answer_keeps_its_kinds(self):
        before = self.documents('berlin')
        widgets = self.pedia.kubectl('get', 'widgets', '-A', '-o', 'name')
        self.members.control('berlin', '/__discovery', {'aggregated': False})
        self.members.control('berlin', '/__faults', {'fault': 'status', 'request': 'discovery', 'path': '/apis/example.com', 'code': 503})
        try:
            # It looks again now: this one is seen, the silent group stays.
            self.define('berlin', 'plums', {'v1': {}})
            until(lambda: self.status('/clusters/berlin/apis/life.example.com/v1/plums') == 200, 'a new kind')
            self.undefine('berlin', 'plums')
            until(lambda: self.status('/clusters/berlin/apis/life.example.com') == 404, 'it to go')
            self.assertGreater(self.members.control('berlin', '/__faults', method='GET')['1'], 1)
            self.assertEqual(self.documents('berlin'), before)
            self.assertEqual(self.pedia.kubectl('get', 'widgets', '-A', '-o', 'name'), widgets)
        finally:
            self.members.control('berlin', '/__faults', method='DELETE')
            self.members.control('berlin', '/__discovery', {'aggregated': True})

    def test_documents_are_the_same_after_a_restart_and_without_the_members(self):
        folder = os.path.join(self.fleet.folder, 'second')
        os.mkdir(folder)
        members = fleets.Members(folder, '--names', 'one,two', '--world', fleets.WORLD)
        self.addCleanup(members.stop, fleets.signal.SIGKILL)
        pedia = fleets.Pedia(folder, '--kubeconfig', members.kubeconfig)
        try:
            clusters = (None, 'one', 'two')
            before = [self.documents(cluster, pedia) for cluster in clusters]
            self.assertEqual([self.documents(cluster, pedia) for cluster in clusters], before)
            self.assertEqual(before[1], before[2])
            self.assertEqual(before[0], before[1])
            pedia.stop()
            pedia = fleets.Pedia(folder, '--kubeconfig', members.kubeconfig)
            self.assertEqual([self.documents(cluster, pedia) for cluster in clusters], before)
            pedia.stop()
            members.stop(fleets.signal.SIGKILL)
            pedia = fleets.Pedia(folder, '--kubeconfig', members.kubeconfig, wait_for_sync=False)
            self.assertEqual([self.documents(cluster, pedia) for cluster in clusters], before)
        finally:
            pedia.stop(fleets.signal.SIGKILL)

    def test_an_unchanged_document_is_not_sent_again(self):
        status, headers, body = self.aggregated()
        self.assertEqual(status, 200)
        tag = headers['ETag']
        self.assertEqual(self.aggregated(**{'If-None-Match': tag})[::2], (304, b''))
        self.define('berlin', 'pears', {'v1': {}})
        until(lambda: self.aggregated(**{'If-None-Match': tag})[0] == 200, 'another document')
        self.assertIn(b'"pears"', self.aggregated(**{'If-None-Match': tag})[2])
        self.assertEqual(self.aggregated('lagos')[2], body)
        self.undefine('berlin', 'pears')
        until(lambda: self.aggregated(**{'If-None-Match': tag})[0] == 304, 'the first document')


if __name__ == '__main__':
    unittest.main()
