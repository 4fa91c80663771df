"""The read set: what each kind of request costs, beside what it is measured against."""
import json
import os
import subprocess
import time
import urllib.parse

from bench_servers import PROGRAMS, cpu_seconds, fleets, forget_peak, memory_mb

PODS = '/api/v1/pods'
TABLE = 'Accept: application/json;as=Table;v=v1;g=meta.k8s.io'
PARTIAL = 'Accept: application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'
# Requests a second wanted where pgbench does this many transactions a second.
TARGET_TPS = 27000


class Row:
    """A line of the table: a name, a path below .../resources, headers, how many items it must give."""

    def __init__(self, name, path, headers=(), items=None, target=None, gzip=False, requests=None, connections=4):
        self.name, self.path, self.headers, self.items, self.target = name, path, headers, items, target
        self.gzip, self.requests, self.connections = gzip, requests, connections


def query(**parameters):
    return PODS + '?' + urllib.parse.urlencode({key.rstrip('_'): value for key, value in parameters.items()})


def deep_token(pedia, pods):
    """The continue token of the page at 90 %."""
    token, page = '', 5000
    for _ in range(pods * 9 // 10 // page):
        answer = pedia.get(fleets.RESOURCES + query(limit=page, **({'continue': token} if token else {})), Accept=PARTIAL.split(': ')[1])
        token = answer['metadata']['continue']
    return token


def read_set(bench):
    pedia, pods = bench.pedia, bench.options.pods
    long_lists = max(1, 300000 // pods)
    first = pedia.get(fleets.RESOURCES + PODS + '?limit=1')['items'][0]
    pod = '/clusters/member-1/api/v1/namespaces/%s/pods/%s' % (first['metadata']['namespace'], first['metadata']['name'])
    replica_set = first['metadata']['ownerReferences'][0]['name']
    owners = pedia.get(fleets.RESOURCES + '/clusters/member-1/apis/apps/v1/namespaces/%s/replicasets/%s' % (first['metadata']['namespace'], replica_set))
    deployment = owners['metadata']['ownerReferences'][0]['uid']
    owner = {'labelSelector': 'search.clusterpedia.io/owner-uid=%s,search.clusterpedia.io/owner-seniority=1' % deployment, 'limit': 50}
    # A value that one pod has, of a field that has no index.
    ids = 'status.containerStatuses[].containerID=' + first['status']['containerStatuses'][0]['containerID']
    node = first['spec']['nodeName']
    return [
        Row('get', pod, items=1),
        Row('limit=50', query(limit=50), items=50, target=2500),
        Row('limit=500', query(limit=500), items=500, target=280),
        Row('limit=500, at 90 %', query(limit=500, **{'continue': deep_token(pedia, pods)}), items=500, target=280),
        Row('limit=500, gzip', query(limit=500), items=500, gzip=True),
        Row('label 0.1 %, limit=500', query(limit=500, labelSelector='canary=true')),
        Row('label 33 %, limit=500', query(limit=500, labelSelector='env=dev'), items=500),
        Row('label, no match', query(limit=500, labelSelector='canary=never'), items=0, target=4000),
        Row('team 10 % + env 33 %, limit=500', query(limit=500, labelSelector='team=shop,env=dev'), items=500 if pods >= 20000 else None, target=250),
        Row('env 33 % + team 10 %, limit=500', query(limit=500, labelSelector='env=dev,team=shop'), items=500 if pods >= 20000 else None, target=250),
        Row('spec.nodeName, limit=50', query(limit=50, fieldSelector='spec.nodeName=' + node), target=2000),
        Row('field without index (scan)', query(limit=50, fieldSelector=ids), items=1, requests=long_lists, connections=1),
        Row('order by name, limit=50', query(limit=50, orderby='name'), items=50),
        Row('order by created desc, limit=50', query(limit=50, orderby='created_at desc'), items=50, target=2000),
        Row('order by nodeName, limit=50', query(limit=50, orderby='.spec.nodeName'), items=50),
        Row('created desc + label 33 %', query(limit=50, orderby='created_at desc', labelSelector='env=dev'), items=50),
        Row('created desc + node, few', query(limit=50, orderby='created_at desc', fieldSelector='spec.nodeName=' + node)),
        Row('created desc + team 10 %', query(limit=50, orderby='created_at desc', labelSelector='team=shop'), items=50),
        Row('labels that never meet', query(limit=500, labelSelector='team=shop,team=data'), items=0),
        Row('name contains', query(limit=50, labelSelector='search.clusterpedia.io/fuzzy-name=' + first['metadata']['name'][-5:])),
        Row('owner, two levels', '/clusters/member-1' + PODS + '?' + urllib.parse.urlencode(owner), items=10),
        Row('Table, limit=500', query(limit=500), headers=[TABLE], items=500, target=220),
        Row('PartialObjectMetadata, limit=500', query(limit=500), headers=[PARTIAL], items=500),
        Row('facets namespace, phase', query(limit=1, facets='namespace,.status.phase')),
        Row('remaining count, label 33 %', query(limit=1, labelSelector='env=dev', withRemainingCount='true')),
        Row('remaining count, two labels', query(limit=1, labelSelector='env=dev,team=shop', withRemainingCount='true')),
        Row('full list', query(), requests=long_lists, connections=1),
        Row('full list, gzip', query(), gzip=True, requests=long_lists, connections=1),
        Row('10 full lists at once', query(), requests=10, connections=10),
    ]


def load(bench, row, seconds):
    token = bench.pedia.config['users'][0]['user']['token']
    command = [os.path.join(PROGRAMS, 'http_load'), bench.pedia.url + fleets.RESOURCES + row.path, '--header', 'Authorization: Bearer ' + token,
               '--connections', str(row.connections)]
    command += ['--requests', str(row.requests)] if row.requests else ['--seconds', str(seconds)]
    for header in row.headers:
        command += ['--header', header]
    command += ['--items', str(row.items)] if row.items is not None else []
    command += ['--gzip'] if row.gzip else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError('%s: %s' % (row.name, done.stderr[:500]))
    return json.loads(done.stdout)


class Cost:
    """What pedia and the database have used between two moments."""

    def __init__(self, bench):
        self.bench = bench
        self.now = self.counters()

    def counters(self):
        child = self.bench.server.child
        return [cpu_seconds(self.bench.pedia.child.pid), cpu_seconds(child.pid) if child else 0, self.bench.server.buffers()]

    def per(self, requests):
        return [(after - before) / max(requests, 1) for before, after in zip(self.now, self.counters())]


def measure_row(bench, row, say):
    pid = bench.pedia.child.pid
    tps = bench.reference.tps()
    if not row.requests:
        load(bench, row, 1.2)  # Also makes the database tell what it did before.
    before = memory_mb(pid, 'VmRSS')
    forget_peak(pid)
    cost = Cost(bench)
    result = load(bench, row, bench.options.seconds)
    requests = result['requests'] + (1 if not row.requests or row.items is not None else 0)  # The first one is checked.
    cpu, database_cpu, buffers = cost.per(requests)
    target = '%8.0f %5.2f' % (row.target * tps / TARGET_TPS, result['per_second'] / (row.target * tps / TARGET_TPS)) if row.target else ' ' * 14
    bench.figures[row.name] = {'pedia ms': cpu * 1000, 'DB ms': database_cpu * 1000, 'buffers': buffers, 'p50 ms': result['p50_ms']}
    say('%-33s %9.1f %9.2f %9.2f %8.1f %9.2f %9.2f %9.0f %7.1f %7.0f %s' % (
        row.name, result['per_second'], result['p50_ms'], result['p99_ms'], result['mb_per_second'], cpu * 1000, database_cpu * 1000, buffers,
        max(memory_mb(pid, 'VmHWM') - before, 0), tps, target))
    return result


def compare(figures, reference, say):
    """Beside the figures of another run, of a smaller world most often."""
    say('%-33s %26s %26s %26s' % ('read: there, here, ratio', 'CPU ms, pedia and DB', 'buffers', 'p50 ms'))
    for name, here in figures.items():
        there = reference.get(name)
        if not there:
            continue
        columns = [[f['pedia ms'] + f['DB ms'] for f in (there, here)]] + [[f[key] for f in (there, here)] for key in ('buffers', 'p50 ms')]
        say('%-33s %s' % (name, ' '.join('%9.2f %9.2f %6.2f' % (before, after, after / before if before else 0) for before, after in columns)))


def measure(bench, say):
    bench.server.settle()
    time.sleep(2)
    say('%-33s %9s %9s %9s %8s %9s %9s %9s %7s %7s %8s %5s' % (
        'read', 'req/s', 'p50 ms', 'p99 ms', 'MB/s', 'pedia ms', 'DB ms', 'buffers', 'RSS MB', 'pgbench', 'target', 'ratio'))
    results = {}
    for row in read_set(bench):
        if bench.options.only in row.name:
            results[row.name] = measure_row(bench, row, say)
    raw_pages(bench, results, say)
    raw_lists(bench, results, say)


def raw_pages(bench, results, say):
    if 'limit=500' not in results:
        return
    if bench.server.name == 'SQLite':
        pages = bench.server.raw('page', 501, 500)[0]
    else:
        pages = bench.server.raw('page', 501, 3)[0]
    say('raw page of 501 bodies, one connection: %.1f/s; limit=500 over 4 connections %.2f of it' % (pages, results['limit=500']['per_second'] / pages))


def raw_lists(bench, results, say):
    """The criterion of a full list: it is as fast as the read of the same rows by the database's own library, or nearly."""
    if 'full list' not in results:
        return
    ours = bench.options.pods * results['full list']['per_second']
    again = bench.options.pods * load(bench, Row('full list', query(), requests=2, connections=1), 1)['per_second']
    rows, megabytes = (bench.server.raw('read') + [0])[:2]
    decoded = bench.server.raw('decode')[0]
    say('raw read of the same rows: %.0f rows/s (%.0f MB/s of JSON), decoded %.0f rows/s; full list over TLS %.0f and %.0f objects/s: %.2f of the raw read, %.2f decoded'
        % (rows, megabytes, decoded, ours, again, max(ours, again) / rows, max(ours, again) / decoded))
