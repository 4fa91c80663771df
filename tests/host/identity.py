"""Who asks: client certificates, tokens, impersonation. Source: Kubernetes docs "Authenticating", "User impersonation"."""
import secrets
import time
import urllib.parse

from rbac import Attributes, User, forbidden_message
from status import Status

ANONYMOUS = 'system:anonymous'
AUTHENTICATED = 'system:authenticated'
AUDIENCE = 'https://kubernetes.default.svc'


def service_account(namespace, name, uid=''):
    return User('system:serviceaccount:%s:%s' % (namespace, name), ['system:serviceaccounts', 'system:serviceaccounts:' + namespace], uid)


class Tokens:
    """Bearer tokens: {token: (User, audiences, end)}; `end` of the monotonic clock, None = never."""

    def __init__(self):
        self.known = {}

    def add(self, user, audiences=(AUDIENCE,), seconds=None, token=None):
        token = token or secrets.token_urlsafe(24)
        self.known[token] = (user, list(audiences), None if seconds is None else time.monotonic() + seconds)
        return token

    def find(self, token, audiences):
        """(User, the audiences of it that are among `audiences`), or (None, why)."""
        user, own, end = self.known.get(token, (None, [], None))
        if user is None or end is not None and time.monotonic() > end:
            return None, 'invalid bearer token'
        common = [audience for audience in audiences if audience in own]
        if not common:
            return None, 'invalid bearer token, token audiences %r is invalid for the target audiences %r' % (own, audiences)
        return user, common

    def revoke(self, user_name):
        self.known = {token: entry for token, entry in self.known.items() if entry[0].name != user_name}

    def review(self, spec):
        """The status of a TokenReview."""
        wanted = spec.get('audiences') or []
        user, found = self.find(spec.get('token', ''), wanted or [AUDIENCE])
        if user is None:
            return {'user': {}, 'error': found}
        fields = {'username': user.name, 'groups': [*user.groups, AUTHENTICATED]}
        if user.uid:
            fields['uid'] = user.uid
        if user.extra:
            fields['extra'] = user.extra
        return {'authenticated': True, 'user': fields, 'audiences': found}


def of_certificate(certificate):
    """The User of a verified client certificate as ssl.getpeercert() has it."""
    names = [(key, value) for part in certificate.get('subject', ()) for key, value in part]
    common = [value for key, value in names if key == 'commonName']
    return User(common[0], [value for key, value in names if key == 'organizationName']) if common else None


def authenticate(tokens, certificate, headers):
    """The User of a request. Errors: Status Unauthorized."""
    user = of_certificate(certificate) if certificate else None
    authorization = headers.get('Authorization', '')
    if user is None and authorization[:7].lower() == 'bearer ':
        user, _ = tokens.find(authorization[7:].strip(), [AUDIENCE])
        if user is None:
            raise Status('Unauthorized', 'Unauthorized')
    if user is None:
        return User(ANONYMOUS, ['system:unauthenticated'])
    return User(user.name, [*user.groups, AUTHENTICATED], user.uid, user.extra)


def impersonate(authorizer, user, headers):
    """The User that the request wants to be. Errors: Status Forbidden."""
    text = lambda value: value.encode('latin-1').decode('utf-8', 'surrogateescape')
    name = text(headers.get('Impersonate-User', ''))
    groups = [text(value) for value in headers.all('Impersonate-Group')]
    uid = text(headers.get('Impersonate-Uid', ''))
    extra = {}
    for key, value in headers.fields:
        if key.lower().startswith('impersonate-extra-'):
            extra.setdefault(urllib.parse.unquote(key[len('impersonate-extra-'):]).lower(), []).append(text(value))
    if not name:
        if groups or uid or extra:
            raise Status('InternalError', 'requested %r without impersonating a user' % (groups or uid or extra))
        return user

    def require(resource, wanted, subresource='', group='', namespace=''):
        attributes = Attributes('impersonate', group=group, version='v1', resource=resource, subresource=subresource, name=wanted, namespace=namespace)
        allowed, reason = authorizer.authorize(user, attributes)
        if not allowed:
            raise Status('Forbidden', forbidden_message(user, attributes, reason), {'name': wanted, 'kind': resource})
    parts = name.split(':')
    if len(parts) == 4 and name.startswith('system:serviceaccount:'):
        require('serviceaccounts', parts[3], namespace=parts[2])
        groups = groups or service_account(*parts[2:]).groups
    else:
        require('users', name)
    for group in headers.all('Impersonate-Group'):
        require('groups', text(group))
    for key, values in extra.items():
        for value in values:
            require('userextras', value, key, 'authentication.k8s.io')
    if uid:
        require('uids', uid, group='authentication.k8s.io')
    if name != ANONYMOUS and AUTHENTICATED not in groups:
        groups = [*groups, AUTHENTICATED]
    if name == ANONYMOUS and 'system:unauthenticated' not in groups:
        groups = [*groups, 'system:unauthenticated']
    return User(name, groups, uid, extra)
