"""Two more real clients against pedia: the Kubernetes clients for Node.js and for Python list and page over the whole fleet."""
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
        cls.members = cls.fleet.members('--names', 'berlin,lagos,quito', '--world', fleets.WORLD, '--pods', '400')
        cls.pedia = cls.fleet.pedia('--kubeconfig', cls.members.kubeconfig)
        cls.clients = [
            Client('node', 'node', os.path.join(PROGRAMS, 'list_objects.mjs'), cls.pedia.kubeconfig, TOOLS),
            # Debian's own Python is the one that has Debian's python3-kubernetes.
            Client('python', '/usr/bin/python3', os.path.join(PROGRAMS, 'list_objects.py'), cls.pedia.kubeconfig),
        ]
        for client in cls.clients:
            cls.addClassCleanup(client.close)

    def names(self, path, chosen=lambda item: True):
        """What the members themselves have, in pedia's default order."""
        return [cluster + '/' + name for cluster in ('berlin', 'lagos', 'quito')
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


if __name__ == '__main__':
    unittest.main()
