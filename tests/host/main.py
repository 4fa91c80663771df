"""The simulator of a management cluster: a kube-apiserver with storage, RBAC and the aggregation layer, on 127.0.0.1, by Python alone. It shares no code with
pedia. Prints one line of JSON when it serves, and ends with its standard input if told so.

    python3 tests/host/main.py --folder /tmp/host
    kubectl --kubeconfig /tmp/host/admin.kubeconfig get namespaces"""
import argparse
import asyncio
import json
import os
import re
import signal
import ssl
import sys
import tempfile

import identity
import seed
import wire
from api import Host
from certificates import Authority
from faults import Faults
from rbac import User


class Process:
    """The host with its certificates, its listeners and its users' kubeconfigs."""

    def __init__(self, options):
        self.options = options
        self.folder = options.folder or tempfile.mkdtemp(prefix='host-')
        os.makedirs(self.folder, exist_ok=True)
        self.authority = Authority(self.folder, 'ca', 'kubernetes')
        self.proxy_authority = Authority(self.folder, 'front-proxy-ca')
        self.serving = self.authority.issue('serving', 'kube-apiserver', hosts=['IP:127.0.0.1', 'DNS:localhost', 'DNS:kubernetes.default.svc'], client=False)
        self.faults = Faults()
        self.host = Host(self.faults, options.window, options.request_timeout)
        self.host.aggregator.proxy_certificate = self.proxy_authority.issue('front-proxy-client', 'front-proxy-client')
        seed.fill(self.host.objects, self.authority.text(), self.proxy_authority.text())
        self.server = None
        self.port = options.port
        self.connections = set()

    def context(self):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*self.serving)
        context.load_verify_locations(self.authority.certificate)
        context.verify_mode = ssl.CERT_OPTIONAL
        context.set_alpn_protocols(['http/1.1'])
        return context

    async def connected(self, reader, writer):
        self.connections.add(writer)
        try:
            await wire.serve_connection(self.host.handle, reader, writer)
        finally:
            self.connections.discard(writer)

    async def listen(self):
        self.server = await asyncio.start_server(self.connected, '127.0.0.1', self.port, ssl=self.context(), limit=wire.MAX_HEAD, backlog=1024)
        self.port = self.server.sockets[0].getsockname()[1]

    async def away(self, seconds):
        """Refuses connections and cuts those that there are."""
        self.server.close()
        for writer in list(self.connections):
            writer.transport.abort()
        await asyncio.sleep(seconds)
        await self.listen()

    def user(self, name, groups=(), certificate=False, audiences=(identity.AUDIENCE,), seconds=None):
        """Makes credentials. {kubeconfig, token or certificate and key}"""
        file_name = re.sub('[^A-Za-z0-9-]', '-', name)
        made = {'kubeconfig': os.path.join(self.folder, file_name + '.kubeconfig')}
        if certificate:
            made['certificate'], made['key'] = self.authority.issue('user-' + file_name, name, groups)
            entry = {'client-certificate': made['certificate'], 'client-key': made['key']}
        else:
            if name.startswith('system:serviceaccount:'):
                groups = identity.service_account(*name.split(':')[2:]).groups
            made['token'] = self.host.tokens.add(User(name, list(groups)), audiences, seconds)
            entry = {'token': made['token']}
        config = {'apiVersion': 'v1', 'kind': 'Config', 'current-context': 'host', 'preferences': {},
                  'clusters': [{'name': 'host', 'cluster': {'server': self.url(), 'certificate-authority': self.authority.certificate}}],
                  'users': [{'name': name, 'user': entry}], 'contexts': [{'name': 'host', 'context': {'cluster': 'host', 'user': name}}]}
        with open(made['kubeconfig'], 'w', encoding='utf-8') as file:
            json.dump(config, file)
        return made

    def url(self):
        return 'https://127.0.0.1:%d' % self.port

    # Control, over plain HTTP on a port of its own: POST /<command> with a JSON object.

    async def control(self, exchange):
        body = await exchange.request.body.whole(1 << 20)
        try:
            command = getattr(self, 'command_' + exchange.request.path.strip('/'))
            answer = command(**json.loads(body or b'{}'))
            await exchange.respond(200, json.dumps(answer).encode())
        except (AttributeError, TypeError, ValueError, KeyError, RuntimeError) as error:
            await exchange.respond(400, ('%s: %s' % (type(error).__name__, error)).encode(), 'text/plain')

    def command_counts(self, clear=False):
        counts = dict(self.faults.counts)
        if clear:
            self.faults.counts.clear()
        return counts

    def command_pause(self, seconds):
        self.faults.pause(seconds)

    def command_away(self, seconds):
        self.background(self.away(seconds))

    def command_faults(self, rules):
        self.faults.rules = rules

    def command_deny(self, users):
        """SubjectAccessReviews of these users are answered with no, whatever RBAC says."""
        self.faults.denied = set(users)

    def command_user(self, **arguments):
        return self.user(**arguments)

    def command_revoke(self, user):
        self.host.tokens.revoke(user)

    def command_compact(self):
        self.host.store.compact()

    def command_cut(self):
        """Cuts all connections."""
        for writer in list(self.connections):
            writer.transport.abort()

    def command_cut_services(self):
        """Forgets the connections to services."""
        self.host.aggregator.forget_connections()

    def command_front_proxy(self, certificate, key):
        """By what the host shows from now on that it is the front proxy."""
        self.host.aggregator.proxy_certificate = (certificate, key)

    def command_request_timeout(self, seconds):
        self.host.request_timeout = seconds

    def background(self, work):
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def run(self):
        self.tasks = set()
        await self.listen()
        admin = self.user('kubernetes-admin', ['system:masters'], certificate=True)
        control = await asyncio.start_server(lambda reader, writer: wire.serve_connection(self.control, reader, writer), '127.0.0.1', 0, limit=wire.MAX_HEAD)
        self.background(self.host.aggregator.follow_availability())
        print(json.dumps({'url': self.url(), 'control': 'http://127.0.0.1:%d' % control.sockets[0].getsockname()[1], 'folder': self.folder, 'kubeconfig': admin['kubeconfig'],
                          'certificate': admin['certificate'], 'key': admin['key'], 'ca': self.authority.certificate, 'caKey': self.authority.key,
                          'frontProxyCa': self.proxy_authority.certificate, 'frontProxyCaKey': self.proxy_authority.key,
                          'frontProxyCertificate': self.host.aggregator.proxy_certificate[0], 'frontProxyKey': self.host.aggregator.proxy_certificate[1]}), flush=True)
        end = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, end.set)
        if self.options.end_with_stdin:
            asyncio.get_running_loop().add_reader(sys.stdin, lambda: sys.stdin.read(1) or end.set())
        await end.wait()
        os._exit(0)  # Nothing is kept, and open connections need not be waited for.


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--folder', help='where certificates and kubeconfigs go; default: a new one under /tmp')
    parser.add_argument('--port', type=int, default=0)
    parser.add_argument('--window', type=int, default=20000, help='how many events are kept for watches that come back')
    parser.add_argument('--request-timeout', type=float, default=60, help='seconds that a request may take which is not known to run long')
    parser.add_argument('--end-with-stdin', action='store_true')
    asyncio.run(Process(parser.parse_args()).run())


if __name__ == '__main__':
    main()
