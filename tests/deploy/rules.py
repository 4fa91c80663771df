"""What must hold between the objects that are applied together. Each function yields what is wrong, in words."""
import re

import manifests
import models

# Kinds of others, whose schemas are not at hand.
FOREIGN = {('monitoring.coreos.com/v1', 'ServiceMonitor'), ('cert-manager.io/v1', 'Issuer'), ('cert-manager.io/v1', 'Certificate')}
CLUSTER_SCOPED = {'Namespace', 'ClusterRole', 'ClusterRoleBinding', 'CustomResourceDefinition', 'APIService'}
# Made by deploy/secrets or cert-manager; those of an existing deployment of Clusterpedia.
MADE_SECRETS = {'clusterpedia-apiserver-certificate', 'internalstorage-password'}
KUBERNETES_ROLES = {('ClusterRole', 'system:auth-delegator'), ('Role', 'extension-apiserver-authentication-reader')}
VERBS = {'get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'impersonate'}
HEALTH_PATHS = {'/livez', '/readyz', '/healthz'}


def title(item):
    return item['kind'] + ' ' + item['metadata']['name']


def selects(selector, labels):
    return all(labels.get(key) == value for key, value in selector.items())


def named(objects, kind):
    return {item['metadata']['name']: item for item in objects if item['kind'] == kind}


def containers(objects):
    for item, _, pod in manifests.pod_templates(objects):
        for container in pod.get('initContainers', []) + pod['containers']:
            yield title(item) + ' ' + container['name'], pod, container


def check_objects(objects):
    seen = set()
    for item in objects:
        wrong = models.problems(item)
        if wrong is None and (item['apiVersion'], item['kind']) not in FOREIGN:
            yield '%s: nobody knows %s' % (title(item), item['apiVersion'])
        yield from wrong or ()
        metadata = item['metadata']
        if ('namespace' in metadata) == (item['kind'] in CLUSTER_SCOPED):
            yield '%s: its namespace' % title(item)
        if not re.fullmatch(r'[a-z0-9]([-.:a-z0-9]{0,61}[a-z0-9])?', metadata['name']):
            yield '%s: its name' % title(item)
        key = (item['kind'], metadata.get('namespace'), metadata['name'])
        if key in seen:
            yield '%s is there twice' % title(item)
        seen.add(key)


def check_selectors(objects):
    pods = [(metadata['labels'], pod) for _, metadata, pod in manifests.pod_templates(objects)]
    for item, metadata, _ in manifests.pod_templates(objects):
        if not selects(item['spec']['selector']['matchLabels'], metadata['labels']):
            yield '%s does not select its own pods' % title(item)
    for item in objects:
        spec = item.get('spec', {})
        selector = {'Service': lambda: spec['selector'], 'PodDisruptionBudget': lambda: spec['selector']['matchLabels'],
                    'NetworkPolicy': lambda: spec['podSelector']['matchLabels']}.get(item['kind'])
        if selector is None:
            continue
        chosen = [pod for labels, pod in pods if selects(selector(), labels)]
        if not chosen:
            yield '%s selects no pods' % title(item)
        ports = spec.get('ports', []) + [port for rule in spec.get('ingress', []) for port in rule.get('ports', [])]
        for port in ports:
            target = port.get('targetPort', port['port'])
            for pod in chosen:
                known = {known for container in pod['containers'] for each in container.get('ports', []) for known in (each['name'], each.get('containerPort'))}
                if target not in known:
                    yield '%s: no port %s in the pods' % (title(item), target)
        for peer in [peer for rule in spec.get('ingress', []) for peer in rule.get('from', [])]:
            if 'namespaceSelector' not in peer and not any(selects(peer['podSelector']['matchLabels'], labels) for labels, _ in pods):
                yield '%s lets in pods that are not there: %s' % (title(item), peer)


def references(container):
    """(kind, name) of what environment variables are taken from."""
    for variable in container.get('env', []):
        source = variable.get('valueFrom', {})
        for key, kind in (('secretKeyRef', 'Secret'), ('configMapKeyRef', 'ConfigMap')):
            if key in source:
                yield kind, source[key]['name']


def check_references(objects, made=()):
    """`made`: Secrets and ConfigMaps that others make."""
    def exists(kind, name):
        return name in named(objects, kind) or kind in ('Secret', 'ConfigMap') and name in made

    for item, _, pod in manifests.pod_templates(objects):
        wanted = [('ServiceAccount', pod['serviceAccountName'])]
        claims = {claim['metadata']['name'] for claim in item['spec'].get('volumeClaimTemplates', [])}
        volumes = {volume['name'] for volume in pod.get('volumes', [])} | claims
        mounted = set()
        for volume in pod.get('volumes', []):
            wanted += [(kind, volume[key][field]) for key, field, kind in (('secret', 'secretName', 'Secret'), ('configMap', 'name', 'ConfigMap'),
                                                                          ('persistentVolumeClaim', 'claimName', 'PersistentVolumeClaim')) if key in volume]
        for container in pod['containers']:
            wanted += references(container)
            mounted |= {mount['name'] for mount in container['volumeMounts']}
        if volumes != mounted:
            yield '%s: volumes %s, mounts %s' % (title(item), sorted(volumes), sorted(mounted))
        for kind, name in wanted:
            if not exists(kind, name):
                yield '%s needs %s %s' % (title(item), kind, name)
    for name, item in named(objects, 'APIService').items():
        service = item['spec']['service']
        found = named(objects, 'Service').get(service['name'])
        if found is None or found['metadata']['namespace'] != service['namespace'] or service['port'] not in [port['port'] for port in found['spec']['ports']]:
            yield '%s names a service that is not there' % name
        if item['spec'].get('insecureSkipTLSVerify'):
            yield '%s does not verify' % name


def check_roles(objects):
    roles = {(item['kind'], item['metadata']['name']) for item in objects if item['kind'] in ('Role', 'ClusterRole')} | KUBERNETES_ROLES
    for item in objects:
        for rule in item.get('rules', []) if item['kind'] in ('Role', 'ClusterRole') else []:
            words = [word for words in rule.values() for word in words]
            if any('*' in word for word in words):
                yield '%s has a wildcard' % title(item)
            if not set(rule['verbs']) <= VERBS:
                yield '%s: verbs %s' % (title(item), rule['verbs'])
        if item['kind'] in ('RoleBinding', 'ClusterRoleBinding'):
            reference = item['roleRef']
            if (reference['kind'], reference['name']) not in roles:
                yield '%s names a role that is not there' % title(item)
            for subject in item['subjects']:
                account = named(objects, 'ServiceAccount').get(subject['name'])
                if account is None or account['metadata']['namespace'] != subject['namespace']:
                    yield '%s: there is no account %s' % (title(item), subject['name'])


def check_security(objects):
    for where, pod, container in containers(objects):
        context = {**pod.get('securityContext', {}), **container.get('securityContext', {})}
        wanted = {'runAsNonRoot': True, 'allowPrivilegeEscalation': False, 'readOnlyRootFilesystem': True, 'capabilities': {'drop': ['ALL']},
                  'seccompProfile': {'type': 'RuntimeDefault'}}
        for key, value in wanted.items():
            if context.get(key) != value:
                yield '%s: %s is %s' % (where, key, context.get(key))
        if not context.get('runAsUser') or context.get('privileged'):
            yield '%s runs as root' % where
        if any(pod.get(key) for key in ('hostNetwork', 'hostPID', 'hostIPC')) or any('hostPath' in volume for volume in pod['volumes']):
            yield '%s uses its node' % where
        resources = container.get('resources', {})
        if not resources.get('requests', {}).get('memory') or not resources.get('limits', {}).get('memory'):
            yield '%s: no request or limit of memory' % where
        if not re.search(r':[^/]*\d', container['image']):
            yield '%s: image %s has no version' % (where, container['image'])


def check_probes(objects):
    for where, _, container in containers(objects):
        ports = {port['name']: port.get('containerPort') for port in container['ports']}
        probes = [container[key] for key in ('startupProbe', 'livenessProbe', 'readinessProbe') if key in container]
        if not probes:
            yield '%s has no probe' % where
        for probe in probes:
            port = (probe.get('httpGet') or probe.get('tcpSocket') or {}).get('port')
            if port is not None and port not in ports:
                yield '%s: its probe asks port %s' % (where, port)
            if 'httpGet' in probe and (probe['httpGet']['path'] not in HEALTH_PATHS or (probe['httpGet'].get('scheme') == 'HTTPS') != (port == 'https')):
                yield '%s: its probe asks %s' % (where, probe['httpGet'])
        for flag, name in (('--secure-port', 'https'), ('--metrics-port', 'metrics')):
            for argument in container.get('args', []):
                if argument.startswith(flag + '=') and ports.get(name) != int(argument.partition('=')[2]):
                    yield '%s: %s is not port %s' % (where, argument, name)


def check_budgets(objects):
    budgets = [item for item in objects if item['kind'] == 'PodDisruptionBudget']
    for item, metadata, _ in manifests.pod_templates(objects):
        replicas = item['spec'].get('replicas', 1)
        if not isinstance(replicas, int):
            continue  # Which check_objects says.
        found = [budget['spec'] for budget in budgets if budget['metadata'].get('namespace') == item['metadata'].get('namespace')
                 and selects(budget['spec']['selector']['matchLabels'], metadata['labels'])]
        if replicas > 1 and not found:
            yield '%s has no disruption budget' % title(item)
        if any(budget['minAvailable'] >= replicas for budget in found):
            yield '%s: its disruption budget lets no pod be moved' % title(item)


def problems(objects, made=()):
    return [problem for check in (check_objects, check_selectors, check_roles, check_security, check_probes, check_budgets) for problem in check(objects)] \
        + list(check_references(objects, made))
