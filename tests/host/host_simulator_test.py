"""The simulator of the management cluster itself: storage, watch, RBAC, aggregation layer. No pedia in it."""
import base64
import concurrent.futures
import http.client
import json
import shutil
import tempfile
import unittest

import certificates
import echo_service
import rbac
from host_process import HostProcess, binding, cluster_role, path_rule, role, rule

CONFIGMAPS = '/api/v1/namespaces/default/configmaps'
GROUP = 'echo.example.com'
ECHO = '/apis/echo.example.com/v1'


def config_map(name, **data):
    return {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': name, 'namespace': 'default'}, 'data': data}


class Watch:
    """The events of a watch, one after the other."""

    def __init__(self, host, path):
        self.connection = http.client.HTTPSConnection('127.0.0.1', host.port, context=host.tls(host.admin), timeout=20)
        self.connection.request('GET', path)
        self.response = self.connection.getresponse()

    def next(self):
        event = json.loads(self.response.readline())
        return event['type'], event['object']

    def close(self):
        # The socket is the response's as well.
        self.response.close()
        self.connection.close()


class HostTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix='host-test-')
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.host = HostProcess(cls.folder)
        cls.addClassCleanup(cls.host.stop)

    def status(self, code, path, *arguments, **options):
        """The Status with which a request is refused."""
        found, _, body = self.host.request(path, *arguments, **options)
        self.assertEqual(found, code, body)
        return json.loads(body)


class StorageTest(HostTest):
    def watch(self, path):
        watch = Watch(self.host, path)
        self.addCleanup(watch.close)
        return watch

    def test_an_object_is_created_read_replaced_and_deleted(self):
        made = self.host.json(CONFIGMAPS, 'POST', config_map('life', a='1'))
        self.assertEqual(self.host.json(CONFIGMAPS + '/life'), made)
        self.assertRegex(made['metadata']['creationTimestamp'], r'^20\d\d-')
        self.assertEqual(self.status(409, CONFIGMAPS, 'POST', config_map('life'))['reason'], 'AlreadyExists')
        changed = self.host.json(CONFIGMAPS + '/life', 'PUT', {**made, 'data': {'a': '2'}})
        self.assertGreater(int(changed['metadata']['resourceVersion']), int(made['metadata']['resourceVersion']))
        self.assertEqual(self.host.json(CONFIGMAPS + '/life', 'PUT', changed), changed, 'what changes nothing has no new version')
        self.assertEqual(self.status(409, CONFIGMAPS + '/life', 'PUT', {**made, 'data': {}})['reason'], 'Conflict')
        self.host.json(CONFIGMAPS + '/life', 'DELETE')
        self.assertEqual(self.status(404, CONFIGMAPS + '/life')['message'], 'configmaps "life" not found')

    def test_names_are_generated_and_checked(self):
        made = self.host.json(CONFIGMAPS, 'POST', {'metadata': {'generateName': 'gen-'}})
        self.assertRegex(made['metadata']['name'], '^gen-[a-z0-9]{5}$')
        self.assertEqual(self.status(422, CONFIGMAPS, 'POST', {'metadata': {'name': 'A_B'}})['reason'], 'Invalid')
        self.assertEqual(self.status(404, '/api/v1/namespaces/none/configmaps', 'POST', {'metadata': {'name': 'x'}})['message'], 'namespaces "none" not found')

    def test_patches_of_three_kinds(self):
        self.host.json(CONFIGMAPS, 'POST', config_map('patched', a='1', b='2'))
        path = CONFIGMAPS + '/patched'
        merged = self.host.json(path, 'PATCH', {'data': {'a': None, 'c': '3'}}, content_type='application/merge-patch+json')
        self.assertEqual(merged['data'], {'b': '2', 'c': '3'})
        changed = self.host.json(path, 'PATCH', [{'op': 'test', 'path': '/data/b', 'value': '2'}, {'op': 'move', 'from': '/data/b', 'path': '/data/d'}],
                                 content_type='application/json-patch+json')
        self.assertEqual(changed['data'], {'c': '3', 'd': '2'})
        self.status(400, path, 'PATCH', [{'op': 'remove', 'path': '/data/zzz'}], content_type='application/json-patch+json')
        self.status(409, path, 'PATCH', {'metadata': {'resourceVersion': '7'}}, content_type='application/merge-patch+json')
        self.status(415, path, 'PATCH', {}, content_type='text/plain')
        template = {'containers': [{'name': 'a', 'image': '1'}, {'name': 'b', 'image': '1'}]}
        deployments = '/apis/apps/v1/namespaces/default/deployments'
        self.host.json(deployments, 'POST', {'metadata': {'name': 'd'}, 'spec': {'template': {'spec': template}}})
        patch = {'spec': {'template': {'spec': {'containers': [{'name': 'b', 'image': '2'}, {'name': 'a', '$patch': 'delete'}], '$setElementOrder/containers': []}}}}
        patched = self.host.json(deployments + '/d', 'PATCH', patch, content_type='application/strategic-merge-patch+json')
        self.assertEqual(patched['spec']['template']['spec'], {'containers': [{'name': 'b', 'image': '2'}]})
        self.assertEqual(patched['metadata']['generation'], 2)

    def test_the_status_is_apart(self):
        path = '/api/v1/namespaces/default/pods'
        self.host.json(path, 'POST', {'metadata': {'name': 'p'}, 'spec': {'nodeName': 'a'}, 'status': {'phase': 'Lost'}})
        self.assertNotIn('status', self.host.json(path + '/p'))
        both = {'spec': {'nodeName': 'b'}, 'status': {'phase': 'Running'}}
        done = self.host.json(path + '/p/status', 'PATCH', both, content_type='application/merge-patch+json')
        self.assertEqual((done['spec'], done['status'], done['metadata']['generation']), ({'nodeName': 'a'}, {'phase': 'Running'}, 1))
        done = self.host.json(path + '/p', 'PATCH', {'spec': {'nodeName': 'b'}, 'status': {'phase': 'x'}}, content_type='application/merge-patch+json')
        self.assertEqual((done['spec'], done['status'], done['metadata']['generation']), ({'nodeName': 'b'}, {'phase': 'Running'}, 2))

    def test_finalizers_hold_a_deleted_object(self):
        made = config_map('held')
        made['metadata']['finalizers'] = ['example.com/hold']
        self.host.json(CONFIGMAPS, 'POST', made)
        deleted = self.host.json(CONFIGMAPS + '/held', 'DELETE')
        self.assertIn('deletionTimestamp', deleted['metadata'])
        self.assertEqual(self.host.json(CONFIGMAPS + '/held')['metadata']['finalizers'], ['example.com/hold'])
        self.host.json(CONFIGMAPS + '/held', 'PATCH', {'metadata': {'finalizers': []}}, content_type='application/merge-patch+json')
        self.status(404, CONFIGMAPS + '/held')

    def test_what_is_owned_goes_with_its_last_owner(self):
        make = lambda name, *owners, **metadata: self.host.json(CONFIGMAPS, 'POST', {**config_map(name), 'metadata': {
            'name': name, 'ownerReferences': [{'apiVersion': 'v1', 'kind': 'ConfigMap', 'name': owner['metadata']['name'], 'uid': owner['metadata']['uid']}
                                              for owner in owners], **metadata}})
        first, second = make('first-owner'), make('second-owner')
        both = make('owned-by-both', first, second)
        make('owned-by-owned', both, finalizers=['example.com/held'])
        self.host.json(CONFIGMAPS + '/first-owner', 'DELETE')
        owners = self.host.json(CONFIGMAPS + '/owned-by-both')['metadata']['ownerReferences']
        self.assertEqual([second['metadata']['uid']], [owner['uid'] for owner in owners])
        self.host.json(CONFIGMAPS + '/second-owner', 'DELETE')
        self.assertEqual(404, self.host.request(CONFIGMAPS + '/owned-by-both')[0])
        self.assertIn('deletionTimestamp', self.host.json(CONFIGMAPS + '/owned-by-owned')['metadata'])
        self.host.json(CONFIGMAPS + '/owned-by-owned', 'PATCH', {'metadata': {'finalizers': None}}, content_type='application/merge-patch+json')
        self.assertEqual(404, self.host.request(CONFIGMAPS + '/owned-by-owned')[0])

    def test_lists_select_and_page(self):
        self.host.json('/api/v1/namespaces', 'POST', {'metadata': {'name': 'paged'}})
        path = '/api/v1/namespaces/paged/configmaps'
        for i in range(5):
            self.host.json(path, 'POST', {'metadata': {'name': 'c%d' % i, 'labels': {'odd': str(i % 2), 'n%d' % i: ''}}})
        names = lambda query: [item['metadata']['name'] for item in self.host.json(path + '?' + query)['items']]
        self.assertEqual(names('labelSelector=odd%3D1'), ['c1', 'c3'])
        self.assertEqual(names('labelSelector=odd+in+(1,2),!n1'), ['c3'])
        self.assertEqual(names('labelSelector=odd+notin+(1),n2'), ['c2'])
        self.assertEqual(names('fieldSelector=metadata.name%3Dc4'), ['c4'])
        first = self.host.json(path + '?limit=3')
        self.assertEqual(first['metadata']['remainingItemCount'], 2)
        self.assertEqual(names('limit=3&continue=' + first['metadata']['continue']), ['c3', 'c4'])
        self.status(400, path + '?labelSelector=a%3D%3D%3D')

    def test_a_watch_shows_what_changes_and_what_enters_and_leaves_its_selection(self):
        revision = self.host.json(CONFIGMAPS)['metadata']['resourceVersion']
        watch = self.watch(CONFIGMAPS + '?watch=1&labelSelector=seen%3Dyes&resourceVersion=' + revision)
        made = config_map('watched')
        self.host.json(CONFIGMAPS, 'POST', made)
        for labels in ({'seen': 'yes'}, {'seen': 'yes', 'more': ''}, {'seen': 'no'}, {'seen': 'yes'}):
            self.host.json(CONFIGMAPS + '/watched', 'PATCH', {'metadata': {'labels': {'more': None, **labels}}}, content_type='application/merge-patch+json')
        self.host.json(CONFIGMAPS + '/watched', 'DELETE')
        seen = [watch.next() for _ in range(5)]
        self.assertEqual([how for how, _ in seen], ['ADDED', 'MODIFIED', 'DELETED', 'ADDED', 'DELETED'])
        revisions = [int(item['metadata']['resourceVersion']) for _, item in seen]
        self.assertEqual(revisions, sorted(set(revisions)))
        again = self.watch(CONFIGMAPS + '?watch=1&labelSelector=seen%3Dyes&resourceVersion=' + str(revisions[1]))
        self.assertEqual([again.next() for _ in range(3)], seen[2:], 'a watch that comes back misses nothing')

    def test_a_watch_without_a_version_begins_with_what_there_is(self):
        self.host.json(CONFIGMAPS, 'POST', config_map('there'))
        watch = self.watch(CONFIGMAPS + '?watch=true&fieldSelector=metadata.name%3Dthere&timeoutSeconds=1')
        self.assertEqual([watch.next()[0], watch.response.readline()], ['ADDED', b''])
        listed = self.watch(CONFIGMAPS + '?watch=true&fieldSelector=metadata.name%3Dthere&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true')
        self.assertEqual(listed.next()[0], 'ADDED')
        how, bookmark = listed.next()
        self.assertEqual((how, bookmark['metadata']['annotations']), ('BOOKMARK', {'k8s.io/initial-events-end': 'true'}))

    def test_a_watch_from_long_ago_must_list_again(self):
        revision = self.host.json(CONFIGMAPS)['metadata']['resourceVersion']
        self.host.json(CONFIGMAPS, 'POST', config_map('after'))
        self.host.control('compact')
        how, status = self.watch(CONFIGMAPS + '?watch=1&resourceVersion=' + revision).next()
        self.assertEqual((how, status['code'], status['reason']), ('ERROR', 410, 'Expired'))

    def test_a_definition_serves_a_resource_until_it_is_deleted(self):
        schema = {'type': 'object', 'required': ['spec'], 'properties': {'spec': {'type': 'object', 'required': ['size'], 'properties': {
            'size': {'type': 'integer'}, 'mode': {'type': 'string', 'enum': ['a', 'b'], 'default': 'a'}, 'data': {'type': 'string', 'format': 'byte'}}}}}
        self.host.apply({'apiVersion': 'apiextensions.k8s.io/v1', 'kind': 'CustomResourceDefinition', 'metadata': {'name': 'things.example.com'}, 'spec': {
            'group': 'example.com', 'scope': 'Cluster', 'names': {'plural': 'things', 'kind': 'Thing', 'shortNames': ['th']},
            'versions': [{'name': 'v1', 'served': True, 'storage': True, 'schema': {'openAPIV3Schema': schema}, 'subresources': {'status': {}}}]}})
        path = '/apis/example.com/v1/things'
        made = self.host.json(path, 'POST', {'metadata': {'name': 't'}, 'spec': {'size': 1, 'unknown': 2}})
        self.assertEqual(made['spec'], {'size': 1, 'mode': 'a'})
        self.assertIn('spec.size: Required value', self.status(422, path, 'POST', {'metadata': {'name': 'u'}, 'spec': {}})['message'])
        self.assertIn('must be of type integer', self.status(422, path, 'POST', {'metadata': {'name': 'u'}, 'spec': {'size': 'x'}})['message'])
        self.assertIn('type byte', self.status(422, path, 'POST', {'metadata': {'name': 'u'}, 'spec': {'size': 1, 'data': '%'}})['message'])
        self.assertEqual([entry['name'] for entry in self.host.json('/apis/example.com/v1')['resources']], ['things', 'things/status'])
        self.host.json('/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.example.com', 'DELETE')
        self.status(404, path)

    def test_a_namespace_takes_what_is_in_it_along(self):
        self.host.json('/api/v1/namespaces', 'POST', {'metadata': {'name': 'brief'}})
        self.host.json('/api/v1/namespaces/brief/configmaps', 'POST', {'metadata': {'name': 'x'}})
        self.host.json('/api/v1/namespaces/brief', 'DELETE')
        self.assertEqual(self.host.json('/api/v1/namespaces/brief/configmaps')['items'], [])

    def test_it_can_be_told_to_fail(self):
        self.host.control('faults', rules=[{'match': 'GET .*configmaps', 'code': 503, 'count': 1}, {'match': 'GET .*secrets', 'drop': True, 'count': 1}])
        self.assertEqual(self.host.request(CONFIGMAPS)[0], 503)
        self.assertEqual(self.host.request(CONFIGMAPS)[0], 200)
        with self.assertRaises((http.client.HTTPException, OSError)):
            self.host.request('/api/v1/secrets')
        self.host.control('counts', clear=True)
        self.host.request('/version')
        self.assertEqual(self.host.control('counts'), {'GET /version': 1})


class AccessTest(HostTest):
    def review(self, user, groups, verb, **attributes):
        attributes['namespace'] = attributes.pop('name_space', '')
        key = 'nonResourceAttributes' if 'path' in attributes else 'resourceAttributes'
        spec = {'user': user, 'groups': groups, key: dict(attributes, verb=verb)}
        return self.host.json('/apis/authorization.k8s.io/v1/subjectaccessreviews', 'POST', {'spec': spec})['status']['allowed']

    def test_the_rules_of_rbac(self):
        self.host.apply(
            cluster_role('pods', rule('get list', 'pods pods/log')), binding('pods', 'pods', 'User:ann', 'Group:watchers', 'ServiceAccount:default/robot'),
            cluster_role('subs', rule('get', '*/status', 'apps')), binding('subs', 'subs', 'User:sub'),
            cluster_role('all-of-group', rule('*', '*', 'clusterpedia.io')), binding('all-of-group', 'all-of-group', 'User:boss'),
            cluster_role('named', rule('get', 'configmaps', names='one')), binding('named', 'named', 'User:bob'),
            cluster_role('paths', path_rule('/a', '/b/*')), binding('paths', 'paths', 'User:pat'),
            role('default', 'local', rule('get', 'secrets')), binding('local', 'local', 'User:ann', namespace='default', role_kind='Role'),
            binding('dangling', 'missing', 'User:lost'))
        self.host.json('/api/v1/namespaces', 'POST', {'metadata': {'name': 'other'}})
        self.host.apply(binding('shared', 'pods', 'User:guest', namespace='other'))
        for want, user, groups, verb, attributes in (
                (True, 'ann', [], 'get', {'resource': 'pods', 'name_space': 'x', 'name': 'y'}),
                (True, 'ann', [], 'get', {'resource': 'pods', 'subresource': 'log'}),
                (False, 'ann', [], 'get', {'resource': 'pods', 'subresource': 'exec'}),
                (False, 'ann', [], 'delete', {'resource': 'pods'}),
                (False, 'ann', [], 'get', {'resource': 'pods', 'group': 'apps'}),
                (False, 'Ann', [], 'get', {'resource': 'pods'}),
                (True, 'x', ['watchers'], 'list', {'resource': 'pods'}),
                (True, 'system:serviceaccount:default:robot', [], 'list', {'resource': 'pods'}),
                (False, 'system:serviceaccount:other:robot', [], 'list', {'resource': 'pods'}),
                (True, 'ann', [], 'get', {'resource': 'secrets', 'name_space': 'default'}),
                (False, 'ann', [], 'get', {'resource': 'secrets', 'name_space': 'other'}),
                (False, 'ann', [], 'get', {'resource': 'secrets'}),
                (True, 'guest', [], 'get', {'resource': 'pods', 'name_space': 'other'}),
                (False, 'guest', [], 'get', {'resource': 'pods', 'name_space': 'default'}),
                (False, 'guest', [], 'get', {'resource': 'pods'}),
                (True, 'sub', [], 'get', {'group': 'apps', 'resource': 'deployments', 'subresource': 'status'}),
                (False, 'sub', [], 'get', {'group': 'apps', 'resource': 'deployments'}),
                (True, 'boss', [], 'whatever', {'group': 'clusterpedia.io', 'resource': 'resources', 'subresource': 'c1'}),
                (True, 'bob', [], 'get', {'resource': 'configmaps', 'name': 'one'}),
                (False, 'bob', [], 'get', {'resource': 'configmaps', 'name': 'two'}),
                (False, 'bob', [], 'list', {'resource': 'configmaps'}),
                (True, 'pat', [], 'get', {'path': '/a'}), (False, 'pat', [], 'get', {'path': '/a/b'}),
                (True, 'pat', [], 'get', {'path': '/b/c/d'}), (False, 'pat', [], 'get', {'path': '/b'}),
                (False, 'pat', [], 'post', {'path': '/a'}),
                (True, 'any', ['system:masters'], 'delete', {'resource': 'nodes'}),
                (False, 'lost', [], 'get', {'resource': 'pods'})):
            self.assertEqual(self.review(user, groups, verb, **attributes), want, (user, groups, verb, attributes))

    def test_it_enforces_its_rules_with_the_words_of_kube_apiserver(self):
        user = self.host.user('carl')
        self.assertEqual(self.status(403, '/api/v1/namespaces/default/pods', user=user)['message'],
                         'pods is forbidden: User "carl" cannot list resource "pods" in API group "" in the namespace "default"')
        self.assertEqual(self.status(403, '/apis/apps/v1/namespaces/default/deployments/x/scale', user=user)['message'],
                         'deployments.apps "x" is forbidden: User "carl" cannot get resource "deployments/scale" in API group "apps" in the namespace "default"')
        self.assertEqual(self.status(403, '/metrics', user=user)['message'], 'forbidden: User "carl" cannot get path "/metrics"')
        self.assertEqual(self.status(403, '/api/v1/nodes', user={})['message'],
                         'nodes is forbidden: User "system:anonymous" cannot list resource "nodes" in API group "" at the cluster scope')
        self.assertEqual(self.status(401, '/api', user={'token': 'wrong'})['reason'], 'Unauthorized')
        self.assertEqual(self.host.request('/version', user={})[0], 200)

    def test_impersonation_must_be_allowed(self):
        self.host.apply(cluster_role('impersonator', rule('impersonate', 'users groups', names='dora dancers'), rule('impersonate', 'serviceaccounts'),
                                     rule('impersonate', 'userextras/floor', 'authentication.k8s.io')), binding('impersonator', 'impersonator', 'User:eve'))
        eve = self.host.user('eve')
        who = lambda headers: self.host.json('/apis/authentication.k8s.io/v1/selfsubjectreviews', 'POST', {}, user=eve, headers=headers)['status']['userInfo']
        self.assertEqual(who({})['username'], 'eve')
        seen = who({'Impersonate-User': 'dora', 'Impersonate-Group': 'dancers', 'Impersonate-Extra-Floor': 'two'})
        self.assertEqual((seen['username'], seen['groups'], seen['extra']), ('dora', ['dancers', 'system:authenticated'], {'floor': ['two']}))
        account = who({'Impersonate-User': 'system:serviceaccount:default:robot'})
        self.assertEqual(account['groups'], ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'])
        for headers, text in (({'Impersonate-User': 'root'}, 'users "root" is forbidden: User "eve" cannot impersonate resource "users" in API group ""'),
                              ({'Impersonate-User': 'dora', 'Impersonate-Group': 'system:masters'}, 'groups "system:masters" is forbidden'),
                              ({'Impersonate-User': 'dora', 'Impersonate-Extra-Room': 'x'}, 'userextras/room')):
            status = self.status(403, '/api', user=eve, headers=headers)
            self.assertIn(text, status['message'])

    def test_tokens_have_audiences_ends_and_can_be_revoked(self):
        review = lambda token, *audiences: self.host.json('/apis/authentication.k8s.io/v1/tokenreviews', 'POST', {'spec': {'token': token, 'audiences': audiences}})['status']
        self.host.json('/api/v1/namespaces/default/serviceaccounts', 'POST', {'metadata': {'name': 'talker'}})
        request = lambda **spec: self.host.json('/api/v1/namespaces/default/serviceaccounts/talker/token', 'POST', {'spec': spec})['status']['token']
        seen = review(request())
        self.assertTrue(seen['authenticated'])
        self.assertEqual(seen['user']['username'], 'system:serviceaccount:default:talker')
        self.assertIn('system:serviceaccounts:default', seen['user']['groups'])
        other = request(audiences=['vault'])
        self.assertNotIn('authenticated', review(other))
        self.assertEqual(review(other, 'pedia', 'vault')['audiences'], ['vault'])
        self.assertNotIn('authenticated', review(other, 'pedia'))
        fay = self.host.user('fay', ['team'])
        self.assertEqual(review(fay['token'])['user']['groups'], ['team', 'system:authenticated'])
        self.host.control('revoke', user='fay')
        self.assertNotIn('authenticated', review(fay['token']))

    def test_client_certificates_say_name_and_groups(self):
        user = self.host.user('gil', ['team-a', 'team-b'], certificate=True)
        seen = self.host.json('/apis/authentication.k8s.io/v1/selfsubjectreviews', 'POST', {}, user=user)['status']['userInfo']
        self.assertEqual((seen['username'], seen['groups']), ('gil', ['team-a', 'team-b', 'system:authenticated']))


class RequestAttributesTest(unittest.TestCase):
    def test_paths_are_understood_as_kube_apiserver_does(self):
        base = '/apis/clusterpedia.io/v1beta1/'
        for method, path, verb, resource, subresource, namespace, name in (
                ('GET', '/api/v1/namespaces', 'list', 'namespaces', '', '', ''),
                ('GET', '/api/v1/namespaces/a', 'get', 'namespaces', '', 'a', 'a'),
                ('PUT', '/api/v1/namespaces/a/status', 'update', 'namespaces', 'status', 'a', 'a'),
                ('GET', '/api/v1/namespaces/a/pods/p/log', 'get', 'pods', 'log', 'a', 'p'),
                ('DELETE', '/api/v1/namespaces/a/pods', 'deletecollection', 'pods', '', 'a', ''),
                ('GET', '/api/v1/watch/namespaces/a/pods', 'watch', 'pods', '', 'a', ''),
                ('GET', base + 'resources/clusters/c1/api/v1/pods', 'get', 'resources', 'c1', '', 'clusters'),
                ('GET', base + 'resources/apis/apps/v1/deployments', 'get', 'resources', 'apps', '', 'apis'),
                ('GET', base + 'resources//clusters/c1', 'list', 'resources', 'clusters', '', ''),
                ('GET', base + 'namespaces/n/resources/clusters/c1/api', 'get', 'resources', 'c1', 'n', 'clusters'),
                ('GET', base + 'resources/', 'list', 'resources', '', '', ''),
                ('OPTIONS', base + 'resources/api', '', 'resources', '', '', 'api')):
            got = rbac.request_attributes(method, path, {})
            self.assertEqual((got.verb, got.resource, got.subresource, got.namespace, got.name), (verb, resource, subresource, namespace, name), path)
        for path in ('/', '/api', '/apis/apps', '/apis/apps/v1', '/apis/clusterpedia.io/v1beta1/', '/metrics', '/healthz/ping/x/y'):
            self.assertEqual(rbac.request_attributes('GET', path, {}).path, path)


class AggregationTest(HostTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.mkdtemp(dir=cls.folder)
        cls.authority = certificates.Authority(folder, 'service-ca')
        cls.certificate = cls.authority.issue('service', 'echo', hosts=['DNS:echo.default.svc'], client=False)
        cls.services = [cls.start(), cls.start()]
        cls.host.apply({'apiVersion': 'apiregistration.k8s.io/v1', 'kind': 'APIService', 'metadata': {'name': 'v1.echo.example.com'}, 'spec': {
            'group': GROUP, 'version': 'v1', 'service': {'namespace': 'default', 'name': 'echo', 'port': 443}, 'groupPriorityMinimum': 1000, 'versionPriority': 10,
            'caBundle': base64.b64encode(cls.authority.text().encode()).decode()}})
        cls.point_to(*cls.services)
        cls.available(True)

    @classmethod
    def start(cls, port=0):
        service = echo_service.EchoService(*cls.certificate, cls.host.ready['frontProxyCa'], port)
        cls.addClassCleanup(service.close)
        return service

    @classmethod
    def point_to(cls, *services):
        cls.host.apply({'apiVersion': 'v1', 'kind': 'Endpoints', 'metadata': {'name': 'echo', 'namespace': 'default'}, 'subsets': [
            {'addresses': [{'ip': '127.0.0.1'}], 'ports': [{'port': service.server_address[1]}]} for service in services]})

    @classmethod
    def condition(cls):
        conditions = cls.host.json('/apis/apiregistration.k8s.io/v1/apiservices/v1.echo.example.com').get('status', {}).get('conditions', [])
        return conditions[0] if conditions else {'status': 'Unknown'}

    @classmethod
    def available(cls, wanted):
        watch = Watch(cls.host, '/apis/apiregistration.k8s.io/v1/apiservices?watch=1')
        try:
            while True:
                _, item = watch.next()
                conditions = item.get('status', {}).get('conditions', [])
                if conditions and conditions[0]['status'] == str(wanted):
                    return conditions[0]
        finally:
            watch.close()

    def echo(self, path, *arguments, **options):
        return self.host.json(ECHO + path, *arguments, **options)

    def values(self, answer, name):
        return [value for key, value in answer['headers'] if key.lower() == name.lower()]

    def test_the_service_sees_who_asks_and_that_the_proxy_says_so(self):
        user = self.host.user('jane', ['team', 'staff'])
        self.host.apply(cluster_role('echo', rule('*', '*', GROUP)), binding('echo', 'echo', 'Group:team'))
        answer = self.echo('/echoes/x', user=user, headers={'X-Remote-User': 'root', 'X-Remote-Group': 'system:masters', 'X-Remote-Extra-A': 'b', 'X-Remote-Uid': '0',
                                                            'Impersonate-User': '', 'X-Other': 'kept', 'Connection': 'X-Dropped', 'X-Dropped': '1'})
        self.assertEqual(self.values(answer, 'X-Remote-User'), ['jane'])
        self.assertEqual(self.values(answer, 'X-Remote-Group'), ['team', 'staff', 'system:authenticated'])
        for name in ('Authorization', 'X-Remote-Extra-A', 'X-Remote-Uid', 'Impersonate-User', 'X-Dropped'):
            self.assertEqual(self.values(answer, name), [], name)
        self.assertEqual(self.values(answer, 'X-Other'), ['kept'])
        self.assertEqual(self.values(answer, 'X-Forwarded-For'), ['127.0.0.1'])
        self.assertIn([['commonName', 'front-proxy-client']], answer['client']['subject'])
        self.assertEqual(self.status(403, ECHO + '/echoes/x', user=self.host.user('joe'))['message'],
                         'echoes.echo.example.com "x" is forbidden: User "joe" cannot get resource "echoes" in API group "echo.example.com" at the cluster scope')

    def test_impersonation_is_the_hosts_matter(self):
        answer = self.echo('/x', headers={'Impersonate-User': 'zoë'.encode().decode('latin-1'), 'Impersonate-Group': 'system:masters', 'Impersonate-Extra-A%2fb': 'c'})
        self.assertEqual(self.values(answer, 'X-Remote-User'), ['zoë'.encode().decode('latin-1')])
        self.assertEqual(self.values(answer, 'X-Remote-Extra-A%2Fb') + self.values(answer, 'X-Remote-Extra-a%2Fb'), ['c', 'c'])
        self.assertFalse([name for name, _ in answer['headers'] if name.lower().startswith('impersonate')])

    def test_paths_and_queries_are_written_as_go_does(self):
        for sent, seen in (('/a%2fb', '/a/b'), ('/a%20b', '/a%20b'), ('/a/../b', '/a/../b'), ('//a', '//a'), ("/a'(b)", '/a%27%28b%29'), ('/%c0%af', '/%C0%AF'),
                           ('/a?b=1&a=2&b=%20', '/a?a=2&b=1&b=+'), ('/a?x;y=1&z=2', '/a?z=2'), ('/a%3fb', '/a%3Fb'), ('/%E4%BD%A0', '/%E4%BD%A0')):
            self.assertEqual(self.echo(sent)['path'], ECHO + seen)
        self.assertEqual(self.host.request(ECHO + '/%zz')[0], 400)
        self.assertEqual(self.status(404, '/apis/ECHO.example.com/v1/x')['reason'], 'NotFound')

    def test_bodies_go_through(self):
        self.assertEqual(self.echo('/x', 'POST', b'y' * 100000)['body'], 'y' * 100000)
        raw = self.raw(b'POST %s/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\nConnection: close\r\n\r\n'
                       b'5\r\nhello\r\n0\r\n\r\n' % ECHO.encode())
        answer = json.loads(raw.partition(b'\r\n\r\n')[2])
        self.assertEqual((answer['body'], self.values(answer, 'Content-Length')), ('hello', []))

    def raw(self, data):
        with self.host.connect(self.host.admin) as tls:
            tls.sendall(data)
            return b''.join(iter(lambda: tls.recv(65536), b''))

    def test_what_go_refuses_does_not_reach_the_service(self):
        for fields in (b'Content-Length: 1\r\nContent-Length: 2', b'Transfer-Encoding: chunked, identity', b'Bad Header: x', b'Content-Length: +1', b'X: a\x00b',
                       b'Host: other'):
            before = sum(service.seen for service in self.services)
            code = int(self.raw(b'POST %s/x HTTP/1.1\r\nHost: h\r\n%s\r\n\r\n' % (ECHO.encode(), fields)).split()[1])
            self.assertIn(code, (400, 501), fields)
            self.assertEqual(sum(service.seen for service in self.services), before, fields)

    def test_streams_come_as_they_are_made(self):
        connection = http.client.HTTPSConnection('127.0.0.1', self.host.port, context=self.host.tls(self.host.admin), timeout=20)
        self.addCleanup(connection.close)
        connection.request('GET', ECHO + '/stream')
        with connection.getresponse() as response:
            for i in range(3):
                self.assertEqual(response.readline(), b'%d\n' % i)
                for service in self.services:
                    service.next.release()

    def test_upgraded_connections_are_tunnels(self):
        with self.host.connect(self.host.admin) as tls:
            tls.sendall(b'GET %s/x HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\nearly' % ECHO.encode())
            seen = b''
            while not seen.endswith(b'EARLY'):
                seen += tls.recv(100)
            self.assertTrue(seen.startswith(b'HTTP/1.1 101 '))
            tls.sendall(b'late')
            self.assertEqual(tls.recv(100), b'LATE')

    def test_connections_to_the_service_are_used_again(self):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            seen = {(answer['port'], answer['connection']) for answer in pool.map(lambda i: self.echo('/x'), range(60))}
        self.assertLess(len(seen), 20)

    def test_a_request_that_an_endpoint_refuses_goes_to_another(self):
        gone = self.start()
        self.addCleanup(self.point_to, *self.services)
        self.point_to(self.services[0], gone)
        fleeting = gone.server_address[1]
        fleet = {self.echo('/x')['port'] for _ in range(30)}
        self.assertEqual(fleet, {self.services[0].server_address[1], fleeting})
        gone.close()
        self.host.control('cut_services')
        self.assertEqual({self.echo('/x')['port'] for _ in range(30)}, {self.services[0].server_address[1]})

    def test_availability_is_told_and_honoured(self):
        self.addCleanup(self.available, True)
        self.addCleanup(self.point_to, *self.services)
        self.point_to()
        self.assertEqual(self.available(False)['reason'], 'MissingEndpoints')
        self.assertEqual(self.host.request(ECHO + '/x')[0], 503)

    def test_a_certificate_that_the_service_does_not_trust_is_a_failure(self):
        wrong = certificates.Authority(tempfile.mkdtemp(dir=self.folder), 'wrong').issue('client', 'front-proxy-client')
        self.addCleanup(self.available, True)
        self.addCleanup(self.host.control, 'front_proxy', certificate=self.host.ready['frontProxyCertificate'], key=self.host.ready['frontProxyKey'])
        self.host.control('front_proxy', certificate=wrong[0], key=wrong[1])
        self.assertIn(self.host.request(ECHO + '/x')[0], (502, 503))

    def test_its_groups_are_in_the_discovery(self):
        self.assertIn(GROUP, [group['name'] for group in self.host.json('/apis')['groups']])
        found = self.host.json('/apis', headers={'Accept': 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'})
        entry = [item for item in found['items'] if item['metadata']['name'] == GROUP][0]
        self.assertEqual(entry['versions'][0]['resources'][0]['resource'], 'echoes')

    def test_a_request_that_takes_too_long_is_ended(self):
        self.addCleanup(self.host.control, 'request_timeout', seconds=60)
        self.host.control('request_timeout', seconds=0.5)
        with self.assertRaises(http.client.IncompleteRead):
            self.host.request(ECHO + '/stream')
        for service in self.services:
            for _ in range(3):
                service.next.release()


if __name__ == '__main__':
    unittest.main()
