"""What the host serves: the built-in resources, those of CustomResourceDefinitions, and the discovery documents of both."""
import re

ALL_VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

# group/version: "plural Kind scope [short names] [+status]"; the singular is the kind in lower case.
BUILT_IN = {
    'v1': ['namespaces Namespace cluster ns +status', 'configmaps ConfigMap namespaced cm', 'secrets Secret namespaced', 'serviceaccounts ServiceAccount namespaced sa',
           'services Service namespaced svc +status', 'endpoints Endpoints namespaced ep', 'pods Pod namespaced po +status', 'events Event namespaced ev',
           'nodes Node cluster no +status', 'persistentvolumes PersistentVolume cluster pv +status', 'persistentvolumeclaims PersistentVolumeClaim namespaced pvc +status'],
    'apps/v1': ['deployments Deployment namespaced deploy +status', 'statefulsets StatefulSet namespaced sts +status', 'daemonsets DaemonSet namespaced ds +status',
                'replicasets ReplicaSet namespaced rs +status'],
    'batch/v1': ['jobs Job namespaced +status', 'cronjobs CronJob namespaced cj +status'],
    'coordination.k8s.io/v1': ['leases Lease namespaced'],
    'discovery.k8s.io/v1': ['endpointslices EndpointSlice namespaced'],
    'events.k8s.io/v1': ['events Event namespaced ev'],
    'networking.k8s.io/v1': ['networkpolicies NetworkPolicy namespaced netpol', 'ingresses Ingress namespaced ing +status'],
    'policy/v1': ['poddisruptionbudgets PodDisruptionBudget namespaced pdb +status'],
    'rbac.authorization.k8s.io/v1': ['roles Role namespaced', 'rolebindings RoleBinding namespaced', 'clusterroles ClusterRole cluster',
                                     'clusterrolebindings ClusterRoleBinding cluster'],
    'apiregistration.k8s.io/v1': ['apiservices APIService cluster +status'],
    'apiextensions.k8s.io/v1': ['customresourcedefinitions CustomResourceDefinition cluster crd,crds +status'],
    'scheduling.k8s.io/v1': ['priorityclasses PriorityClass cluster pc'],
    'storage.k8s.io/v1': ['storageclasses StorageClass cluster sc'],
}
# Questions, which are not stored.
REVIEWS = {'authentication.k8s.io/v1': [('tokenreviews', 'TokenReview'), ('selfsubjectreviews', 'SelfSubjectReview')],
           'authorization.k8s.io/v1': [('subjectaccessreviews', 'SubjectAccessReview'), ('selfsubjectaccessreviews', 'SelfSubjectAccessReview')]}


def split_group_version(group_version):
    """"apps/v1" -> ("apps", "v1"); "v1" -> ("", "v1")."""
    group, slash, version = group_version.rpartition('/')
    return (group, version) if slash else ('', group_version)


def join_group_version(group, version):
    return group + '/' + version if group else version


class Kind:
    """One resource in all its versions."""

    def __init__(self, group, versions, plural, kind, namespaced, short=(), status=False, singular=None, definition=None):
        self.group, self.versions, self.plural, self.kind, self.namespaced = group, versions, plural, kind, namespaced
        self.short, self.status, self.singular = list(short), status, singular or kind.lower()
        self.definition = definition  # The CustomResourceDefinition, if it is one.
        self.key = (group, plural)

    def qualified(self):
        return self.plural + '.' + self.group if self.group else self.plural

    def schema(self, version):
        for entry in (self.definition or {}).get('spec', {}).get('versions', []):
            if entry['name'] == version:
                return entry.get('schema', {}).get('openAPIV3Schema')
        return None

    def columns(self, version):
        for entry in (self.definition or {}).get('spec', {}).get('versions', []):
            if entry['name'] == version:
                return entry.get('additionalPrinterColumns', [])
        return []


def built_in():
    """{key: Kind}"""
    kinds = {}
    for group_version, lines in BUILT_IN.items():
        group, version = split_group_version(group_version)
        for line in lines:
            plural, kind, scope, *rest = line.split()
            status = '+status' in rest
            short = [name for word in rest if word != '+status' for name in word.split(',')]
            kinds[(group, plural)] = Kind(group, [version], plural, kind, scope == 'namespaced', short, status)
    return kinds


def priority(version):
    """Sorts versions as Kubernetes does: v2, v1, v1beta2, v1beta1, v1alpha1, other."""
    match = re.fullmatch('v([0-9]+)(?:(alpha|beta)([0-9]+))?', version)
    if not match:
        return (3, 0, 0, version)
    return ({None: 0, 'beta': 1, 'alpha': 2}[match[2]], -int(match[1]), -int(match[3] or 0), version)


def custom(definition):
    """The Kind of a CustomResourceDefinition."""
    spec = definition['spec']
    served = sorted((version['name'] for version in spec['versions'] if version.get('served')), key=priority)
    names = spec['names']
    status = any('status' in (version.get('subresources') or {}) for version in spec['versions'])
    return Kind(spec['group'], served, names['plural'], names['kind'], spec['scope'] == 'Namespaced', names.get('shortNames', ()), status,
                names.get('singular'), definition)


def resources_of(kinds, group, version):
    """The entries of an APIResourceList."""
    entries = []
    for kind in sorted(kinds.values(), key=lambda kind: kind.key):
        if kind.group != group or version not in kind.versions:
            continue
        entry = {'name': kind.plural, 'singularName': kind.singular, 'namespaced': kind.namespaced, 'kind': kind.kind, 'verbs': ALL_VERBS}
        if kind.short:
            entry['shortNames'] = kind.short
        entries.append(entry)
        if kind.status:
            entries.append({'name': kind.plural + '/status', 'singularName': '', 'namespaced': kind.namespaced, 'kind': kind.kind, 'verbs': ['get', 'patch', 'update']})
        if kind.key == ('', 'serviceaccounts'):
            entries.append({'name': 'serviceaccounts/token', 'singularName': '', 'namespaced': True, 'group': 'authentication.k8s.io', 'version': 'v1',
                            'kind': 'TokenRequest', 'verbs': ['create']})
    for plural, kind in REVIEWS.get(join_group_version(group, version), []):
        entries.append({'name': plural, 'singularName': kind.lower(), 'namespaced': False, 'kind': kind, 'verbs': ['create']})
    return entries


def group_versions(kinds):
    """{group: [versions]}, best first, of what is not aggregated."""
    found = {}
    for kind in kinds.values():
        for version in kind.versions:
            found.setdefault(kind.group, set()).add(version)
    for group_version in REVIEWS:
        group, version = split_group_version(group_version)
        found.setdefault(group, set()).add(version)
    return {group: sorted(versions, key=priority) for group, versions in sorted(found.items())}


def api_group(group, versions):
    entries = [{'groupVersion': join_group_version(group, version), 'version': version} for version in versions]
    return {'name': group, 'versions': entries, 'preferredVersion': entries[0]}


def aggregated_version(group, version, entries):
    """A version of an APIGroupDiscovery from the entries of an APIResourceList."""
    resources = []
    for entry in entries:
        kind = {'group': entry.get('group', group), 'version': entry.get('version', version), 'kind': entry['kind']}
        if '/' in entry['name']:
            plural, _, subresource = entry['name'].partition('/')
            parents = [resource for resource in resources if resource['resource'] == plural]
            parents[0].setdefault('subresources', []).append({'subresource': subresource, 'responseKind': kind, 'verbs': entry['verbs']})
            continue
        resource = {'resource': entry['name'], 'responseKind': kind, 'scope': 'Namespaced' if entry['namespaced'] else 'Cluster',
                    'singularResource': entry['singularName'], 'verbs': entry['verbs']}
        if entry.get('shortNames'):
            resource['shortNames'] = entry['shortNames']
        resources.append(resource)
    return {'version': version, 'resources': resources, 'freshness': 'Current'}


def openapi_v3(kinds, group, version):
    """The least document of which kubectl takes that the server checks fields itself."""
    base = '/apis/%s/%s/' % (group, version) if group else '/api/%s/' % version
    paths = {}
    for kind in kinds.values():
        if kind.group == group and version in kind.versions:
            path = base + ('namespaces/{namespace}/' if kind.namespaced else '') + kind.plural + '/{name}'
            paths[path] = {'patch': {'x-kubernetes-group-version-kind': {'group': group, 'version': version, 'kind': kind.kind},
                                     'parameters': [{'name': 'fieldValidation', 'in': 'query', 'schema': {'type': 'string'}}],
                                     'responses': {'200': {'description': 'OK'}}}}
    return {'openapi': '3.0.0', 'info': {'title': 'Kubernetes', 'version': 'v1.32.0'}, 'paths': paths, 'components': {'schemas': {}}}
