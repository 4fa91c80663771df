"""What an aggregated pedia does while something it needs is away, and while its replicas are replaced one after the other."""
import json
import signal
import time
import unittest

import database as databases
import fleet as fleets
import host as fleet_on_host
from host import hosts, insecure_context, raw_request

CLUSTERPEDIA = 'clusterpedia.io'
PODS = fleets.RESOURCES + '/api/v1/pods?limit=3'
GRANTS = (hosts.cluster_role('boss', hosts.rule('*', '*', CLUSTERPEDIA)), hosts.binding('boss', 'boss', 'User:boss', 'User:late', 'User:patient'),
          hosts.cluster_role('only-c1', hosts.rule('get', 'resources/c1', CLUSTERPEDIA, 'clusters')), hosts.binding('only-c1', 'only-c1', 'User:one'))


class HostAwayTest(unittest.TestCase):
    """Straight at pedia as the front proxy: through the host there is no way while it is away."""
    TTL = 4

    @classmethod
    def setUpClass(cls):
        ttl = '%ds' % cls.TTL
        cls.fleet = fleet_on_host.HostFleet(['c1'], members=('--world', 'none', '--pods', '10'), apiserver=(
            '--authorization-webhook-cache-authorized-ttl', ttl, '--authorization-webhook-cache-unauthorized-ttl', ttl, '--authentication-token-webhook-cache-ttl', ttl))
        cls.addClassCleanup(cls.fleet.close)
        cls.host, cls.pedia = cls.fleet.host, cls.fleet.replicas[0]
        cls.host.apply(*GRANTS)
        cls.proxy = insecure_context(cls.host.ready['frontProxyCertificate'], cls.host.ready['frontProxyKey'])

    def code(self, user, path=PODS):
        return raw_request(self.pedia, self.proxy, path, [('X-Remote-User', user)])[0]

    def recovers(self):
        fleets.wait_until(lambda: self.host_answers() and self.code('boss') == 200 and self.code('nobody') == 403, 'pedia to go on', 30)

    def host_answers(self):
        try:
            return self.host.request('/version')[0] == 200
        except OSError:
            return False

    def test_away_it_lives_on_what_was_decided_and_then_says_that_it_cannot_know(self):
        # Users of whom nothing was remembered before.
        self.assertEqual([self.code('patient'), self.code('one')], [200, 403])
        self.host.control('away', seconds=self.TTL + 6)
        fleets.wait_until(lambda: not self.host_answers(), 'the host to go')
        self.assertEqual([self.code('patient'), self.code('one')], [200, 403], 'as decided')
        self.assertEqual(self.code('late'), 503, 'never asked for')
        fleets.wait_until(lambda: self.code('patient') == 503, 'the decision to be too old', self.TTL + 3)
        self.assertEqual(self.code('one'), 503, 'nobody is told no who may be allowed')
        answer = fleet_on_host.raw_bytes(self.pedia, self.proxy, b'GET %s HTTP/1.1\r\nHost: h\r\nX-Remote-User: patient\r\nConnection: close\r\n\r\n' % PODS.encode())
        self.assertIn(b'retry-after: ', answer.lower())
        self.assertEqual(json.loads(fleet_on_host.parse_answer(answer)[1])['reason'], 'ServiceUnavailable')
        self.assertEqual(raw_request(self.pedia, insecure_context(), '/livez')[0], 200, 'a restart would not help')
        self.recovers()

    def test_a_host_that_does_not_answer_holds_up_only_who_must_be_asked_about(self):
        self.assertEqual(self.code('boss'), 200)
        self.host.control('pause', seconds=6)
        start = time.monotonic()
        self.assertEqual(self.code('boss'), 200)
        self.assertEqual(raw_request(self.pedia, insecure_context(), '/healthz')[0], 200)
        self.assertLess(time.monotonic() - start, 3, 'not after the pause')
        self.assertIn(self.code('late'), (200, 503))
        self.recovers()

    def test_errors_of_the_reviews_are_no_verdicts(self):
        for rule, text in (({'code': 500}, 'an error'), ({'code': 403}, 'pedia itself may not ask'), ({'drop': True}, 'a connection that ends')):
            self.host.control('faults', rules=[dict(rule, match='subjectaccessreviews')])
            try:
                self.assertIn(self.code('late', '/apis/clusterpedia.io/v1beta1/resources/version?' + text.replace(' ', '+')), (500, 503), text)
            finally:
                self.host.control('faults', rules=[])
            self.recovers()
        self.host.control('faults', rules=[{'match': 'subjectaccessreviews', 'code': 500, 'count': 1}])
        self.assertIn(self.code('late'), (200, 503))
        fleets.wait_until(lambda: self.code('late') == 200, 'the next review', 10)

    def test_a_watch_that_broke_misses_nothing(self):
        self.host.control('cut')
        self.host.control('compact')
        self.host.control('faults', rules=[{'match': 'GET .*pediaclusters', 'code': 503, 'count': 2}])
        self.host.apply({'apiVersion': 'cluster.clusterpedia.io/v1alpha2', 'kind': 'PediaCluster', 'metadata': {'name': 'copy'}, 'spec': self.fleet.cluster_spec(
            'c1', [{'group': '', 'resources': ['pods']}])})
        fleets.wait_until(lambda: self.fleet.pod_count('copy') == 10, 'the new cluster', 40)
        self.fleet.kubectl('delete', 'pediacluster', 'copy', '--wait=false')
        fleets.wait_until(lambda: self.fleet.pod_count('copy') is None, 'it to be gone', 30)


class RollingRestartTest(unittest.TestCase):
    """Three replicas on a database server, replaced under load through the aggregation layer."""

    @classmethod
    def setUpClass(cls):
        cls.database = databases.Postgres()
        cls.addClassCleanup(cls.database.close)
        cls.fleet = fleet_on_host.HostFleet(['c1', 'c2'], replicas=3, database=cls.database, members=('--world', 'none', '--pods', '300', '--churn', '20'),
                                            apiserver=('--shutdown-delay-duration', '2s'))
        cls.addClassCleanup(cls.fleet.close)
        cls.host = cls.fleet.host
        cls.host.apply(*GRANTS)
        cls.user = cls.host.user('boss')

    def load(self, **options):
        """Lists, with a long one among them now and then."""
        asked = iter(range(1 << 30))
        paths = (PODS, fleets.RESOURCES + '/clusters/c1/api/v1/pods?limit=50', fleets.RESOURCES + '/apis', fleets.RESOURCES + '/api/v1/pods')
        return fleet_on_host.Load(lambda: self.host.request(paths[next(asked) % 4], user=self.user), **options)

    def test_no_request_fails_that_a_client_would_not_repeat(self):
        with self.load(threads=6) as load:
            for _ in range(3):
                new = self.fleet.replica()
                fleets.wait_until(new.ready, 'the new replica')
                self.fleet.replicas.append(new)
                self.fleet.publish()
                old = self.fleet.replicas.pop(0)
                # A kubelet stops it while those who route learn of it a little later.
                old.child.send_signal(signal.SIGTERM)
                fleets.wait_until(lambda: not old.ready(), 'the old replica to be unready', 5)
                self.fleet.publish()
                old.child.wait(30)
                self.assertEqual(old.child.returncode, 0, old.output()[-2000:])
        self.assertEqual(load.failures, [])
        self.assertEqual(load.retried, [], 'with a delay before it stops nothing has to be repeated')
        self.assertGreater(load.done, 20)

    def test_a_killed_replica_costs_no_more_than_a_repetition(self):
        with self.load(threads=6) as load:
            fleets.wait_until(lambda: load.done > 50, 'some requests')
            old = self.fleet.replicas.pop(0)
            old.stop(signal.SIGKILL)
            done = load.done
            fleets.wait_until(lambda: load.done > done + 100, 'more requests, with its endpoint still known')
            self.fleet.replicas.append(self.fleet.replica())
            self.fleet.publish()
        self.assertEqual(load.failures, [])

    def test_a_long_answer_is_brought_to_its_end(self):
        whole = len(self.fleet.get('/api/v1/pods', user=self.user)['items'])
        replica = self.fleet.replicas.pop(0)
        proxy = insecure_context(self.host.ready['frontProxyCertificate'], self.host.ready['frontProxyKey'])
        with replica.connect(proxy, 60) as tls:
            tls.sendall(b'GET %s/api/v1/pods HTTP/1.1\r\nHost: h\r\nX-Remote-User: boss\r\nConnection: close\r\n\r\n' % fleets.RESOURCES.encode())
            answer = tls.recv(1000)
            replica.child.send_signal(signal.SIGTERM)
            fleets.wait_until(lambda: not replica.ready(), 'it to be unready', 5)
            while part := tls.recv(100000):
                answer += part
        self.assertAlmostEqual(len(json.loads(fleet_on_host.parse_answer(answer)[1])['items']), whole, delta=100)
        replica.child.wait(30)
        self.fleet.replicas.append(self.fleet.replica())
        self.fleet.publish()


class DatabaseFailoverTest(unittest.TestCase):
    def test_readers_and_the_manager_go_on_at_the_new_primary(self):
        primary = databases.Postgres()
        self.addCleanup(primary.close)
        standby = primary.replica()
        self.addCleanup(standby.close)
        both = ['127.0.0.1:%d' % server.port for server in (primary, standby)]
        fleet = fleet_on_host.HostFleet(['c1'], replicas=2, database=primary, storage={'hosts': both}, members=('--world', 'none', '--pods', '200', '--churn', '20'))
        self.addCleanup(fleet.close)
        fleet.host.apply(*GRANTS)
        user = fleet.host.user('boss')
        ask = lambda: fleet.host.request(PODS, user=user)
        self.assertEqual(ask()[0], 200)
        primary.kill()
        seen = {ask()[0] for _ in range(10)}
        self.assertLessEqual(seen, {200, 500, 503, 504})
        self.assertTrue(all(raw_request(replica, insecure_context(), '/livez')[0] == 200 for replica in fleet.replicas))
        standby.promote()
        fleets.wait_until(lambda: all(replica.ready() for replica in fleet.replicas), 'the replicas to be ready again', 40)
        self.assertEqual({ask()[0] for _ in range(10)}, {200})
        members = fleet.member_process
        members.control('c1', '/__churn', {'rate': 0})
        wanted = fleets.member_objects(members, 'c1', '/api/v1/pods')
        got = lambda: {'/'.join((item['metadata']['namespace'], item['metadata']['name'])): fleets.stored_form(item, 'c1')
                       for item in fleet.get('/clusters/c1/api/v1/pods', user=user)['items']}
        fleets.wait_until(lambda: got() == wanted, 'the store to equal the member')


if __name__ == '__main__':
    unittest.main()
