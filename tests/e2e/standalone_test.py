"""The life of a `pedia standalone` process: start, files, credentials, restart, kill, stop."""
import json
import os
import signal
import stat
import subprocess
import unittest

import fleet as fleets


def pods(pedia):
    return pedia.get(fleets.RESOURCES + '/api/v1/pods')['items']


def revision(pedia):
    return int(pedia.get(fleets.RESOURCES + '/api/v1/pods?limit=1')['metadata']['resourceVersion'])


class StandaloneTest(unittest.TestCase):
    def setUp(self):
        self.fleet = fleets.Fleet()
        self.addCleanup(self.fleet.close)

    def test_a_restart_writes_nothing_when_nothing_changed(self):
        members = self.fleet.members('--clusters', '2', '--world', fleets.WORLD, '--pods', '50')
        pedia = self.fleet.pedia('--kubeconfig', members.kubeconfig)
        before = revision(pedia)
        self.assertGreater(before, 0)
        pedia.stop()
        pedia = self.fleet.pedia('--kubeconfig', members.kubeconfig)
        self.assertEqual(revision(pedia), before)
        self.assertEqual(len(pods(pedia)), 2 * 145)

    def test_a_second_process_on_the_same_data_is_refused(self):
        members = self.fleet.members('--clusters', '1', '--world', 'none', '--pods', '1')
        pedia = self.fleet.pedia('--kubeconfig', members.kubeconfig)
        second = subprocess.run([fleets.PEDIA, 'standalone', '--data-dir', pedia.data, '--kubeconfig', members.kubeconfig, '--secure-port', '0'],
                                capture_output=True, text=True, timeout=20)
        self.assertEqual(second.returncode, 1)
        self.assertIn('is in use by process %d' % pedia.child.pid, second.stderr)

    def test_only_the_holder_of_the_kubeconfig_is_let_in(self):
        members = self.fleet.members('--clusters', '1', '--world', 'none', '--pods', '1')
        pedia = self.fleet.pedia('--kubeconfig', members.kubeconfig)
        path = fleets.RESOURCES + '/api/v1/pods'
        self.assertEqual(pedia.request(path, token=False)[0], 401)
        self.assertEqual(pedia.request(path, {'Authorization': 'Bearer wrong'}, token=False)[0], 401)
        self.assertEqual(pedia.request('/healthz', token=False)[0], 200)
        self.assertEqual(stat.S_IMODE(os.stat(pedia.kubeconfig).st_mode), 0o600)
        printed = subprocess.run([fleets.PEDIA, 'kubeconfig', '--data-dir', pedia.data], capture_output=True, text=True, check=True).stdout
        self.assertEqual(json.loads(printed), pedia.config)

    def test_the_client_certificate_alone_is_enough(self):
        members = self.fleet.members('--clusters', '1', '--world', 'none', '--pods', '3')
        pedia = self.fleet.pedia('--kubeconfig', members.kubeconfig)
        config = json.loads(json.dumps(pedia.config))
        del config['users'][0]['user']['token']
        with open(pedia.kubeconfig, 'w', encoding='utf-8') as file:
            json.dump(config, file)
        self.assertEqual(len(pedia.kubectl('get', 'pods', '-A', '-o', 'name').splitlines()), 3)

    def test_a_removed_manifest_removes_the_cluster_and_its_rows(self):
        members = self.fleet.members('--names', 'one,two', '--world', 'none', '--pods', '10')
        config = members.config()
        folder = os.path.join(self.fleet.folder, 'clusters')
        os.mkdir(folder)
        for context in config['contexts']:
            one = dict(config, contexts=[context], **{'current-context': context['name']})
            write_manifest(folder, context['name'], one)
        pedia = self.fleet.pedia('--clusters', folder)
        self.assertEqual(len(pods(pedia)), 20)
        os.remove(os.path.join(folder, 'one.json'))
        fleets.wait_until(lambda: len(pods(pedia)) == 10, 'the rows of cluster one to go')
        self.assertEqual(pedia.request(fleets.RESOURCES + '/clusters/one/api/v1/pods')[0], 400)
        write_manifest(folder, 'one', dict(config, contexts=[c for c in config['contexts'] if c['name'] == 'one'], **{'current-context': 'one'}))
        fleets.wait_until(lambda: len(pods(pedia)) == 20, 'cluster one to come back')

    def test_stopping_is_quick_during_the_first_sync(self):
        members = self.fleet.members('--clusters', '3', '--world', 'none', '--pods', '20000')
        pedia = self.fleet.pedia('--kubeconfig', members.kubeconfig, wait_for_sync=False)
        fleets.wait_until(lambda: len(pedia.get(fleets.RESOURCES + '/api/v1/pods?limit=5').get('items') or []) == 5
                          if pedia.request(fleets.RESOURCES + '/api/v1/pods?limit=5')[0] == 200 else False, 'the first pods')
        pedia.stop(signal.SIGINT)
        self.assertEqual(pedia.child.returncode, 0)

    def assert_equal_to_members(self, pedia, members, clusters, collection):
        for cluster in clusters:
            want = fleets.member_objects(members, cluster, collection)
            self.assertGreater(len(want), 0)
            fleets.wait_until(lambda: fleets.pedia_objects(pedia, cluster, collection) == want, 'the store to equal ' + cluster)

    def test_killed_at_any_moment_it_ends_equal_to_the_members(self):
        members = self.fleet.members('--names', 'one,two', '--world', fleets.WORLD, '--pods', '2000', '--churn', '300')
        for milliseconds in (150, 400, 900, 1500):
            pedia = self.fleet.pedia('--kubeconfig', members.kubeconfig, wait_for_sync=False)
            with self.assertRaises(subprocess.TimeoutExpired):
                pedia.child.wait(milliseconds / 1000)
            pedia.stop(signal.SIGKILL)
        pedia = self.fleet.pedia('--kubeconfig', members.kubeconfig)
        for cluster in ('one', 'two'):
            members.control(cluster, '/__churn', {'rate': 0})
        self.assert_equal_to_members(pedia, members, ('one', 'two'), '/api/v1/pods')
        self.assert_equal_to_members(pedia, members, ('one', 'two'), '/apis/example.com/v1/widgets')

    def test_faults_of_a_member_end_in_a_store_equal_to_it(self):
        members = self.fleet.members('--names', 'one', '--world', 'none', '--pods', '1500', '--churn', '100', '--bookmark-ms', '300')
        # Few of them: each failure of a list doubles the time to the next. Every kind has its test in tests/synchro, with short times.
        for fault in ({'fault': 'status', 'request': 'list', 'code': 429, 'retryAfter': 1, 'count': 1},
                      {'fault': 'expire', 'request': 'list', 'continueOnly': True, 'count': 1},
                      {'fault': 'truncate', 'request': 'list', 'afterBytes': 200000, 'count': 1},
                      {'fault': 'drop', 'request': 'list', 'afterBytes': 100000, 'count': 1}):
            members.control('one', '/__faults', dict(fault, path='/api/v1/pods'))
        pedia = self.fleet.pedia('--kubeconfig', members.kubeconfig)
        for how in ('close', 'drop', 'expire', 'error', 'truncate', 'garbage'):
            members.control('one', '/__watches', {'break': how, 'path': '/api/v1/pods'})
            before = len(pedia.get(fleets.RESOURCES + '/api/v1/pods')['items'])
            self.assertGreater(before, 1000, 'a broken watch must not remove objects: ' + how)
        members.control('one', '/__world', {'compact': True})
        members.control('one', '/__churn', {'rate': 0})
        members.control('one', '/__refuse', {'ms': 1500})
        fleets.wait_until(lambda: self.answers(members, 'one'), 'the member to listen again')
        self.assert_equal_to_members(pedia, members, ('one',), '/api/v1/pods')

    @staticmethod
    def answers(members, cluster):
        try:
            members.control(cluster, '/__faults', method='GET')
            return True
        except OSError:
            return False

    def test_usage_errors_are_clear(self):
        for arguments, text in ((['standalone', '--kubeconfig', '/nonexistent'], '/nonexistent'), (['standalone', '--bogus'], '--bogus'), ([], 'subcommand')):
            done = subprocess.run([fleets.PEDIA, *arguments], capture_output=True, text=True, timeout=20)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(text, done.stdout + done.stderr)
        for arguments in (['--help'], ['standalone', '--help'], ['kubeconfig', '--help'], ['version']):
            self.assertEqual(subprocess.run([fleets.PEDIA, *arguments], capture_output=True, timeout=20).returncode, 0)


def write_manifest(folder, name, kubeconfig):
    import base64
    spec = {'kubeconfig': base64.b64encode(json.dumps(kubeconfig).encode()).decode(), 'syncResources': [{'group': '', 'resources': ['pods']}]}
    with open(os.path.join(folder, name + '.json'), 'w', encoding='utf-8') as file:
        json.dump({'apiVersion': 'cluster.clusterpedia.io/v1alpha2', 'kind': 'PediaCluster', 'metadata': {'name': name}, 'spec': spec}, file)


if __name__ == '__main__':
    unittest.main()
