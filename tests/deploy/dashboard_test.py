"""The Grafana dashboard shows metrics that pedia really has."""
import glob
import json
import os
import re
import unittest

import manifests

# Ours, of everything that stands in an expression: labels and functions have other names.
METRIC = re.compile(r'\b(?:pedia|apiserver|clustersynchro|storage)_[a-z0-9_]+')


def known_metrics():
    """The names that pedia's sources give to metrics."""
    names = set()
    for path in glob.glob(os.path.join(manifests.ROOT, '*', '*.cc')):
        with open(path) as file:
            names |= set(re.findall(r'"(%s)"' % METRIC.pattern.replace(r'\b', ''), file.read()))
    return names


class DashboardTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(os.path.join(manifests.DEPLOY, 'dashboards', 'pedia.json')) as file:
            cls.dashboard = json.load(file)
        cls.expressions = [target['expr'] for panel in cls.dashboard['panels'] for target in panel.get('targets', [])]

    def test_every_metric_is_one_of_pedias(self):
        used = {re.sub(r'_(bucket|sum|count)$', '', name) for expression in self.expressions for name in METRIC.findall(expression)}
        self.assertGreater(len(used), 10)
        self.assertEqual(set(), used - known_metrics())

    def test_every_expression_is_about_a_metric_and_closes_what_it_opens(self):
        for expression in self.expressions:
            with self.subTest(expression):
                self.assertRegex(expression, METRIC)
                for opening, closing in ('()', '[]', '{}'):
                    self.assertEqual(expression.count(opening), expression.count(closing))

    def test_panels_do_not_overlap(self):
        places = set()
        for panel in self.dashboard['panels']:
            place = panel['gridPos']
            self.assertLessEqual(place['x'] + place['w'], 24)
            cells = {(x, y) for x in range(place['x'], place['x'] + place['w']) for y in range(place['y'], place['y'] + place['h'])}
            self.assertFalse(cells & places, panel['title'])
            places |= cells
        identities = [panel['id'] for panel in self.dashboard['panels']]
        self.assertEqual(len(identities), len(set(identities)))


if __name__ == '__main__':
    unittest.main()
