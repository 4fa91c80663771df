"""Role-based access control over stored Roles and bindings. Source: Kubernetes docs "Using RBAC Authorization"."""
from dataclasses import dataclass, field

RBAC_GROUP = 'rbac.authorization.k8s.io'


@dataclass
class User:
    """Who asks. `extra`: {key: [values]}."""
    name: str
    groups: list = field(default_factory=list)
    uid: str = ''
    extra: dict = field(default_factory=dict)


@dataclass
class Attributes:
    """What is asked for; a path if `path`, else a resource."""
    verb: str
    path: str = ''
    group: str = ''
    version: str = ''
    resource: str = ''
    subresource: str = ''
    namespace: str = ''
    name: str = ''


def resource_matches(rule, resource, subresource):
    combined = resource + '/' + subresource if subresource else resource
    return rule in ('*', combined) or bool(subresource) and rule == '*/' + subresource


def path_matches(rule, path):
    return rule in ('*', path) or rule.endswith('*') and path.startswith(rule[:-1])


def rule_allows(rule, wanted):
    if not {'*', wanted.verb} & set(rule.get('verbs') or ()):
        return False
    if wanted.path:
        return any(path_matches(pattern, wanted.path) for pattern in rule.get('nonResourceURLs') or ())
    names = rule.get('resourceNames')
    return bool({'*', wanted.group} & set(rule.get('apiGroups') or ())
                and any(resource_matches(pattern, wanted.resource, wanted.subresource) for pattern in rule.get('resources') or ())
                and (not names or wanted.name in names))


def subject_matches(subject, user, namespace):
    if subject['kind'] == 'User':
        return subject['name'] == user.name
    if subject['kind'] == 'Group':
        return subject['name'] in user.groups
    return subject['kind'] == 'ServiceAccount' and user.name == 'system:serviceaccount:%s:%s' % (subject.get('namespace') or namespace, subject['name'])


class Authorizer:
    """Decides by what a Store has now. `kinds`: the four kinds of RBAC by plural."""

    def __init__(self, store, kinds):
        self.store = store
        self.kinds = {plural: kinds[(RBAC_GROUP, plural)] for plural in ('roles', 'rolebindings', 'clusterroles', 'clusterrolebindings')}

    def rules(self, role):
        """Those of a stored role, with those of the roles that it aggregates."""
        rules = list(role.get('rules') or ())
        for selector in (role.get('aggregationRule') or {}).get('clusterRoleSelectors', ()):
            wanted = selector.get('matchLabels', {}).items()
            for other in self.store.all(self.kinds['clusterroles']):
                if other is not role and wanted <= (other['metadata'].get('labels') or {}).items():
                    rules += other.get('rules') or ()
        return rules

    def grants(self, plural, user, wanted, problems):
        """Why a binding of this kind allows it, or None."""
        for binding in self.store.all(self.kinds[plural], wanted.namespace if plural == 'rolebindings' else ''):
            namespace = binding['metadata'].get('namespace', '')
            subjects = [subject for subject in binding.get('subjects') or () if subject_matches(subject, user, namespace)]
            if not subjects:
                continue
            reference = binding['roleRef']
            in_namespace = reference['kind'] == 'Role'
            role = self.store.get(self.kinds['roles' if in_namespace else 'clusterroles'], namespace if in_namespace else '', reference['name'])
            if role is None:
                problems.append('%s.rbac.authorization.k8s.io "%s" not found' % (reference['kind'].lower(), reference['name']))
            elif any(rule_allows(rule, wanted) for rule in self.rules(role)):
                name = binding['metadata']['name'] + ('/' + namespace if namespace else '')
                return 'RBAC: allowed by %s "%s" of %s "%s" to %s "%s"' % (binding['kind'], name, reference['kind'], reference['name'], subjects[0]['kind'],
                                                                          subjects[0]['name'])
        return None

    def authorize(self, user, wanted):
        """(allowed, reason)"""
        if 'system:masters' in user.groups:
            return True, ''
        problems = []
        reason = self.grants('clusterrolebindings', user, wanted, problems)
        if reason is None and wanted.namespace and not wanted.path:
            reason = self.grants('rolebindings', user, wanted, problems)
        if reason is not None:
            return True, reason
        return False, 'RBAC: ' + ', '.join(problems) if problems else ''


def quoted(text):
    """As Go's %q."""
    plain = {'"': '\\"', '\\': '\\\\', '\a': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v'}

    def char(c):
        if c in plain or c.isprintable():
            return plain.get(c, c)
        code = ord(c)
        if 0xdc80 <= code <= 0xdcff:
            return '\\x%02x' % (code - 0xdc00)  # A byte that is no UTF-8.
        return '\\x%02x' % code if code < 0x20 or code == 0x7f else '\\u%04x' % code if code < 0x10000 else '\\U%08x' % code
    return '"' + ''.join(map(char, text)) + '"'


def forbidden_message(user, wanted, reason):
    """That of the 403, in the words of kube-apiserver."""
    who = 'User %s cannot %s ' % (quoted(user.name), wanted.verb)
    tail = ': ' + reason if reason else ''
    # Nothing of what it quotes may look like HTML.
    harmless = lambda text: text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')
    if wanted.path:
        return 'forbidden: %spath %s%s' % (harmless(who), harmless(quoted(wanted.path)), tail)
    resource = wanted.resource + '/' + wanted.subresource if wanted.subresource else wanted.resource
    where = 'in the namespace ' + quoted(wanted.namespace) if wanted.namespace else 'at the cluster scope'
    what = harmless('%sresource %s in API group %s %s' % (who, quoted(resource), quoted(wanted.group), where)) + tail
    qualified = wanted.resource + '.' + wanted.group if wanted.group else wanted.resource
    return '%s%s is forbidden: %s' % (qualified, ' ' + quoted(wanted.name) if wanted.name else '', what)


def request_attributes(method, path, query):
    """(Attributes, parts): of a request as kube-apiserver's request info has them; `parts` are those after the group version."""
    wanted = Attributes(method.lower(), path=path)
    parts = path.strip('/').split('/') if path.strip('/') else []
    if len(parts) < 3 or parts[0] not in ('api', 'apis') or parts[0] == 'apis' and len(parts) < 4:
        return wanted
    wanted.path = ''
    if parts[0] == 'apis':
        wanted.group, parts = parts[1], parts[1:]
    wanted.version, parts = parts[1], parts[2:]
    if parts[0] in ('proxy', 'watch'):
        if len(parts) < 2:
            return Attributes(method.lower(), path=path)
        wanted.verb, parts = parts[0], parts[1:]
    else:
        wanted.verb = {'POST': 'create', 'GET': 'get', 'HEAD': 'get', 'PUT': 'update', 'PATCH': 'patch', 'DELETE': 'delete'}.get(method, '')
    if parts[0] == 'namespaces' and len(parts) > 1:
        wanted.namespace = parts[1]
        # A namespace's own subresources are not resources in it.
        if len(parts) > 2 and parts[2] not in ('status', 'finalize'):
            parts = parts[2:]
    if len(parts) >= 3 and wanted.verb != 'proxy':
        wanted.subresource = parts[2]
    wanted.name = parts[1] if len(parts) >= 2 else ''
    wanted.resource = parts[0]
    if not wanted.name and wanted.verb == 'get':
        watch = query.get('watch', ['false'])[0].lower()
        wanted.verb = 'watch' if watch not in ('false', '0') else 'list'
        names = [term[len('metadata.name='):] for term in query.get('fieldSelector', [''])[0].split(',') if term.startswith('metadata.name=')]
        wanted.name = names[0] if names else ''
    if not wanted.name and wanted.verb == 'delete':
        wanted.verb = 'deletecollection'
    return wanted
