"""Two more real clients against pedia: the Kubernetes clients for Node.js and for Python list and page over the whole fleet, and walk all of it."""
import json
import math
import os
import subprocess
import threading
import unittest

import fleet as fleets

PROGRAMS = os.path.join(fleets.ROOT, 'tests', 'e2e', 'clients')
TOOLS = os.path.join(fleets.ROOT, 'build', 'tools', 'client-node')
SECONDS = 60  # For one answer.
CLUSTERS = ('berlin', 'lagos', 'quito')


class Client:
    """A program that reads questions and writes answers, a line each."""

    def __init__(self, name, *command):
        self.name = name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, asked):
        watchdog = threading.Timer(SECONDS, self.process.kill)
        watchdog.start()
        try:
            self.process.stdin.write(json.dumps(asked) + '\n')
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline() or '{"error": "the client has ended"}')
        finally:
            watchdog.cancel()

    def close(self):
        self.process.kill()
        self.process.communicate()


class ClientsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fleet = fleets.Fleet()
        cls.addClassCleanup(cls.fleet.close)
        cls.members = cls.fleet.members('--names', ','.join(CLUSTERS), '--world', fleets.WORLD, '--pods', '400')
        cls.pedia = cls.fleet.pedia('--kubeconfig', cls.members.kubeconfig, '--sync', '*', '--skip', 'none')
        cls.clients = [
            Client('node', 'node', os.path.join(PROGRAMS, 'list_objects.mjs'), cls.pedia.kubeconfig, TOOLS),
            # Debian's own Python is the one that has Debian's python3-kubernetes.
            Client('python', '/usr/bin/python3', os.path.join(PROGRAMS, 'list_objects.py'), cls.pedia.kubeconfig),
        ]
        for client in cls.clients:
            cls.addClassCleanup(client.close)

    def names(self, path, chosen=lambda item: True):
        """What the members themselves have, in pedia's default order."""
        return [cluster + '/' + name for cluster in CLUSTERS
                for name, item in sorted(fleets.member_objects(self.members, cluster, path).items(), key=lambda pair: pair[0].split('/')) if chosen(item)]

    def expect(self, wanted, **asked):
        self.assertGreater(len(wanted), asked['limit'])
        for client in self.clients:
            with self.subTest(client=client.name):
                seen = client.ask(asked)
                self.assertNotIn('error', seen)
                self.assertEqual(seen['names'], wanted)
                self.assertEqual(seen['pages'], math.ceil(len(wanted) / asked['limit']))

    def test_every_pod_of_the_fleet_is_seen_once(self):
        self.expect(self.names('/api/v1/pods'), kind='Pod', limit=100)

    def test_a_last_page_that_is_full_is_the_last(self):
        wanted = self.names('/api/v1/pods')
        self.assertEqual(len(wanted) % 99, 0)
        self.expect(wanted, kind='Pod', limit=99)

    def test_label_and_field_selectors_page_too(self):
        chosen = self.names('/api/v1/pods', lambda pod: pod['metadata'].get('labels', {}).get('app') == 'web')
        self.expect(chosen, kind='Pod', limit=3, labelSelector='app=web')
        chosen = self.names('/api/v1/pods', lambda pod: pod.get('status', {}).get('phase') != 'Running')
        self.expect(chosen, kind='Pod', limit=10, fieldSelector='status.phase!=Running')

    def test_search_labels_go_through_any_client(self):
        wanted = [name for name in self.names('/api/v1/pods') if name.startswith(('quito/', 'berlin/'))]
        self.expect(wanted, kind='Pod', limit=200, labelSelector='search.clusterpedia.io/clusters in (berlin,quito)')

    def test_objects_that_are_known_by_discovery(self):
        self.expect(self.names('/apis/apps/v1/deployments'), apiVersion='apps/v1', kind='Deployment', limit=7)

    def test_custom_resources(self):
        self.expect(self.names('/apis/example.com/v1/widgets'), apiVersion='example.com/v1', plural='widgets', limit=5)

    def counts(self, clusters):
        """{group version/resource: how many} of all that the members serve, and can watch."""
        dumps = {cluster: self.members.control(cluster, '/__dump', method='GET') for cluster in clusters}
        found = {}
        for served in self.members.served('lagos'):
            group_version = served['groupVersion']
            for resource in served['resources']:
                if {'list', 'watch'} <= set(resource['verbs']):
                    name = '%s/%s' % (group_version, resource['name'])
                    path = ('/apis/' if '/' in group_version else '/api/') + name
                    found[name] = sum(len(fleets.of_collection(dump, cluster, path)) for cluster, dump in dumps.items())
        return found

    def test_all_that_discovery_shows_can_be_listed(self):
        for context, clusters in ((self.pedia.config['current-context'], CLUSTERS), ('lagos', ('lagos',))):
            wanted = self.counts(clusters)
            self.assertGreater(len(wanted), 50)
            for client in self.clients:
                with self.subTest(client=client.name, context=context):
                    self.assertEqual(client.ask({'walk': context}), {'counts': wanted})

    def test_every_typed_list_can_be_read(self):
        by_kind = {}
        for name, count in self.counts(CLUSTERS).items():
            by_kind.setdefault(name.rsplit('/', 1)[1], []).append(count)
        for client in self.clients:
            with self.subTest(client=client.name):
                found = client.ask({'typed': self.pedia.config['current-context']})
                # This library takes no event of the group events.k8s.io without a time of its own.
                self.assertEqual([error for error in found['errors'] if not error.startswith('EventsV1Api.list_event')], [])
                self.assertGreater(len(found['counts']), 40)
                for name, count in found['counts'].items():
                    kind = name.split('/')[1]
                    self.assertTrue(any(count in counts for resource, counts in by_kind.items()
                                        if resource in (kind + 's', kind + 'es', kind[:-1] + 'ies', kind)), (name, count))


if __name__ == '__main__':
    unittest.main()
