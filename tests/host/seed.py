"""What every cluster has from its start: namespaces, the roles that Kubernetes brings, and how extension API servers authenticate."""
import json

GROUP = 'rbac.authorization.k8s.io'
READ = ['get', 'list', 'watch']
WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update']
REVIEW = {'verbs': ['create'], 'apiGroups': ['authorization.k8s.io'], 'resources': ['subjectaccessreviews']}
CLUSTER_ROLES = {
    'cluster-admin': [{'verbs': ['*'], 'apiGroups': ['*'], 'resources': ['*']}, {'verbs': ['*'], 'nonResourceURLs': ['*']}],
    'system:discovery': [{'verbs': ['get'], 'nonResourceURLs': ['/api', '/api/*', '/apis', '/apis/*', '/healthz', '/livez', '/openapi', '/openapi/*', '/readyz', '/version',
                                                               '/version/']}],
    'system:public-info-viewer': [{'verbs': ['get'], 'nonResourceURLs': ['/healthz', '/livez', '/readyz', '/version', '/version/']}],
    'system:basic-user': [{'verbs': ['create'], 'apiGroups': ['authorization.k8s.io'], 'resources': ['selfsubjectaccessreviews', 'selfsubjectrulesreviews']},
                          {'verbs': ['create'], 'apiGroups': ['authentication.k8s.io'], 'resources': ['selfsubjectreviews']}],
    'system:auth-delegator': [{'verbs': ['create'], 'apiGroups': ['authentication.k8s.io'], 'resources': ['tokenreviews']}, REVIEW],
    'view': [{'verbs': READ, 'apiGroups': ['', 'apps', 'batch', 'networking.k8s.io', 'policy'],
              'resources': ['configmaps', 'endpoints', 'events', 'pods', 'pods/log', 'services', 'serviceaccounts', 'deployments', 'jobs', 'cronjobs', 'networkpolicies',
                            'poddisruptionbudgets']}],
    'edit': [{'verbs': READ + WRITE, 'apiGroups': ['', 'apps', 'batch', 'networking.k8s.io', 'policy'], 'resources': ['*']}],
    'admin': [{'verbs': READ + WRITE, 'apiGroups': ['', 'apps', 'batch', 'networking.k8s.io', 'policy', GROUP], 'resources': ['*']}],
}
BINDINGS = {'cluster-admin': ['system:masters'], 'system:discovery': ['system:authenticated'], 'system:basic-user': ['system:authenticated'],
            'system:public-info-viewer': ['system:authenticated', 'system:unauthenticated']}
AUTHENTICATION = 'extension-apiserver-authentication'


def fill(objects, client_ca, front_proxy_ca):
    def create(group, plural, namespace, item):
        kind = objects.kinds[(group, plural)]
        objects.create(kind, kind.versions[0], namespace, item)
    for name in ('default', 'kube-system', 'kube-public', 'kube-node-lease'):
        create('', 'namespaces', '', {'metadata': {'name': name}})
    for name, rules in CLUSTER_ROLES.items():
        create(GROUP, 'clusterroles', '', {'metadata': {'name': name}, 'rules': rules})
    for name, groups in BINDINGS.items():
        create(GROUP, 'clusterrolebindings', '', {'metadata': {'name': name}, 'roleRef': {'apiGroup': GROUP, 'kind': 'ClusterRole', 'name': name},
                                                 'subjects': [{'apiGroup': GROUP, 'kind': 'Group', 'name': group} for group in groups]})
    create('', 'configmaps', 'kube-system', {'metadata': {'name': AUTHENTICATION}, 'data': authentication_data(client_ca, front_proxy_ca)})
    create(GROUP, 'roles', 'kube-system', {'metadata': {'name': AUTHENTICATION + '-reader'}, 'rules': [
        {'verbs': READ, 'apiGroups': [''], 'resources': ['configmaps'], 'resourceNames': [AUTHENTICATION]}]})


def authentication_data(client_ca, front_proxy_ca, names=('front-proxy-client',)):
    return {'client-ca-file': client_ca, 'requestheader-client-ca-file': front_proxy_ca, 'requestheader-allowed-names': json.dumps(list(names)),
            'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]', 'requestheader-group-headers': '["X-Remote-Group"]',
            'requestheader-uid-headers': '["X-Remote-Uid"]', 'requestheader-username-headers': '["X-Remote-User"]'}
