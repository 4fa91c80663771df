"""What users do with kubectl against pedia, with an old and a new kubectl, over three good and two broken contexts."""
import functools
import json
import re
import unittest

import fleet as fleets



def add_broken_contexts(config):
    """Adds a cluster that refuses connections, and a context without a cluster."""
    document = json.loads(json.dumps(config))
    document['clusters'].append({'name': 'unreachable', 'cluster': {'server': 'https://127.0.0.1:1'}})
    document['users'].append({'name': 'nobody', 'user': {'token': 'x'}})
    document['contexts'].append({'name': 'unreachable', 'context': {'cluster': 'unreachable', 'user': 'nobody'}})
    document['contexts'].append({'name': 'incomplete', 'context': {'cluster': 'not-defined', 'user': 'nobody'}})
    return json.dumps(document)


class KubectlTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fleet = fleets.Fleet()
        cls.addClassCleanup(cls.fleet.close)
        cls.members = cls.fleet.members('--names', 'berlin,lagos,quito', '--world', fleets.WORLD, '--pods', '400')
        config = add_broken_contexts(cls.members.config())
        with open(cls.members.kubeconfig, 'w', encoding='utf-8') as file:
            file.write(config)
        cls.pedia = cls.fleet.pedia('--kubeconfig', cls.members.kubeconfig)

    def each_kubectl(self):
        """A function that runs kubectl, once for each of the two."""
        for binary in (fleets.OLD_KUBECTL, fleets.NEW_KUBECTL):
            yield functools.partial(self.pedia.kubectl, binary=binary)

    def test_get_prints_the_cluster_first(self):
        for kubectl in self.each_kubectl():
            lines = kubectl('get', 'deployments', '-n', 'team-a', '-l', 'app=web').splitlines()
            self.assertRegex(lines[0], r'^CLUSTER +NAME +READY +UP-TO-DATE +AVAILABLE +AGE$')
            self.assertEqual([line.split()[:2] for line in lines[1:]], [['berlin', 'web'], ['lagos', 'web'], ['quito', 'web']])

    def test_all_namespaces_shows_the_namespace(self):
        for kubectl in self.each_kubectl():
            lines = kubectl('get', 'pods', '-A', '-l', 'app=web').splitlines()
            self.assertRegex(lines[0], r'^NAMESPACE +CLUSTER +NAME +READY +STATUS +RESTARTS +AGE$')
            self.assertEqual(len({line.split()[1] for line in lines[1:]}), 3)

    def test_wide_has_more_columns(self):
        for kubectl in self.each_kubectl():
            self.assertRegex(kubectl('get', 'nodes', '-o', 'wide').splitlines()[0], r'INTERNAL-IP +EXTERNAL-IP +OS-IMAGE +KERNEL-VERSION +CONTAINER-RUNTIME$')

    def test_chunks_bring_every_row_once(self):
        for kubectl in self.each_kubectl():
            whole = kubectl('get', 'pods', '-A', '-o', 'name', '--chunk-size=0').splitlines()
            self.assertEqual(len(whole), 3 * (95 + 400))
            self.assertEqual(kubectl('get', 'pods', '-A', '-o', 'name', '--chunk-size=97').splitlines(), whole)
            self.assertEqual(kubectl('get', 'pods', '-A', '-o', 'name').splitlines(), whole)

    def test_every_output_format(self):
        for kubectl in self.each_kubectl():
            names = kubectl('get', 'po', '-A', '-o', 'jsonpath={.items[*].metadata.name}').split()
            self.assertEqual(len(names), 3 * (95 + 400))
            self.assertIn('kind: Deployment', kubectl('get', 'deploy.apps', 'web', '-n', 'team-a', '-o', 'yaml', context='berlin'))
            self.assertIn('shadow.clusterpedia.io/cluster-name: berlin', kubectl('get', 'deploy', 'web', '-n', 'team-a', '-o', 'yaml', context='berlin'))
            self.assertEqual(json.loads(kubectl('get', 'node', 'lagos-node-1', '-o', 'json', context='lagos'))['kind'], 'Node')

    def test_short_names_and_custom_resources(self):
        for kubectl in self.each_kubectl():
            self.assertEqual(kubectl('get', 'wi', '-A', '-o', 'name'), kubectl('get', 'widgets.example.com', '-A', '-o', 'name'))
            self.assertEqual(len(kubectl('get', 'wi', '-A', '-o', 'name').splitlines()), 3 * 18)
            self.assertRegex(kubectl('get', 'wi', '-n', 'team-a').splitlines()[0], '^CLUSTER +NAME ')

    def test_api_resources_lists_what_is_synced(self):
        for kubectl in self.each_kubectl():
            table = kubectl('api-resources')
            self.assertRegex(table, r'(?m)^pods +po +v1 +true +Pod$')
            self.assertRegex(table, r'(?m)^widgets +wi +example.com/v1 +true +Widget$')
            self.assertNotRegex(table, r'(?m)^secrets ')

    def test_one_cluster_by_context(self):
        for kubectl in self.each_kubectl():
            lines = kubectl('get', 'deployments', '-A', context='quito').splitlines()[1:]
            self.assertEqual({line.split()[1] for line in lines}, {'quito'})

    def test_search_labels_choose_and_order(self):
        for kubectl in self.each_kubectl():
            lines = kubectl('get', 'deployments', '-n', 'team-a', '--no-headers', '-l',
                            'search.clusterpedia.io/clusters in (berlin,quito),search.clusterpedia.io/orderby=name_desc').splitlines()
            names = [line.split()[1] for line in lines]
            self.assertEqual({line.split()[0] for line in lines}, {'berlin', 'quito'})
            self.assertEqual(names, sorted(names, reverse=True))

    def test_errors_say_what_was_wrong(self):
        for kubectl in self.each_kubectl():
            self.assertIn('please specify the cluster name', kubectl('get', 'pod', 'x', '-n', 'team-a', check=False))
            self.assertIn('pods "x" not found', kubectl('get', 'pod', 'x', '-n', 'team-a', context='berlin', check=False))
            self.assertIn('doesn\'t have a resource type "nonsense"', kubectl('get', 'nonsense', check=False))
            self.assertIn('unable to parse requirement', kubectl('get', 'pods', '-l', 'a b', check=False))
            self.assertIn('does not allow this method', kubectl('delete', 'pod', 'x', '-n', 'team-a', '--wait=false', context='berlin', check=False))

    def test_broken_contexts_are_named_and_do_no_harm(self):
        log = self.pedia.output()
        self.assertRegex(log, r"context 'incomplete' cannot be used: .*not-defined")
        self.assertRegex(log, r'unreachable: .*(refused|connect)')
        self.assertIn('CLUSTER', self.pedia.kubectl('get', 'pods', '-A'))

    def test_what_may_be_missing_is_told(self):
        lost = 'clusters? (is|are) not ready and the resources obtained may be inaccurate: .*unreachable \\(NotReachable\\)\n$'
        for binary in (fleets.OLD_KUBECTL, fleets.NEW_KUBECTL):
            kubectl = functools.partial(self.pedia.run_kubectl, binary=binary)
            for arguments in (('pods', '-A', '--chunk-size=100'), ('wi', '-A', '-o', 'name')):
                done = kubectl('get', *arguments)
                self.assertEqual(done.returncode, 0)
                self.assertRegex(done.stderr, '^Warning: [12] of [45] ' + lost)
            self.assertEqual(kubectl('get', 'pods', '-A', context='berlin').stderr, '')
            self.assertIn('Warning: unreachable is not ready', kubectl('get', 'pods', '-A', context='unreachable').stderr)
            done = kubectl('get', 'pods', '-A', '-l', 'search.clusterpedia.io/clusters in (berlin,nowhere)')
            self.assertEqual(done.stderr, 'Warning: unknown cluster "nowhere"\n')
            self.assertEqual({line.split()[1] for line in done.stdout.splitlines()[1:]}, {'berlin'})

    def test_tables_have_the_columns_that_all_clusters_define(self):
        path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com'
        before = self.members.request('quito', path)
        self.addCleanup(self.members.request, 'quito', path, before, 'PUT')
        changed = json.loads(json.dumps(before))
        for version in changed['spec']['versions']:
            version['additionalPrinterColumns'] = [{'name': 'Hue', 'type': 'string', 'jsonPath': '.spec.color'},
                                                   {'name': 'Color', 'type': 'string', 'jsonPath': '.spec.hidden'}]
        self.members.request('quito', path, changed, 'PUT')

        def table(context=None):
            return self.pedia.kubectl('get', 'wi', '-n', 'team-a', context=context).splitlines()
        fleets.wait_until(lambda: re.match(r'^CLUSTER +NAME +COLOR$', table()[0]), 'the common columns', 40)
        cells = [line.split() for line in table()]
        self.assertIn(['berlin', 'w-0', 'red'], cells)
        self.assertIn(['quito', 'w-0', 'h0'], cells)
        self.assertRegex(table('berlin')[0], r'^CLUSTER +NAME +SIZE +COLOR +AGE$')
        self.assertRegex(table('quito')[0], r'^CLUSTER +NAME +HUE +COLOR$')

    def test_a_table_row_is_what_the_member_prints(self):
        member = self.pedia.kubectl('get', 'deployments', '-n', 'team-a', '--no-headers', context='berlin')
        for line in member.splitlines():
            self.assertTrue(re.match(r'^berlin +\S+ +\d+/\d+ +\d+ +\d+ +\S+$', line), line)


if __name__ == '__main__':
    unittest.main()
