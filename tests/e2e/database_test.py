"""`pedia standalone` with its store on PostgreSQL and on MariaDB: what clients see, and what remains after kills, stops and freezes."""
import subprocess
import signal
import os
import time
import unittest

import database
import fleet as fleets

PODS = '/api/v1/pods'
WIDGETS = '/apis/example.com/v1/widgets'


def revision(pedia):
    return int(pedia.get(fleets.RESOURCES + PODS + '?limit=1')['metadata']['resourceVersion'])


class DatabaseTests:
    """The same for every kind of server."""

    def setUp(self):
        self.fleet = fleets.Fleet()
        self.addCleanup(self.fleet.close)
        self.server = self.Server()
        self.addCleanup(self.server.close)
        self.config = self.server.storage_config('storage.yaml')

    def pedia(self, members, **options):
        return self.fleet.pedia('--kubeconfig', members.kubeconfig, '--storage-config', self.config, **options)

    def storage(self, *arguments):
        return subprocess.run([fleets.PEDIA, 'storage', *arguments, '--storage-config', self.config], capture_output=True, text=True, timeout=120)

    def assert_equal_to_members(self, pedia, members, clusters, *collections):
        for cluster in clusters:
            members.control(cluster, '/__churn', {'rate': 0})
            for collection in collections:
                want = fleets.member_objects(members, cluster, collection)
                self.assertGreater(len(want), 0)
                fleets.wait_until(lambda: self.listed(pedia, cluster, collection) == want, 'the store to equal %s %s' % (cluster, collection), 120)

    @staticmethod
    def listed(pedia, cluster, collection):
        """None while the store cannot be asked."""
        try:
            return fleets.pedia_objects(pedia, cluster, collection)
        except AssertionError:
            return None

    def assert_check_passes(self):
        done = self.storage('check')
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn('all of them are what the objects say', done.stdout)

    def test_clients_see_every_cluster_and_a_restart_writes_nothing(self):
        members = self.fleet.members('--names', 'one,two', '--world', fleets.WORLD, '--pods', '200')
        pedia = self.pedia(members)
        self.assert_equal_to_members(pedia, members, ('one', 'two'), PODS, WIDGETS)
        lines = pedia.kubectl('get', 'pods', '-A', '--no-headers').splitlines()
        wanted = len(fleets.member_objects(members, 'one', PODS)) + len(fleets.member_objects(members, 'two', PODS))
        self.assertEqual(len(lines), wanted)
        pages = []
        token = ''
        while token is not None:
            page = pedia.get('%s%s?limit=37&continue=%s' % (fleets.RESOURCES, PODS, token))
            pages += page['items']
            token = page['metadata'].get('continue') or None
        self.assertEqual(len(pages), wanted)
        before = revision(pedia)
        pedia.stop()
        self.assertEqual(pedia.child.returncode, 0)
        self.assert_check_passes()
        pedia = self.pedia(members)
        self.assertEqual(revision(pedia), before)
        self.assertNotIn(database.PASSWORD, pedia.output())
        self.assertFalse(os.path.exists(os.path.join(pedia.data, 'pedia.db')))

    def test_killed_at_any_moment_pedia_ends_equal_to_the_members(self):
        members = self.fleet.members('--names', 'one,two', '--world', fleets.WORLD, '--pods', '2000', '--churn', '300')
        for milliseconds in (200, 500, 1000, 2000):
            pedia = self.pedia(members, wait_for_sync=False)
            with self.assertRaises(subprocess.TimeoutExpired):
                pedia.child.wait(milliseconds / 1000)
            pedia.stop(signal.SIGKILL)
        pedia = self.pedia(members)
        self.assert_equal_to_members(pedia, members, ('one', 'two'), PODS, WIDGETS)
        self.assert_check_passes()

    def test_a_database_killed_during_the_sync_loses_nothing(self):
        members = self.fleet.members('--names', 'one,two', '--world', fleets.WORLD, '--pods', '2000', '--churn', '300')
        pedia = self.pedia(members, wait_for_sync=False)
        for milliseconds in (300, 700, 1500):
            time.sleep(milliseconds / 1000)
            self.server.kill()
            time.sleep(0.5)
            self.server.start()
        pedia.wait_for('first sync done', 120)
        self.assert_equal_to_members(pedia, members, ('one', 'two'), PODS, WIDGETS)
        self.assertIsNone(pedia.child.poll())
        self.assert_check_passes()

    def test_a_frozen_database_is_waited_for(self):
        members = self.fleet.members('--names', 'one', '--world', 'none', '--pods', '500', '--churn', '100')
        pedia = self.pedia(members)
        self.server.freeze()
        self.assertEqual(pedia.request('/healthz')[0], 200)
        time.sleep(5)
        self.assertEqual(pedia.request('/healthz')[0], 200)
        self.server.thaw()
        self.assert_equal_to_members(pedia, members, ('one',), PODS)
        self.assertIsNone(pedia.child.poll())
        self.assert_check_passes()

    def test_pedia_waits_for_a_database_that_is_not_there_yet(self):
        members = self.fleet.members('--names', 'one', '--world', 'none', '--pods', '50')
        self.server.stop()
        arguments = [fleets.PEDIA, 'standalone', '--data-dir', os.path.join(self.fleet.folder, 'data'), '--secure-port', '0', '--kubeconfig',
                     members.kubeconfig, '--storage-config', self.config]
        waiting = fleets.Process(arguments, os.path.join(self.fleet.folder, 'waiting.log'))
        self.fleet.processes.append(waiting)
        waiting.wait_for('waiting for the database')
        self.assertNotIn(database.PASSWORD, waiting.output())
        waiting.stop()
        self.assertEqual(waiting.child.returncode, 0)
        waiting = fleets.Process(arguments, os.path.join(self.fleet.folder, 'waiting2.log'))
        self.fleet.processes.append(waiting)
        waiting.wait_for('waiting for the database')
        self.server.start()
        waiting.wait_for('first sync done')

    def test_over_tls_only_a_server_that_proves_who_it_is_is_used(self):
        self.server.use_tls()
        authority = os.path.join(self.server.folder, 'ca.crt')
        self.config = self.server.storage_config('other.yaml', sslMode='verify-full', sslRootCertFile=os.path.join(self.server.folder, 'other.crt'))
        refused = self.storage('migrate')
        self.assertEqual(refused.returncode, 1, refused.stdout)
        self.assertRegex(refused.stderr, '(?i)certificate|ssl|tls')
        self.config = self.server.storage_config('plain.yaml', sslMode='disable')
        self.assertEqual(self.storage('migrate').returncode, 1)
        # The certificate is for 127.0.0.1.
        self.config = self.server.storage_config('name.yaml', hosts=['localhost:%d' % self.server.port], sslMode='verify-full', sslRootCertFile=authority)
        self.assertEqual(self.storage('migrate').returncode, 1)
        for mode in ('require', 'verify-ca', 'verify-full'):
            self.config = self.server.storage_config('tls.yaml', sslMode=mode, sslRootCertFile=authority)
            self.assertEqual(self.storage('migrate').returncode, 0, mode)
        members = self.fleet.members('--names', 'one', '--world', 'none', '--pods', '100')
        pedia = self.pedia(members)
        self.assert_equal_to_members(pedia, members, ('one',), PODS)

    def test_the_storage_command_makes_checks_measures_and_prunes(self):
        made = self.storage('migrate')
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertIn('made the schema', made.stdout)
        self.assertIn('nothing to do', self.storage('migrate').stdout)
        members = self.fleet.members('--names', 'one,two', '--world', 'none', '--pods', '100')
        pedia = self.pedia(members)
        self.assert_equal_to_members(pedia, members, ('one', 'two'), PODS)
        pedia.stop()
        size = self.storage('size')
        self.assertEqual(size.returncode, 0, size.stderr)
        pods = [line.split() for line in size.stdout.splitlines() if ' v1/pods ' in line]
        self.assertEqual(sorted((line[2], line[3]) for line in pods), [('one', '100'), ('two', '100')])
        self.assertIn('nothing to do', self.storage('prune').stdout)
        self.server.sql("DELETE FROM clusters WHERE cluster='one'")
        self.assertIn("of the cluster 'one'", self.storage('prune').stdout)
        self.assert_check_passes()
        self.assertIn("of the cluster 'one'", self.storage('prune', '--yes').stdout)
        self.assertIn('nothing to do', self.storage('prune').stdout)
        self.assert_check_passes()
        # Behind pedia's back.
        self.server.sql("UPDATE objects SET name='elsewhere' WHERE id=(SELECT m FROM (SELECT min(id) AS m FROM objects) x)")
        broken = self.storage('check')
        self.assertEqual(broken.returncode, 1, broken.stdout + broken.stderr)
        self.assertIn('column name', broken.stdout)

    def test_wrong_configurations_are_refused_clearly(self):
        for keys, text in (({'type': 'oracle'}, 'not support storage type: oracle'), ({'nope': 1}, "unknown key 'nope'"),
                           ({'password': 'wrong'}, 'pedia')):
            config = self.server.storage_config('wrong.yaml', **keys)
            done = subprocess.run([fleets.PEDIA, 'storage', 'size', '--storage-config', config], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 1)
            self.assertIn(text, done.stderr)
            self.assertNotIn(database.PASSWORD, done.stderr)


class PostgresTest(DatabaseTests, unittest.TestCase):
    Server = database.Postgres

    def test_after_a_failover_pedia_goes_on_with_the_replica(self):
        replica = self.server.replica()
        self.addCleanup(replica.close)
        self.config = self.server.storage_config('hosts.yaml', hosts=['127.0.0.1:%d' % s.port for s in (self.server, replica)])
        members = self.fleet.members('--names', 'one', '--world', fleets.WORLD, '--pods', '500', '--churn', '100')
        pedia = self.pedia(members)
        self.server.kill()
        replica.promote()
        self.assert_equal_to_members(pedia, members, ('one',), PODS, WIDGETS)
        self.assertIsNone(pedia.child.poll())
        self.assert_check_passes()


class MariadbTest(DatabaseTests, unittest.TestCase):
    Server = database.Mariadb
