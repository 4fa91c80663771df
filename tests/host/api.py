"""The API of the host: the chain that a request goes through, and the answers about what is stored."""
import asyncio
import base64
import copy
import json
import uuid

import conditions
import identity
import kinds as known
import patches
import protobuf
import store as stores
import tables
from aggregation import Aggregator
from objects import Objects
from rbac import Attributes, Authorizer, User, forbidden_message, request_attributes
from status import Status, invalid, not_found, unserved
from wire import ConnectionEnded

MAX_BODY = 3 * 1024 * 1024
BOOKMARK_SECONDS = 5
VERSION = {'major': '1', 'minor': '32', 'gitVersion': 'v1.32.0', 'gitCommit': '', 'gitTreeState': 'clean', 'buildDate': '2025-01-01T00:00:00Z', 'goVersion': 'go1.23',
           'compiler': 'gc', 'platform': 'linux/amd64'}
DISCOVERY_V2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'


def encode(value):
    return json.dumps(value, separators=(',', ':')).encode()


class Host:
    """Answers requests; `handle` is the handler of wire.serve_connection."""

    def __init__(self, faults, window=20000, request_timeout=60):
        self.objects = Objects(window)
        self.store = self.objects.store
        self.authorizer = Authorizer(self.store, self.objects.kinds)
        self.tokens = identity.Tokens()
        self.aggregator = Aggregator(self.objects)
        self.faults = faults
        self.request_timeout = request_timeout  # Seconds that a request may take which kube-apiserver does not know to run long.

    async def handle(self, exchange):
        request = exchange.request
        audit_id = request.headers.get('Audit-Id') or str(uuid.uuid4())
        request.headers.set('Audit-Id', audit_id)
        exchange.headers.add('Audit-Id', audit_id)
        exchange.headers.add('Cache-Control', 'no-cache, private')
        try:
            if not await self.faults.before(exchange):
                return
            await self.chain(exchange)
        except Status as status:
            if exchange.code is not None:
                raise ConnectionEnded() from status
            await exchange.respond(status.code, status.body(), headers=[('Retry-After', '1')] if status.code in (503, 504) else [])

    async def chain(self, exchange):
        request = exchange.request
        tls = exchange.writer.get_extra_info('ssl_object')
        user = identity.authenticate(self.tokens, tls.getpeercert() if tls else None, request.headers)
        request.headers.remove('Authorization')
        for header in ('X-Remote-User', 'X-Remote-Group', 'X-Remote-Uid'):
            request.headers.remove(header)
        request.headers.remove_prefix('X-Remote-Extra-')
        user = identity.impersonate(self.authorizer, user, request.headers)
        request.headers.remove_prefix('Impersonate-')
        wanted = request_attributes(request.method, request.path, request.query)
        allowed, reason = self.authorizer.authorize(user, wanted)
        if not allowed:
            details = {'name': wanted.name, 'group': wanted.group, 'kind': wanted.resource}
            raise Status('Forbidden', forbidden_message(user, wanted, reason), None if wanted.path else details)
        long_running = wanted.verb == 'watch' or wanted.subresource in ('attach', 'exec', 'proxy', 'log', 'portforward')
        service = self.aggregator.service_of(request.path)
        work = self.aggregator.forward(exchange, service, user) if service else self.answer(exchange, user, wanted)
        try:
            # An upgraded connection is no request any more.
            await asyncio.wait_for(work, None if long_running or request.upgrade else self.request_timeout)
        except asyncio.TimeoutError:
            if exchange.code is not None:
                raise ConnectionEnded() from None
            raise Status('Timeout', 'Timeout: request did not complete within the allotted timeout') from None

    async def answer(self, exchange, user, wanted):
        request = exchange.request
        if wanted.path:
            return await self.answer_path(exchange)
        if wanted.verb == 'proxy' or request.path.split('/')[3 + bool(wanted.group)] == 'watch':
            raise unserved()
        item = await self.read_body(request)
        group_version = known.join_group_version(wanted.group, wanted.version)
        if wanted.resource in dict(known.REVIEWS.get(group_version, ())):
            return await exchange.respond(201, encode(self.review(wanted, item or {}, user)))
        kind = self.objects.kind(wanted.group, wanted.version, wanted.resource)
        if kind is None or wanted.subresource not in ('', 'status', 'token', 'finalize'):
            raise unserved()
        if kind.key == ('', 'namespaces'):
            wanted.namespace = ''
        if bool(wanted.namespace) and not kind.namespaced:
            raise unserved()
        if kind.namespaced and not wanted.namespace and (wanted.verb not in ('list', 'watch') or wanted.name):
            raise Status('MethodNotAllowed', 'the server does not allow this method on the requested resource')
        if wanted.subresource == 'token':
            return await exchange.respond(201, encode(self.token_request(wanted, item or {})))
        if wanted.verb in ('list', 'watch'):
            return await self.list_or_watch(exchange, kind, wanted)
        code, item = self.change(kind, wanted, item, request)
        await exchange.respond(code, self.encoded(request, kind, wanted.version, item))

    async def read_body(self, request):
        body = await request.body.whole(MAX_BODY)
        if body is None:
            request.keep_alive = False
            raise Status('RequestEntityTooLarge', 'Request entity too large: limit is %d' % MAX_BODY)
        if not body:
            return None
        try:
            item = protobuf.decode(body) if 'protobuf' in request.headers.get('Content-Type', '') else json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Status('BadRequest', 'the body cannot be read: %s' % error) from error
        if not isinstance(item, dict) and 'json-patch' not in request.headers.get('Content-Type', ''):
            raise Status('BadRequest', 'the body is no object')
        return item

    def change(self, kind, wanted, item, request):
        """(code, object) of one object's get, create, update, patch or delete."""
        objects = self.objects
        if wanted.verb == 'create':
            if wanted.name or not isinstance(item, dict):
                raise Status('MethodNotAllowed', 'the server does not allow this method on the requested resource')
            return 201, objects.create(kind, wanted.version, wanted.namespace, item)
        if wanted.verb == 'deletecollection':
            selected = conditions.of_query(request.query)
            for found in filter(selected, self.store.all(kind, wanted.namespace)):
                objects.delete(kind, found, {})
            return 200, {'kind': 'Status', 'apiVersion': 'v1', 'metadata': {}, 'status': 'Success'}
        old = self.store.get(kind, wanted.namespace, wanted.name)
        content_type = request.headers.get('Content-Type', '').partition(';')[0]
        if old is None and wanted.verb == 'patch' and content_type == 'application/apply-patch+yaml' and not wanted.subresource:
            return 201, objects.create(kind, wanted.version, wanted.namespace, item)
        if old is None:
            raise not_found(kind, wanted.name)
        if wanted.verb == 'get':
            return 200, old
        if wanted.verb == 'delete':
            gone, last = objects.delete(kind, old, item or {})
            details = {'name': wanted.name, 'group': kind.group, 'kind': kind.plural, 'uid': last['metadata']['uid']}
            return 200, {'kind': 'Status', 'apiVersion': 'v1', 'metadata': {}, 'status': 'Success', 'details': details} if gone else last
        if item is None:
            raise Status('BadRequest', 'a body is required')
        if wanted.verb == 'update':
            return 200, objects.update(kind, wanted.version, old, copy.deepcopy(item), wanted.subresource)
        if content_type not in patches.BY_CONTENT_TYPE:
            raise Status('UnsupportedMediaType', 'the body of the request was in an unknown format')
        if kind.definition and 'strategic' in content_type:
            raise Status('UnsupportedMediaType', 'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, '
                         'application/merge-patch+json, application/apply-patch+yaml')
        return 200, objects.patch(kind, wanted.version, old, item, content_type, wanted.subresource)

    def encoded(self, request, kind, version, item):
        if item.get('kind') == 'Status':
            return encode(item)
        item = dict(item, apiVersion=known.join_group_version(kind.group, version))
        return encode(tables.table(kind, version, [item], item['metadata']) if tables.is_wanted(request) else item)

    # Lists and watches.

    async def list_or_watch(self, exchange, kind, wanted):
        request = exchange.request
        try:
            selected = conditions.of_query(request.query)
        except conditions.BadSelector as error:
            raise Status('BadRequest', str(error)) from error
        if wanted.verb == 'watch':
            return await self.watch(exchange, kind, wanted, selected)
        items = [item for item in self.store.all(kind, wanted.namespace) if selected(item)]
        metadata = {'resourceVersion': str(self.store.revision)}
        items = self.page(request, items, metadata)
        api_version = known.join_group_version(kind.group, wanted.version)
        if tables.is_wanted(request):
            return await exchange.respond(200, encode(tables.table(kind, wanted.version, items, metadata)))
        items = [dict(item, apiVersion=api_version) for item in items]
        await exchange.respond(200, encode({'kind': kind.kind + 'List', 'apiVersion': api_version, 'metadata': metadata, 'items': items}))

    @staticmethod
    def page(request, items, metadata):
        """The items of this page; fills in `metadata`."""
        limit, token = request.first('limit', '0'), request.first('continue')
        place = lambda item: [item['metadata'].get('namespace', ''), item['metadata']['name']]
        if token:
            try:
                after, metadata['resourceVersion'] = json.loads(base64.urlsafe_b64decode(token))
            except ValueError as error:
                raise Status('BadRequest', 'continue key is not valid: %s' % error) from error
            items = [item for item in items if place(item) > after]
        if limit.isdigit() and 0 < int(limit) < len(items):
            metadata['remainingItemCount'] = len(items) - int(limit)
            items = items[:int(limit)]
            metadata['continue'] = base64.urlsafe_b64encode(encode([place(items[-1]), metadata['resourceVersion']])).decode()
        return items

    async def watch(self, exchange, kind, wanted, selected):
        request = exchange.request
        api_version = known.join_group_version(kind.group, wanted.version)
        line = lambda how, item: stores.watch_line(how, dict(item, apiVersion=api_version))
        inside = lambda item: item is not None and (not wanted.namespace or item['metadata'].get('namespace') == wanted.namespace) and selected(item)
        start = request.first('resourceVersion')
        revision = int(start) if start.isdigit() and start != '0' else self.store.revision
        initial = start in ('', '0') or request.first('sendInitialEvents') == 'true'
        seconds = request.first('timeoutSeconds', '')
        end = asyncio.get_running_loop().time() + (int(seconds) if seconds.isdigit() and seconds != '0' else 1800)
        await exchange.start(200, [('Content-Type', 'application/json;stream=watch' if tables.is_wanted(request) else 'application/json')])
        if initial:
            revision = self.store.revision
            for item in [item for item in self.store.all(kind, wanted.namespace) if selected(item)]:
                await exchange.write(line('ADDED', item))
            if request.first('sendInitialEvents') == 'true':
                await exchange.write(self.bookmark(kind, api_version, revision, {'k8s.io/initial-events-end': 'true'}))
        bookmarked = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() < end and not exchange.gone():
            changed = self.store.changed
            try:
                events = self.store.since(revision)
            except stores.Expired as error:
                await exchange.write(b'{"type":"ERROR","object":' + Status('Expired', str(error)).body() + b'}\n')
                break
            lines = b''.join(filter(None, (self.event_text(event, inside, api_version) for event in events if event.kind.key == kind.key)))
            if lines:
                await exchange.write(lines)
            revision = events[-1].revision if events else revision
            if request.first('allowWatchBookmarks') in ('true', '1') and asyncio.get_running_loop().time() - bookmarked >= BOOKMARK_SECONDS:
                bookmarked = asyncio.get_running_loop().time()
                await exchange.write(self.bookmark(kind, api_version, revision))
            if not events:
                try:
                    await asyncio.wait_for(changed.wait(), min(1, max(0, end - asyncio.get_running_loop().time())))
                except asyncio.TimeoutError:
                    pass
        await exchange.finish()

    @staticmethod
    def event_text(event, inside, api_version):
        before, after = inside(event.old), inside(event.new)
        if after:
            return event.text('MODIFIED' if before else 'ADDED', event.new, api_version)
        return event.text('DELETED', event.old if event.new is None else event.new, api_version) if before else None

    @staticmethod
    def bookmark(kind, api_version, revision, annotations=None):
        metadata = {'resourceVersion': str(revision), 'creationTimestamp': None, **({'annotations': annotations} if annotations else {})}
        return stores.watch_line('BOOKMARK', {'kind': kind.kind, 'apiVersion': api_version, 'metadata': metadata})

    # Questions.

    def review(self, wanted, item, user):
        spec = item.get('spec') or {}
        kind = {'tokenreviews': 'TokenReview', 'selfsubjectreviews': 'SelfSubjectReview', 'subjectaccessreviews': 'SubjectAccessReview',
                'selfsubjectaccessreviews': 'SelfSubjectAccessReview'}[wanted.resource]
        answer = {'kind': kind, 'apiVersion': known.join_group_version(wanted.group, wanted.version), 'metadata': {'creationTimestamp': None}, 'spec': spec}
        if wanted.resource == 'tokenreviews':
            answer['status'] = self.tokens.review(spec)
        elif wanted.resource == 'selfsubjectreviews':
            answer['status'] = {'userInfo': {'username': user.name, 'uid': user.uid, 'groups': user.groups, 'extra': user.extra}}
        else:
            if wanted.resource == 'subjectaccessreviews':
                user = User(spec.get('user', ''), spec.get('groups') or [], spec.get('uid', ''), spec.get('extra') or {})
                if not user.name and not user.groups:
                    raise Status('Invalid', 'SubjectAccessReview.authorization.k8s.io "" is invalid: spec.user: Invalid value: "": at least one of user or group '
                                 'must be specified')
            allowed, reason = self.authorizer.authorize(user, self.attributes_of(spec))
            denied = self.faults.denies(user.name)
            answer['status'] = {'allowed': allowed and not denied, **({'reason': reason} if reason else {})}
        return answer

    @staticmethod
    def attributes_of(spec):
        resource, path = spec.get('resourceAttributes'), spec.get('nonResourceAttributes')
        if bool(resource) == bool(path):
            raise Status('Invalid', 'SubjectAccessReview.authorization.k8s.io "" is invalid: spec: exactly one of nonResourceAttributes or resourceAttributes must be '
                         'specified')
        if path:
            return Attributes(path.get('verb', ''), path=path.get('path', ''))
        return Attributes(resource.get('verb', ''), '', *(resource.get(key, '') for key in ('group', 'version', 'resource', 'subresource', 'namespace', 'name')))

    def token_request(self, wanted, item):
        account = self.store.get(self.objects.kinds[('', 'serviceaccounts')], wanted.namespace, wanted.name)
        if account is None:
            raise not_found(self.objects.kinds[('', 'serviceaccounts')], wanted.name)
        spec = item.get('spec') or {}
        seconds = spec.get('expirationSeconds') or 3600
        audiences = spec.get('audiences') or [identity.AUDIENCE]
        token = self.tokens.add(identity.service_account(wanted.namespace, wanted.name, account['metadata']['uid']), audiences, seconds)
        return {'kind': 'TokenRequest', 'apiVersion': 'authentication.k8s.io/v1', 'metadata': {'name': wanted.name, 'namespace': wanted.namespace},
                'spec': {**spec, 'audiences': audiences, 'expirationSeconds': seconds}, 'status': {'token': token, 'expirationTimestamp': stores.now()}}

    # Paths that are no resources.

    async def answer_path(self, exchange):
        request, path = exchange.request, exchange.request.path.rstrip('/') or '/'
        aggregated = 'as=APIGroupDiscoveryList' in request.headers.get('Accept', '') and 'v=v2;' in request.headers.get('Accept', '')
        if request.method not in ('GET', 'HEAD'):
            raise Status('MethodNotAllowed', 'the server does not allow this method on the requested resource')
        if path in ('/healthz', '/livez', '/readyz'):
            return await exchange.respond(200, b'ok', 'text/plain; charset=utf-8')
        if aggregated and path in ('/api', '/apis'):
            return await exchange.respond(200, encode(await self.discovery(path == '/api')), DISCOVERY_V2)
        if path == '/openapi/v2' and 'proto' in request.headers.get('Accept', ''):
            # swagger: "2.0", info: {title, version}, paths: {}
            return await exchange.respond(200, b'\x0a\x032.0\x12\x15\x0a\x0aKubernetes\x12\x07v1.32.0\x42\x00', 'application/octet-stream')
        document = self.document(path)
        if document is None:
            raise unserved()
        await exchange.respond(200, encode(document))

    def document(self, path):
        kinds, groups = self.objects.kinds, known.group_versions(self.objects.kinds)
        if path == '/version':
            return VERSION
        if path == '/':
            return {'paths': ['/api', '/apis', '/healthz', '/openapi/v2', '/openapi/v3', '/version']}
        if path == '/api':
            return {'kind': 'APIVersions', 'versions': ['v1'], 'serverAddressByClientCIDRs': []}
        if path == '/apis':
            listed = [known.api_group(group, versions) for group, versions in groups.items() if group]
            return {'kind': 'APIGroupList', 'apiVersion': 'v1', 'groups': listed + self.aggregator.groups()}
        if path == '/openapi/v2':
            return {'swagger': '2.0', 'info': {'title': 'Kubernetes', 'version': 'v1.32.0'}, 'paths': {}}
        if path == '/openapi/v3':
            roots = ['apis/%s/%s' % (group, version) if group else 'api/' + version for group, versions in groups.items() for version in versions]
            return {'paths': {root: {'serverRelativeURL': '/openapi/v3/' + root} for root in roots}}
        parts = path.strip('/').split('/')
        if parts[:2] == ['openapi', 'v3']:
            group, version = ('', parts[3]) if parts[2] == 'api' and len(parts) == 4 else parts[3:5] if len(parts) == 5 else (None, None)
            return known.openapi_v3(kinds, group, version) if version in groups.get(group, ()) else None
        if parts[0] == 'apis' and len(parts) == 2:
            found = [entry for entry in self.aggregator.groups() if entry['name'] == parts[1]]
            entry = known.api_group(parts[1], groups[parts[1]]) if parts[1] in groups else found[0] if found else None
            return entry and {'kind': 'APIGroup', 'apiVersion': 'v1', **entry}
        group, version = ('', parts[1]) if parts[0] == 'api' and len(parts) == 2 else parts[1:] if parts[0] == 'apis' and len(parts) == 3 else (None, None)
        if version not in groups.get(group, ()):
            return None
        return {'kind': 'APIResourceList', 'apiVersion': 'v1', 'groupVersion': known.join_group_version(group, version),
                'resources': known.resources_of(kinds, group, version)}

    async def discovery(self, core):
        items = []
        for group, versions in known.group_versions(self.objects.kinds).items():
            if (group == '') == core:
                entries = [known.aggregated_version(group, version, known.resources_of(self.objects.kinds, group, version)) for version in versions]
                items.append({'metadata': {'name': group, 'creationTimestamp': None}, 'versions': entries})
        if not core:
            items += await self.aggregator.discovery()
        return {'kind': 'APIGroupDiscoveryList', 'apiVersion': 'apidiscovery.k8s.io/v2', 'metadata': {}, 'items': items}
