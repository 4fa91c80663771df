"""The aggregation layer: APIServices whose requests go to a service's endpoints, as kube-aggregator and its upgrade-aware proxy do it.
Source: Kubernetes docs "Configure the Aggregation Layer"; k8s.io/kube-aggregator proxyHandler; Go's httputil.ReverseProxy."""
import asyncio
import base64
import json
import os
import random
import ssl
import urllib.parse

import kinds as known
import store as stores
from status import Status
from wire import HOP_BY_HOP, BadMessage, Body, ConnectionEnded, Headers, TOKEN, encode_query, escape_path, parse_fields, read_head

CONNECT_SECONDS = 10
IDLE_CONNECTIONS = 64


class Unreachable(Exception):
    """Nothing of the request was taken: it may go to another endpoint."""


class Stale(Exception):
    """A kept connection had ended: the request may be sent again."""


class Connection:
    def __init__(self, reader, writer, key):
        self.reader, self.writer, self.key = reader, writer, key
        self.used = self.kept = False

    def close(self):
        self.writer.close()


class Service:
    """What stands behind one APIService now."""

    def __init__(self, api_service, endpoints):
        self.api_service = api_service
        self.name = api_service['metadata']['name']
        self.endpoints = endpoints  # (address, port)

    @property
    def available(self):
        found = [entry for entry in self.api_service.get('status', {}).get('conditions', ()) if entry['type'] == 'Available']
        return bool(found) and found[0]['status'] == 'True'


def header_key(key):
    """As client-go's headerKeyEscape: what no header's name may hold is percent-encoded."""
    return ''.join(char if TOKEN.fullmatch(char.encode('utf-8', 'surrogateescape')) and char != '%' else urllib.parse.quote(char, safe='', errors='surrogateescape')
                   for char in key)


def latin(text):
    return text.encode('utf-8', 'surrogateescape').decode('latin-1')


class Aggregator:
    """Forwards to services. `proxy_certificate`: (certificate, key) by which it shows that it is the front proxy; may be set at any time."""

    def __init__(self, objects):
        self.objects = objects
        self.store = objects.store
        self.proxy_certificate = None
        self.idle = {}  # {(endpoint, context): [Connection]}
        self.contexts = {}
        self.wake = asyncio.Event()
        self.store.listeners.append(self.notice)

    def kinds(self, plural):
        return self.objects.kinds[('apiregistration.k8s.io', plural)]

    def notice(self, event):
        if event.kind.plural in ('apiservices', 'endpoints'):
            self.wake.set()

    def services(self):
        """The APIServices that are not the host's own."""
        return [item for item in self.store.all(self.kinds('apiservices')) if item['spec'].get('service')]

    def service_of(self, path):
        """The Service that a path belongs to, or None."""
        for item in self.services():
            root = '/apis/%s/%s' % (item['spec']['group'], item['spec']['version'])
            if path == root or path.startswith(root + '/'):
                return self.resolved(item)
        return None

    def resolved(self, item):
        service = item['spec']['service']
        found = self.store.get(self.objects.kinds[('', 'endpoints')], service['namespace'], service['name'])
        endpoints = [(address['ip'], subset['ports'][0]['port']) for subset in (found or {}).get('subsets') or () for address in subset.get('addresses') or ()]
        return Service(item, endpoints)

    def context(self, service):
        """(key, SSLContext): remembered until the certificate or what is trusted changes."""
        spec = service.api_service['spec']
        times = tuple(os.stat(name).st_mtime_ns for name in self.proxy_certificate)
        key = (spec.get('caBundle', ''), bool(spec.get('insecureSkipTLSVerify')), *self.proxy_certificate, *times)
        if key not in self.contexts:
            context = ssl.create_default_context(cadata=base64.b64decode(key[0]).decode() if key[0] else None)
            if key[1]:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            context.load_cert_chain(*self.proxy_certificate)
            context.set_alpn_protocols(['http/1.1'])
            self.contexts[key] = context
        return key, self.contexts[key]

    async def connect(self, service, endpoint, fresh=False):
        key, context = self.context(service)
        idle = self.idle.get((endpoint, key), [])
        while idle and not fresh:
            connection = idle.pop()
            connection.kept = False
            if not connection.reader.at_eof() and not connection.writer.is_closing():
                connection.used = True
                return connection
            connection.close()
        target = service.api_service['spec']['service']
        try:
            work = asyncio.open_connection(*endpoint, ssl=context, server_hostname='%s.%s.svc' % (target['name'], target['namespace']), limit=1 << 20)
            return Connection(*await asyncio.wait_for(work, CONNECT_SECONDS), (endpoint, key))
        except (OSError, asyncio.TimeoutError) as error:
            raise Unreachable('%s:%d: %s' % (*endpoint, error or 'timeout')) from error

    def keep(self, connection):
        idle = self.idle.setdefault(connection.key, [])
        if len(idle) < IDLE_CONNECTIONS:
            connection.kept = True
            idle.append(connection)

    def forget_connections(self):
        for connections in self.idle.values():
            for connection in connections:
                connection.close()
        self.idle.clear()

    def outgoing(self, request, user, host, client, keep_upgrade):
        """The request's head as it goes to the service."""
        named = {name.strip().lower() for value in request.headers.all('Connection') for name in value.split(',')}
        fields = Headers((name, value) for name, value in request.headers.fields if name.lower() not in HOP_BY_HOP | named | {'host', 'content-length', 'expect'})
        fields.fields.insert(0, ('Host', host))
        if keep_upgrade:
            fields.add('Connection', 'Upgrade')
            fields.add('Upgrade', request.upgrade)
        if request.body.length == 'chunked':
            fields.add('Transfer-Encoding', 'chunked')
        elif request.body.length or request.method in ('POST', 'PUT', 'PATCH'):
            fields.add('Content-Length', str(request.body.length))
        forwarded = ', '.join([*fields.all('X-Forwarded-For'), client])
        fields.set('X-Forwarded-For', forwarded)
        fields.set('X-Remote-User', latin(user.name))
        for group in user.groups:
            fields.add('X-Remote-Group', latin(group))
        if user.uid:
            fields.add('X-Remote-Uid', latin(user.uid))
        for key, values in user.extra.items():
            for value in values:
                fields.add('X-Remote-Extra-' + header_key(key), latin(value))
        for name, value in fields.fields:
            if any(char in value for char in '\r\n\0'):
                raise Status('ServiceUnavailable', 'error trying to reach service: net/http: invalid header field value for "%s"' % name)
        query = encode_query(request.query)
        target = escape_path(request.path.encode('utf-8', 'surrogateescape')) + ('?' + query if query else '')
        return b'%s %s HTTP/1.1\r\n%s\r\n' % (request.method.encode(), target.encode(), fields.encode())

    async def forward(self, exchange, service, user):
        """Answers a request by what the service answers."""
        if not service.available:
            return await exchange.respond(503, b'service unavailable\n', 'text/plain; charset=utf-8')
        target = service.api_service['spec']['service']
        request = exchange.request
        head = self.outgoing(request, user, '%s.%s.svc:%d' % (target['name'], target['namespace'], target.get('port', 443)), exchange.peer[0], bool(request.upgrade))
        endpoints = random.sample(service.endpoints, len(service.endpoints))
        problem = 'no endpoints available for service "%s"' % target['name']
        for endpoint in endpoints:
            try:
                return await self.attempt(exchange, service, endpoint, head)
            except Unreachable as error:
                problem = str(error)
        await exchange.respond(503, b'error trying to reach service: ' + problem.encode('utf-8', 'replace'), 'text/plain; charset=utf-8')

    async def attempt(self, exchange, service, endpoint, head):
        request = exchange.request
        again = request.method in ('GET', 'HEAD') and request.body.ended
        fresh = bool(request.upgrade)
        while True:
            connection = await self.connect(service, endpoint, fresh)
            try:
                return await self.exchange(exchange, connection, head)
            except Stale:
                # As Go: what can be repeated is, on a new connection.
                if fresh or not connection.used or not again:
                    return await exchange.respond(502, b'error trying to reach service: EOF', 'text/plain; charset=utf-8')
                fresh = True
            finally:
                if not connection.kept:
                    connection.close()

    async def exchange(self, exchange, connection, head):
        request = exchange.request
        sending = asyncio.ensure_future(self.send(connection, head, request.body))
        try:
            try:
                code, fields = await exchange.unless_gone(self.receive_head(connection))
            except (BadMessage, OSError) as error:
                raise Stale() from error
            if code == 101:
                return await self.tunnel(exchange, connection, fields)
            complete = await self.relay(exchange, connection, code, fields)
            if complete and sending.done() and request.body.ended and not request.upgrade:
                self.keep(connection)
        finally:
            sending.cancel()

    @staticmethod
    async def send(connection, head, body):
        try:
            connection.writer.write(head)
            chunked = body.length == 'chunked'
            while True:
                data = await body.read()
                if not data:
                    break
                connection.writer.write(b'%x\r\n%s\r\n' % (len(data), data) if chunked else data)
                await connection.writer.drain()
            if chunked:
                connection.writer.write(b'0\r\n\r\n')
            await connection.writer.drain()
        except (OSError, ConnectionEnded, BadMessage):
            # Who reads the answer sees what came of it; half a body must not look complete.
            if not body.ended:
                connection.close()

    @staticmethod
    async def receive_head(connection):
        while True:
            try:
                lines = await read_head(connection.reader)
            except ConnectionEnded as error:
                raise OSError('the service ended the connection') from error
            if lines is None:
                raise OSError('the service ended the connection')
            parts = lines[0].split(b' ', 2)
            if len(parts) < 2 or not parts[0].startswith(b'HTTP/1.') or not parts[1].isdigit():
                raise BadMessage(502, 'no HTTP')
            code = int(parts[1])
            if code == 101 or code >= 200:
                return code, parse_fields(lines[1:])

    async def relay(self, exchange, connection, code, fields):
        """Hands the answer on as it comes. Whether the connection may be used again."""
        length = self.length_of(exchange.request.method, code, fields)
        reusable = length != 'close' and 'close' not in fields.get('Connection', '').lower()
        own = {name.lower() for name, _ in exchange.headers.fields}
        headers = [(name, value) for name, value in fields.fields if name.lower() not in HOP_BY_HOP | own | {'content-length'}]
        declared = fields.get('Content-Length')
        if exchange.request.method == 'HEAD' or code in (204, 304):
            exchange.head(code, [*headers, *([('Content-Length', declared)] if declared else [])])
            await exchange.writer.drain()
            return reusable
        await exchange.start(code, headers, length if isinstance(length, int) else None)
        body = Body(connection.reader, length)
        try:
            while not body.ended:
                await exchange.write(await exchange.unless_gone(body.read()))
            await exchange.finish()
        except OSError:
            # A client that goes as soon as it has everything.
            if not body.ended:
                raise
        return reusable

    @staticmethod
    def length_of(method, code, fields):
        if method == 'HEAD' or code in (204, 304):
            return 0
        if 'chunked' in fields.get('Transfer-Encoding', '').lower():
            return 'chunked'
        return int(fields.get('Content-Length')) if fields.get('Content-Length', '').isdigit() else 'close'

    @staticmethod
    async def tunnel(exchange, connection, fields):
        """Bytes both ways until one side ends."""
        exchange.code = 101
        exchange.writer.write(b'HTTP/1.1 101 Switching Protocols\r\n' + fields.encode() + b'\r\n')

        async def copy(reader, writer):
            try:
                while data := await reader.read(65536):
                    writer.write(data)
                    await writer.drain()
            except OSError:
                pass
        ways = [asyncio.ensure_future(copy(exchange.reader, connection.writer)), asyncio.ensure_future(copy(connection.reader, exchange.writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()

    # Discovery and availability.

    def groups(self):
        """The APIGroups of the services."""
        found = {}
        for item in self.services():
            found.setdefault(item['spec']['group'], []).append(item['spec']['version'])
        return [known.api_group(group, sorted(versions, key=known.priority)) for group, versions in sorted(found.items())]

    async def connect_to_any(self, service):
        """As kube-aggregator, which tries five times: one replica that goes does not make all unavailable."""
        problem = None
        for endpoint in random.sample(service.endpoints, len(service.endpoints))[:5]:
            try:
                return await self.connect(service, endpoint, fresh=True)
            except Unreachable as error:
                problem = error
        raise problem

    async def ask(self, service, path, accept='application/json'):
        """(code, body) of a request of the aggregator's own. Errors: Unreachable."""
        if not service.endpoints:
            raise Unreachable('endpoints for service/%(name)s in "%(namespace)s" have no addresses' % service.api_service['spec']['service'])
        target = service.api_service['spec']['service']
        connection = await self.connect_to_any(service)
        try:
            connection.writer.write(('GET %s HTTP/1.1\r\nHost: %s.%s.svc\r\nAccept: %s\r\nX-Remote-User: system:kube-aggregator\r\nX-Remote-Group: system:masters\r\n'
                                     'Connection: close\r\n\r\n' % (path, target['name'], target['namespace'], accept)).encode())
            code, fields = await asyncio.wait_for(self.receive_head(connection), CONNECT_SECONDS)
            body = await asyncio.wait_for(Body(connection.reader, self.length_of('GET', code, fields)).whole(1 << 24), CONNECT_SECONDS)
            return code, body
        except (OSError, BadMessage, ConnectionEnded, asyncio.TimeoutError) as error:
            raise Unreachable('%s: %s' % (path, error or 'timeout')) from error
        finally:
            connection.close()

    async def discovery(self):
        """The APIGroupDiscoveries of the services."""
        found = {}
        for item in self.services():
            service, version = self.resolved(item), {'version': item['spec']['version'], 'resources': [], 'freshness': 'Stale'}
            try:
                root = '/apis/%s/%s' % (item['spec']['group'], item['spec']['version'])
                code, body = await self.ask(service, root) if service.available else (503, b'')
                if code == 200:
                    version = known.aggregated_version(item['spec']['group'], item['spec']['version'], json.loads(body)['resources'])
            except (Unreachable, ValueError, KeyError):
                pass
            found.setdefault(item['spec']['group'], []).append(version)
        return [{'metadata': {'name': group, 'creationTimestamp': None}, 'versions': sorted(versions, key=lambda version: known.priority(version['version']))}
                for group, versions in sorted(found.items())]

    async def follow_availability(self):
        """Says in each APIService's condition Available whether it answers; for ever."""
        while True:
            self.wake.clear()
            available = all([await self.check(item) for item in self.services()])
            try:
                await asyncio.wait_for(self.wake.wait(), 15 if available else 0.5)
            except asyncio.TimeoutError:
                pass

    async def check(self, item):
        service = self.resolved(item)
        try:
            code, _ = await self.ask(service, '/apis/%s/%s' % (item['spec']['group'], item['spec']['version']))
            state = ('True', 'Passed', 'all checks passed') if code < 300 else ('False', 'FailedDiscoveryCheck', 'failing or missing response: bad status: %d' % code)
        except Unreachable as error:
            state = ('False', 'MissingEndpoints' if not service.endpoints else 'FailedDiscoveryCheck', 'failing or missing response: %s' % error)
        except (ssl.SSLError, ValueError) as error:
            state = ('False', 'FailedDiscoveryCheck', str(error))
        current = self.store.get(self.kinds('apiservices'), '', service.name)
        old = next((entry for entry in (current or {}).get('status', {}).get('conditions', ()) if entry['type'] == 'Available'), {})
        if current is not None and (old.get('status'), old.get('reason')) != state[:2]:
            condition = dict(zip(('status', 'reason', 'message'), state), type='Available', lastTransitionTime=stores.now())
            self.store.put(self.kinds('apiservices'), dict(current, status={'conditions': [condition]}))
        return state[0] == 'True'
