"""What attackers try against an aggregated pedia: false identities, paths that mean one thing to kube-apiserver and another to pedia, smuggled requests, and
requests that are too big or never end. None gets in, none takes it down."""
import concurrent.futures
import itertools
import json
import socket
import time
import unittest
import urllib.parse

import fleet as fleets
import host as fleet_on_host
from host import hosts, insecure_context, raw_bytes, raw_request

# Of tests/host.
import certificates

CLUSTERPEDIA = 'clusterpedia.io'
PODS = fleets.RESOURCES + '/api/v1/pods?limit=1'
TTL = 1
CLUSTER_OF_OBJECT = 'shadow.clusterpedia.io/cluster-name":"'


def clusters_in(body):
    """The clusters whose objects are in an answer."""
    text = body.decode('utf-8', 'replace').replace(' ', '')
    return {part.partition('"')[0] for part in text.split(CLUSTER_OF_OBJECT)[1:]}


class SecurityTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        ttl = '%ds' % TTL
        cls.fleet = fleet_on_host.HostFleet(['c1', 'c2'], members=('--world', 'none', '--pods', '30'), apiserver=(
            '--authorization-webhook-cache-authorized-ttl', ttl, '--authorization-webhook-cache-unauthorized-ttl', ttl, '--authentication-token-webhook-cache-ttl', ttl,
            '--max-requests-inflight', '50'))
        cls.addClassCleanup(cls.fleet.close)
        cls.host, cls.pedia = cls.fleet.host, cls.fleet.replicas[0]
        cls.host.apply(
            hosts.cluster_role('boss', hosts.rule('*', '*', CLUSTERPEDIA)), hosts.binding('boss', 'boss', 'User:boss'),
            hosts.cluster_role('only-c1', hosts.rule('get', 'resources/c1', CLUSTERPEDIA, 'clusters')), hosts.binding('only-c1', 'only-c1', 'User:one'),
            hosts.cluster_role('roots', hosts.rule('get list', 'resources', CLUSTERPEDIA)), hosts.binding('roots', 'roots', 'User:one', 'User:roots'))
        cls.users = {name: cls.host.user(name) for name in ('boss', 'one', 'roots', 'nobody')}
        cls.proxy = insecure_context(cls.host.ready['frontProxyCertificate'], cls.host.ready['frontProxyKey'])

    def tearDown(self):
        self.assertIsNone(self.pedia.child.poll(), self.pedia.output()[-3000:])
        self.assertEqual(self.host.request(PODS, user=self.users['boss'])[0], 200, 'it goes on as before')

    def folder(self):
        return fleets.tempfile.mkdtemp(dir=self.fleet.folder)

    def bearer(self, name):
        return [('Authorization', 'Bearer ' + self.users[name]['token'])]

    def as_front_proxy(self, path, *headers):
        return raw_request(self.pedia, self.proxy, path, headers)

    # False identities.

    def test_headers_of_the_front_proxy_mean_nothing_without_its_certificate(self):
        self.assertEqual(self.as_front_proxy(PODS, ('X-Remote-User', 'boss'))[0], 200, 'with the certificate they do')
        headers = [('X-Remote-User', 'boss'), ('X-Remote-Group', 'system:masters'), ('X-Remote-Extra-Scopes', 'all')]
        self.assertEqual(raw_request(self.pedia, insecure_context(), PODS, headers)[0], 401)
        self.assertEqual(raw_request(self.pedia, insecure_context(), PODS, headers + self.bearer('nobody'))[0], 403)
        jane = self.host.user('jane', certificate=True)
        self.assertEqual(raw_request(self.pedia, insecure_context(jane['certificate'], jane['key']), PODS, headers)[0], 403, 'a client certificate is no front proxy')

    def test_certificates_that_are_not_the_front_proxys(self):
        folder = self.folder()
        real = certificates.Authority.__new__(certificates.Authority)
        real.folder, real.certificate, real.key = folder, self.host.ready['frontProxyCa'], self.host.ready['frontProxyCaKey']
        foreign = certificates.Authority(folder, 'front-proxy-ca')
        made = {'wrong name': real.issue('wrong', 'someone-else'), 'no name': real.issue('none', ''), 'name as a group': real.issue('group', 'x', ['front-proxy-client']),
                'foreign authority': foreign.issue('foreign', 'front-proxy-client'), 'expired': real.issue('old', 'front-proxy-client', end='20210101000000Z'),
                'not yet valid': real.issue('young', 'front-proxy-client', start='20900101000000Z'),
                'for servers': real.issue('server', 'front-proxy-client', client=False)}
        for what, files in made.items():
            try:
                code, body = raw_request(self.pedia, insecure_context(*files), PODS, [('X-Remote-User', 'boss'), ('X-Remote-Group', 'system:masters')])
            except OSError:
                continue  # Refused in the handshake.
            self.assertIn(code, (401, 403), (what, body[:300]))

    def test_client_certificates_that_nobody_signed(self):
        folder = self.folder()
        real = certificates.Authority.__new__(certificates.Authority)
        real.folder, real.certificate, real.key = folder, self.host.ready['ca'], self.host.ready['caKey']
        foreign = certificates.Authority(folder, 'ca')
        context = insecure_context(*real.issue('good', 'x', ['system:masters']))
        self.assertEqual(raw_request(self.pedia, context, PODS)[0], 200)
        for what, files in {'foreign': foreign.issue('foreign', 'x', ['system:masters']), 'expired': real.issue('old', 'x', ['system:masters'], end='20210101000000Z'),
                            'not yet valid': real.issue('young', 'x', ['system:masters'], start='20900101000000Z'),
                            'signed by the front proxy authority': (self.host.ready['frontProxyCertificate'], self.host.ready['frontProxyKey'])}.items():
            try:
                code, body = raw_request(self.pedia, insecure_context(*files), PODS)
            except OSError:
                continue
            self.assertIn(code, (401, 403), (what, body[:300]))

    def test_tokens_for_somebody_else_or_of_yesterday(self):
        group = ['system:masters']
        good = self.host.user('m1', group)
        self.assertEqual(raw_request(self.pedia, insecure_context(), PODS, [('Authorization', 'Bearer ' + good['token'])])[0], 200)
        other = self.host.user('m2', group, audiences=['vault'])
        short = self.host.user('m3', group, seconds=2)
        self.assertEqual(raw_request(self.pedia, insecure_context(), PODS, [('Authorization', 'Bearer ' + short['token'])])[0], 200)
        for authorization in ('Bearer ' + other['token'], 'Bearer wrong', 'Bearer ', 'Bearer', 'Basic Ym9zczpib3Nz', 'Bearer %s %s' % (good['token'], good['token']),
                              'Bearer ' + good['token'] + '\0', 'Bearer ' + 'x' * 20000):
            code, _ = raw_request(self.pedia, insecure_context(), PODS, [('Authorization', authorization)])
            self.assertIn(code, (400, 401, 431), authorization[:60])
        ended = lambda: raw_request(self.pedia, insecure_context(), PODS, [('Authorization', 'Bearer ' + short['token'])])[0] == 401
        fleets.wait_until(ended, 'the token that ended to be refused', 2 + TTL + 3)

    def test_what_is_revoked_is_gone_within_the_time_to_live(self):
        self.host.apply(hosts.cluster_role('fired', hosts.rule('*', '*', CLUSTERPEDIA)), hosts.binding('fired', 'fired', 'User:fired'))
        fired = self.host.user('fired')
        bearer = [('Authorization', 'Bearer ' + fired['token'])]
        code = lambda: raw_request(self.pedia, insecure_context(), PODS, bearer)[0]
        self.assertEqual(code(), 200)
        self.host.json('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/fired', 'DELETE')
        fleets.wait_until(lambda: code() == 403, 'the revoked role to be gone', TTL + 3)
        self.host.control('revoke', user='fired')
        fleets.wait_until(lambda: code() == 401, 'the revoked token to be gone', TTL + 3)

    def test_names_are_never_taken_apart(self):
        masters = 'system:masters'
        for headers in ([('X-Remote-User', 'nobody'), ('X-Remote-Group', 'a,' + masters)], [('X-Remote-User', 'nobody'), ('X-Remote-Group', 'a, ' + masters)],
                        [('X-Remote-User', 'nobody'), ('X-Remote-User', 'boss')], [('X-Remote-User', 'nobody,boss')], [('X_Remote_User', 'boss')],
                        [('X-Remote-User', 'nobody'), ('X-Remote-Group', '"%s"' % masters)], [('X-Remote-User', 'boss\u00a0'.encode().decode('latin-1'))],
                        [('X-Remote-User', 'BOSS')], [('X-Remote-Group', masters)], [('X-Remote-User', ''), ('X-Remote-Group', masters)],
                        [('X-Remote-User', 'nobody'), ('X-Remote-Extra-Group', masters)], [('X-Remote-User', 'nobody'), ('X-Remote-Uid', 'boss')]):
            code, body = self.as_front_proxy(PODS, *headers)
            self.assertIn(code, (400, 401, 403), (headers, body[:200]))

    def test_strange_names_go_through_the_host_unharmed(self):
        for name in ('zoë', '名前', 'a b', 'x"y\\z', 'a,b', '%0d%0aX-Remote-Group: system:masters', '<script>', '\u202egnp', "';--"):
            status, _, body = self.host.request(PODS, headers={'Impersonate-User': name.encode().decode('latin-1')})
            self.assertEqual(status, 403, name)
            message = json.loads(body)['message']
            path = '/apis/authorization.k8s.io/v1/subjectaccessreviews'
            self.host.control('counts', clear=True)
            code, body = self.as_front_proxy(PODS, ('X-Remote-User', name.encode().decode('latin-1')))
            self.assertEqual(code, 403, name)
            self.assertEqual(json.loads(body)['message'], message)
            self.assertEqual(self.host.control('counts').get('POST ' + path), 1)

    def test_the_kubernetes_api_is_told_who_impersonates(self):
        code, _ = raw_request(self.pedia, insecure_context(), PODS, [*self.bearer('one'), ('Impersonate-User', 'boss')])
        self.assertEqual(code, 403)
        for headers in ([('Impersonate-Group', 'system:masters')], [('Impersonate-Extra-A', 'b')], [('Impersonate-Uid', '1')], [('Impersonate-User', '')]):
            code, body = raw_request(self.pedia, insecure_context(), PODS, [*self.bearer('nobody'), *headers])
            self.assertIn(code, (400, 403, 500), (headers, body[:200]))
        self.assertEqual(self.as_front_proxy(PODS, ('X-Remote-User', 'nobody'), ('Impersonate-User', 'boss'))[0], 403)

    # Paths that mean two things.

    def tricky_paths(self):
        base = '/apis/clusterpedia.io/v1beta1/'
        pods = '/api/v1/pods'
        one, two = base + 'resources/clusters/c1', base + 'resources/clusters/c2'
        dots = ('..', '%2e%2e', '.%2e', '%2E.', '..%00', '..;', '%252e%252e', '%c0%ae%c0%ae', '..%c0%af', '...', '.')
        slashes = ('/', '//', '%2f', '%2F', '%252f', '%5c', '\\', '%c0%af', '%ef%bc%8f', '/./', '%e2%88%95')
        for dot, slash in itertools.product(dots, slashes):
            yield one + slash + dot + slash + 'c2' + pods
        yield from (one + dot + '/c2' + pods for dot in ('%2f..', '/api/v1/../../../c2', '/api/v1/namespaces/../../../../c2'))
        names = ('c%32', '%63%32', '%63%2', 'C2', 'c2%20', '%20c2', 'c2%09', 'c2%00', 'c1%00c2', 'c1,c2', 'c1;c2', 'c1&c2', 'c1|c2', 'c1%0a', 'c1%0d%0ac2', 'c1%2fc2', '*',
                 '%2a', 'c1%2a', "c1'or'1'='1", 'c1%25', 'c_', '%c3%a71', '%ff', '%u0063', 'c1%3fclusters=c2', 'c1%23', '.', '..', '', '%00', '%2e', 'c1!', 'c1%21', '~', '-')
        yield from (base + 'resources/clusters/' + name + pods for name in names)
        yield from (base + middle + pods for middle in (
            'resources//clusters/c2', 'resources/clusters//c2', '/resources/clusters/c2', 'Resources/clusters/c2', 'resources/Clusters/c2', 'RESOURCES/CLUSTERS/C2',
            'resources%2fclusters%2fc2', 'resources/clusters%2fc2', 'resources/%63lusters/c2', 'res%6furces/clusters/c2', 'resources/./clusters/c2', './resources/clusters/c2',
            'watch/resources/clusters/c2', 'proxy/resources/clusters/c2', 'namespaces/n/resources/clusters/c2', 'namespaces/n/resources', 'resources/clusters/c1/clusters/c2',
            'resources/clusters/c1/resources/clusters/c2', 'resources/clusters/c1/proxy', 'collectionresources/../resources/clusters/c2', 'resources/api/../clusters/c2',
            'resources/clusters/c1/../..', 'resources/clusters/c1/%2e%2e/%2e%2e', 'resources;x/clusters/c2', 'resources/clusters;x/c2', 'resources%00/clusters/c2',
            'resources/clusters/c1%2fapi%2fv1%2fpods/..%2f..%2f..%2f..%2fc2', 'resources/ /clusters/c2', 'resources/%20/clusters/c2'))
        yield from (start + tail for start in ('//apis', '/./apis', '/%61pis', '/APIS', '/apis/', '/apis/../apis', '/x/../apis') for tail in (
            '/clusterpedia.io/v1beta1/resources/clusters/c2' + pods, '/clusterpedia.io//v1beta1/resources/clusters/c2' + pods, '/Clusterpedia.io/v1beta1/resources' + pods))
        selector = urllib.parse.quote('search.clusterpedia.io/clusters in (c2)')
        yield from (one + pods + query for query in ('?clusters=c2', '?clusters=c1,c2', '?clusters=*', '?labelSelector=' + selector, '?clusters=c1&clusters=c2', '?cluster=c2',
                                                     '?fieldSelector=metadata.annotations%5Bshadow.clusterpedia.io/cluster-name%5D=c2', '?names=c2', '?clusters=',
                                                     '?clusters=c1%00', '?whereSQL=1=1', '?orderby=cluster;--', '?continue=AAAA', '?%63lusters=c2', '?clusters%00=c2',
                                                     '#/../../c2/api/v1/pods', '?a=%zz&clusters=c2'))
        yield from (two + pods + tail for tail in ('/', '//', '?watch=1', '/.', '%20', '%00', ';', ';a=b', '?', '%3f'))

    def sent_raw(self, target, user, through_host):
        """Everything that is answered to one request with this target, as it is."""
        head = 'GET %s HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n'
        request = (head % (target, self.users[user]['token'])).encode('utf-8')
        if not through_host:
            return raw_bytes(self.pedia, insecure_context(), request)
        with self.host.connect() as tls:
            tls.sendall(request)
            return fleet_on_host.read_all(tls)

    def test_no_path_leads_into_another_cluster(self):
        targets = list(self.tricky_paths())
        targets += ['https://h' + target for target in targets[:20]]
        cells = list(itertools.product(targets, ('one', 'roots', 'nobody'), (True, False)))
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda cell: self.sent_raw(*cell), cells))
        served = 0
        for (target, user, through_host), answer in zip(cells, answers):
            self.assertRegex(answer[:13], rb'^HTTP/1.1 [2345]\d\d', (target, user, through_host))
            code = int(answer[9:12])
            self.assertNotEqual(code, 500, (target, user, through_host, answer[-300:]))
            self.assertLessEqual(clusters_in(answer), {'c1'} if user == 'one' else set(), (target, user, through_host, code))
            served += bool(clusters_in(answer))
        self.assertGreater(served, 10, 'those of c1 alone are served')

    def test_what_may_do_everything_does_not_break_on_them(self):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for target, answer in zip(self.tricky_paths(), pool.map(lambda target: self.sent_raw(target, 'boss', False), self.tricky_paths())):
                self.assertRegex(answer[:13], rb'^HTTP/1.1 [24]\d\d', (target, answer[-300:]))

    # Requests in requests.

    def smuggled(self, hidden):
        """Requests that hide another one from whoever reads them one way."""
        post = 'POST %s HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\n' % (fleets.RESOURCES + '/clusters/c1/api/v1/pods', self.users['one']['token'])
        get = post.replace('POST', 'GET')
        length = str(len(hidden))
        chunked = '%x\r\n%s\r\n0\r\n\r\n' % (len(hidden), hidden)
        for first in (post, get):
            yield first + 'Content-Length: 0\r\nContent-Length: %s\r\n\r\n%s' % (length, hidden)
            yield first + 'Content-Length: %s\r\nContent-Length: 0\r\n\r\n%s' % (length, hidden)
            yield first + 'Content-Length: 0, %s\r\n\r\n%s' % (length, hidden)
            yield first + 'Content-Length: %s\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%s' % (5 + len(hidden), hidden)
            yield first + 'Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n' + chunked
            for coding in ('xchunked', 'chunked, identity', 'identity, chunked', ' chunked', '\tchunked', 'Chunked', 'chunked\x0b', '"chunked"', 'gzip, chunked',
                           'chunked\r\nTransfer-Encoding: x'):
                yield first + 'Transfer-Encoding: %s\r\nContent-Length: %s\r\n\r\n%s' % (coding, length, hidden)
                yield first + 'Transfer-Encoding: %s\r\n\r\n0\r\n\r\n%s' % (coding, hidden)
            yield first + 'Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n' + hidden
            yield first + 'X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n' + hidden
            yield first + 'Transfer-Encoding:\r\n chunked\r\nContent-Length: %s\r\n\r\n%s' % (length, hidden)
            yield first + 'Content-Length: %s\n\n%s' % (length, hidden)
            yield first + 'X: y\rContent-Length: 0\r\n\r\n' + hidden
            yield first + 'Content-Length: +0\r\n\r\n' + hidden
            yield first + 'Content-Length: 0x0\r\n\r\n' + hidden
            yield first + 'Content-Length: -1\r\n\r\n' + hidden
            yield first + 'Content-Length: 99999999999999999999\r\n\r\n' + hidden
            yield first + 'Transfer-Encoding: chunked\r\n\r\n0;\n\r\n\r\n' + hidden
            yield first + 'Transfer-Encoding: chunked\r\n\r\n-0\r\n\r\n' + hidden
            yield first + 'Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n' + hidden
            yield first + 'Transfer-Encoding: chunked\r\n\r\n0\r\nX-Remote-User: boss\r\nContent-Length: 3\r\n\r\n' + hidden
            yield first + 'Connection: keep-alive, X-Forwarded-For, Authorization, X-Remote-User\r\nContent-Length: 0\r\n\r\n' + hidden
            yield first + 'Expect: 100-continue\r\nContent-Length: %s\r\n\r\n%s' % (length, hidden)
            yield first + 'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nConnection: Upgrade, HTTP2-Settings\r\nContent-Length: 0\r\n\r\n' + hidden
        yield 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + hidden

    def test_no_request_hides_in_another(self):
        # Whoever takes it for a request of its own believes its headers, and shows c2.
        hidden = 'GET %s HTTP/1.1\r\nHost: h\r\nX-Remote-User: boss\r\nX-Remote-Group: system:masters\r\n\r\n' % (fleets.RESOURCES + '/clusters/c2/api/v1/pods?limit=7')
        payloads = list(self.smuggled(hidden))

        def attack(payload):
            answers = []
            for connect in (lambda: self.host.connect(timeout=3), lambda: self.pedia.connect(insecure_context(), 3)):
                try:
                    with connect() as tls:
                        tls.settimeout(1)
                        tls.sendall(payload.encode('latin-1'))
                        answers.append(fleet_on_host.read_all(tls))
                except (TimeoutError, OSError):
                    pass  # It waits for more.
            return b''.join(answers)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            attacks = [pool.submit(attack, payload) for payload in payloads]
            victims = [pool.submit(self.victim, 1 + i % 5) for i in range(100)]
            for payload, done in zip(payloads, attacks):
                self.assertNotIn('c2', clusters_in(done.result()), payload[:300])
            for victim in victims:
                wanted, found = victim.result()
                self.assertEqual(found, wanted, 'everybody gets the answers to his own questions')

    def victim(self, limit):
        items = self.fleet.get('/api/v1/pods?limit=%d' % limit, user=self.users['boss'])['items']
        return limit, len(items)

    # Too much.

    def test_what_is_too_big_is_refused(self):
        bearer = 'Authorization: Bearer %s\r\nConnection: close\r\n' % self.users['boss']['token']
        requests = {
            'a long target': 'GET %s?x=%s HTTP/1.1\r\nHost: h\r\n%s\r\n' % (fleets.RESOURCES, 'y' * 2000000, bearer),
            'a long header': 'GET %s HTTP/1.1\r\nHost: h\r\n%sX: %s\r\n\r\n' % (fleets.RESOURCES, bearer, 'y' * 2000000),
            'many headers': 'GET %s HTTP/1.1\r\nHost: h\r\n%s%s\r\n' % (fleets.RESOURCES, bearer, 'X: y\r\n' * 100000),
            'many conditions': 'GET %s?%s HTTP/1.1\r\nHost: h\r\n%s\r\n' % (PODS[:-8], 'names=a&' * 100000, bearer),
            'a large body': 'POST %s HTTP/1.1\r\nHost: h\r\n%sContent-Length: 100000000\r\n\r\n%s' % (PODS, bearer, 'y' * 5000000),
            'a huge body is announced': 'POST %s HTTP/1.1\r\nHost: h\r\n%sContent-Length: 9000000000000000000\r\n\r\n' % (PODS, bearer),
            'endless chunks': 'POST %s HTTP/1.1\r\nHost: h\r\n%sTransfer-Encoding: chunked\r\n\r\n%s' % (PODS, bearer, '1;%s\r\ny\r\n' % ('z' * 1000) * 5000),
            'a deep selector': 'GET %s&labelSelector=%s HTTP/1.1\r\nHost: h\r\n%s\r\n' % (PODS, 'a+in+(' * 5000, bearer)}
        for what, request in requests.items():
            for connect in (self.host.connect, lambda: self.pedia.connect(insecure_context())):
                answer = b''
                try:
                    with connect() as tls:
                        tls.settimeout(3)
                        tls.sendall(request.encode())
                        answer = fleet_on_host.read_all(tls)
                except OSError:
                    pass  # Cut off while it talked.
                self.assertRegex(answer[:13], rb'^(HTTP/1.1 [45]\d\d|$)', what)
                self.assertEqual(clusters_in(answer), set(), what)

    def test_slow_and_silent_clients_hinder_nobody(self):
        connections = []
        self.addCleanup(lambda: [connection.close() for connection in connections])
        context = insecure_context()
        for _ in range(400):
            connections.append(socket.create_connection(('127.0.0.1', self.pedia.port), timeout=20))
        for _ in range(150):
            tls = self.pedia.connect(context)
            tls.sendall(b'GET %s HTTP/1.1\r\nHost: h\r\nX-A' % fleets.RESOURCES.encode())
            connections.append(tls)
        for _ in range(50):
            tls = self.pedia.connect(context)
            tls.sendall(b'GET %s HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\n\r\n' % (PODS.encode(), self.users['boss']['token'].encode()))
            connections.append(tls)  # Nobody reads the answer.
        start = time.monotonic()
        for i, connection in enumerate(connections[400:460]):
            connection.sendall(b'a')
            if i % 20 == 0:
                self.assertIn('pod', self.fleet.kubectl('get', 'pods', '-A', '-o', 'name', '--chunk-size=10', pedia=True, user=self.users['boss']))
                self.assertEqual(raw_request(self.pedia, context, '/readyz')[0], 200)
        self.assertLess(time.monotonic() - start, 30)

    def test_one_who_asks_too_much_does_not_take_the_place_of_others(self):
        with fleet_on_host.Load(lambda: self.host.request(fleets.RESOURCES + '/api/v1/pods', user=self.users['roots']), threads=12, retries=0):
            for _ in range(10):
                self.assertEqual(self.host.request(PODS, user=self.users['boss'])[0], 200)


if __name__ == '__main__':
    unittest.main()
