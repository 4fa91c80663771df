"""Under 500 changes a second a store is built from nothing, pedia is killed and stopped, and the database fails over: when the changes end, the store equals
the members."""
import signal
import unittest

import database
import fleet as fleets

CLUSTERS = ('one', 'two', 'three', 'four', 'five')
RATE = 100  # Of each.
COLLECTIONS = ('/api/v1/pods', '/api/v1/configmaps', '/apis/apps/v1/deployments')


def versions(items):
    return {(item['metadata'].get('namespace', ''), item['metadata']['name']): item['metadata']['resourceVersion'] for item in items}


class ChurnTest(unittest.TestCase):
    def test_a_rebuild_restarts_and_a_failover_under_churn_end_equal_to_the_members(self):
        fleet = fleets.Fleet()
        self.addCleanup(fleet.close)
        primary = database.Postgres()
        self.addCleanup(primary.close)
        standby = primary.replica()
        self.addCleanup(standby.close)
        members = fleet.members('--names', ','.join(CLUSTERS), '--world', 'none', '--pods', '600', '--churn', str(RATE), '--bookmark-ms', '500')
        config = primary.storage_config('storage.yaml', hosts=['127.0.0.1:%d' % server.port for server in (primary, standby)])
        start = lambda **options: fleet.pedia('--kubeconfig', members.kubeconfig, '--storage-config', config, **options)

        pedia = start()
        self.assert_follows(pedia, members, 'a store built from nothing')
        pedia.stop(signal.SIGKILL)
        pedia = start()
        self.assert_follows(pedia, members, 'the store after a kill')
        pedia.stop()
        self.assertEqual(pedia.child.returncode, 0)
        pedia = start()
        primary.kill()
        standby.promote()
        self.assert_follows(pedia, members, 'the store after a failover')

        for cluster in CLUSTERS:
            members.control(cluster, '/__churn', {'rate': 0})
        for cluster in CLUSTERS:
            for collection in COLLECTIONS:
                wanted = versions(members.request(cluster, collection)['items'])
                self.assertGreater(len(wanted), 0)
                fleets.wait_until(lambda: self.stored(pedia, cluster, collection) == wanted, '%s of %s to be the same' % (collection, cluster), 30)
        self.assertIsNone(pedia.child.poll())

    @staticmethod
    def stored(pedia, cluster, collection):
        """None while the store cannot be asked."""
        status, _, body = pedia.request('%s/clusters/%s%s' % (fleets.RESOURCES, cluster, collection))
        return versions(fleets.json.loads(body)['items']) if status == 200 else None

    def assert_follows(self, pedia, members, what):
        """What the members are at this moment, under churn, comes to the store."""
        for cluster in CLUSTERS:
            newest = max(map(int, versions(members.request(cluster, '/api/v1/pods')['items']).values()))
            fleets.wait_until(lambda: max(map(int, (self.stored(pedia, cluster, '/api/v1/pods') or {'': '0'}).values()), default=0) >= newest,
                              '%s to have what %s has' % (what, cluster), 60)


if __name__ == '__main__':
    unittest.main()
