"""The write set: first sync, restart, churn, a burst."""
import http.client
import json
import ssl
import time
import urllib.parse

from bench_servers import cpu_seconds, fleets, memory_mb

PROBES = 150


def database_cpu(bench):
    return cpu_seconds(bench.server.child.pid) if bench.server.child else 0


def counter(bench, *names):
    metrics = bench.pedia.request('/metrics')[2].decode()
    return sum(float(line.split()[-1]) for line in metrics.splitlines() if line.startswith(tuple('pedia_sync_%s_total' % name for name in names)))


def written(bench):
    return counter(bench, 'inserted', 'updated', 'deleted')


def idle_memory(bench):
    """RSS of a pedia, on SQLite, that has synced as many clusters without objects."""
    fleet = fleets.Fleet()
    try:
        members = fleet.members('--clusters', str(bench.options.clusters), '--world', 'none')
        idle = fleet.pedia('--kubeconfig', members.kubeconfig)
        return memory_mb(idle.child.pid, 'VmRSS')
    finally:
        fleet.close()


def say_memory(bench, idle, when, say):
    memory = memory_mb(bench.pedia.child.pid, 'VmRSS')
    say('memory after the %s: RSS %.0f MB, peak %.0f; %.0f idle; %.0f bytes an object'
        % (when, memory, memory_mb(bench.pedia.child.pid, 'VmHWM'), idle, (memory - idle) * 1e6 / bench.objects))


def first_sync(bench, say):
    bench.idle = idle_memory(bench)
    before = [database_cpu(bench), cpu_seconds(bench.members.child.pid)]
    seconds = bench.start_pedia()
    pid = bench.pedia.child.pid
    bench.objects = objects = counter(bench, 'inserted')
    say_memory(bench, bench.idle, 'first sync', say)
    used = [cpu_seconds(pid), database_cpu(bench) - before[0], cpu_seconds(bench.members.child.pid) - before[1]]
    pod = json.dumps(bench.pedia.get(fleets.RESOURCES + '/api/v1/pods?limit=1')['items'][0])
    single = bench.server.single_row_statements(pod)
    say('first sync: %.0f objects in %.1f s = %.0f objects/s; CPU s: pedia %.1f, database %.1f, members %.1f; peak RSS %.0f MB; database %.0f MB | '
        'single-row statements %.0f/s, ratio %.1f'
        % (objects, seconds, objects / seconds, *used, memory_mb(pid, 'VmHWM'), bench.server.size_mb(), single, objects / seconds / single))


def restart(bench, say):
    bench.pedia.stop()
    before = database_cpu(bench)
    seconds = bench.start_pedia()
    say('restart: %.1f s, CPU s: pedia %.1f, database %.1f; peak RSS %.0f MB, %d writes'
        % (seconds, cpu_seconds(bench.pedia.child.pid), database_cpu(bench) - before, memory_mb(bench.pedia.child.pid, 'VmHWM'), written(bench)))
    say_memory(bench, bench.idle, 'restart', say)


class Client:
    """One kept-alive connection."""

    def __init__(self, url, token):
        place = urllib.parse.urlsplit(url)
        # Our own servers on loopback: there is nothing to verify.
        if place.scheme == 'https':
            self.connection = http.client.HTTPSConnection(place.hostname, place.port, context=ssl._create_unverified_context(), timeout=60)
        else:
            self.connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
        self.headers = {'Authorization': 'Bearer ' + token}

    def ask(self, method, path, body=None):
        self.connection.request(method, path, body=body, headers=self.headers)
        response = self.connection.getresponse()
        return response.status, response.read()


class Probe:
    """A pod of its own that changes, and is looked for in pedia until the change is there."""

    def __init__(self, bench):
        line = [line for line in bench.members.output().splitlines() if line.startswith('member-1 ')][0].split()
        self.member = Client(line[1], line[2].removeprefix('token='))
        self.pedia = Client(bench.pedia.url, bench.pedia.config['users'][0]['user']['token'])
        self.space = '/api/v1/namespaces/shop/pods'
        self.number = 0
        self.put('POST', self.space)

    def put(self, method, path):
        pod = {'apiVersion': 'v1', 'kind': 'Pod', 'metadata': {'name': 'probe', 'namespace': 'shop', 'labels': {'probe': str(self.number)}},
               'spec': {'containers': [{'name': 'app', 'image': 'app'}]}}
        status, body = self.member.ask(method, path, json.dumps(pod))
        assert status in (200, 201, 409), body

    def latency(self):
        self.number += 1
        self.put('PUT', self.space + '/probe')
        start = time.monotonic()
        wanted = ('"probe":"%d"' % self.number).encode()
        while True:
            body = self.pedia.ask('GET', fleets.RESOURCES + '/clusters/member-1' + self.space + '/probe')[1]
            if wanted in body:
                return time.monotonic() - start
            if time.monotonic() - start > 120:
                raise TimeoutError('a change never became visible')
            time.sleep(0.002)


def names(bench):
    return ['member-%d' % (i + 1) for i in range(bench.options.clusters)]


def churn(bench, rate, say):
    probe = Probe(bench)
    for name in names(bench):
        bench.members.control(name, '/__churn', {'rate': rate / bench.options.clusters})
    time.sleep(2)
    start, before = time.monotonic(), [written(bench), cpu_seconds(bench.pedia.child.pid), database_cpu(bench)]
    latencies = []
    while len(latencies) < PROBES and time.monotonic() - start < 60:
        latencies.append(probe.latency() * 1000)
        time.sleep(0.05)
    seconds = time.monotonic() - start
    after = [written(bench), cpu_seconds(bench.pedia.child.pid), database_cpu(bench)]
    for name in names(bench):
        bench.members.control(name, '/__churn', {'rate': 0})
    latencies.sort()
    say('churn %5d/s: %5.0f changes/s written, event to visible p50 %.0f ms, p99 %.0f ms (%d probes); of a core: pedia %.0f %%, database %.0f %%'
        % (rate, (after[0] - before[0]) / seconds, latencies[len(latencies) // 2], latencies[min(len(latencies) - 1, len(latencies) * 99 // 100)], len(latencies),
           (after[1] - before[1]) / seconds * 100, (after[2] - before[2]) / seconds * 100))


def burst(bench, say):
    before = [written(bench), cpu_seconds(bench.pedia.child.pid), database_cpu(bench)]
    start = time.monotonic()
    for name in names(bench):
        bench.members.control(name, '/__churn', {'update_all': True})
    made = time.monotonic() - start
    fleets.wait_until(lambda: written(bench) - before[0] >= bench.options.pods * 0.99, 'the burst to be written', 1800)
    seconds = time.monotonic() - start
    say('burst of an update of every pod: made in %.1f s, written in %.1f s = %.0f objects/s; CPU s: pedia %.1f, database %.1f; peak RSS %.0f MB; database %.0f MB'
        % (made, seconds, bench.options.pods / seconds, cpu_seconds(bench.pedia.child.pid) - before[1], database_cpu(bench) - before[2],
           memory_mb(bench.pedia.child.pid, 'VmHWM'), bench.server.size_mb()))


def changes(bench, say):
    restart(bench, say)
    for rate in (0, 500, 2000):
        churn(bench, rate, say)
    burst(bench, say)
