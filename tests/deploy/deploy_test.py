"""The manifests of deploy/ fit together: with each other, with Kubernetes' own types, and with the flags of pedia."""
import copy
import functools
import glob
import itertools
import os
import re
import subprocess
import unittest

import yaml

import manifests
import rules
import schema  # Of tests/host.

build = functools.lru_cache(maxsize=None)(manifests.kustomize)
SINGLE_NODE = 'overlays/single-node'  # Has no pod of the manager by itself.
COMMANDS = ('apiserver', 'clustersynchro-manager', 'controller-manager')
# Change the pod of the manager itself.
NOT_SINGLE_NODE = ('service-monitor', 'auto-sharding', 'secrets')
HERE = os.path.dirname(os.path.abspath(__file__))

# Values of Clusterpedia's chart, as its users have them, and what the chart must then be.
VALUES = {name: yaml.safe_load(text) for name, text in {
    'defaults': '{}',
    'mysql': '{postgresql: {enabled: false}, mysql: {enabled: true}}',
    'everything': '''
        {installCRDs: true, fineGrainedAuthorization: true, proxy: {enabled: true}, authenticationFrom: {enabled: true}, dashboard: {enabled: true},
         commonLabels: {team: platform}, commonAnnotations: {note: x}, global: {imageRegistry: registry.example, imagePullSecrets: [pull]},
         apiserver: {replicaCount: 3, podLabels: {a: b}, podAnnotations: {c: d}, nodeSelector: {disk: ssd}, tolerations: [{operator: Exists}],
                     featureGates: {RemainingItemCount: true}, extraFlags: [--max-requests-inflight=200], image: {tag: v9.9.9, pullSecrets: [pull, more]}},
         clustersynchroManager: {serviceMonitor: {labels: {release: p}}, resources: {requests: {memory: 1Gi}, limits: {memory: 1Gi}}}}''',
    'external': '''
        {storageInstallMode: external, postgresql: {enabled: false},
         externalStorage: {type: postgres, host: db.example, port: 6432, user: u, password: p, database: d}}''',
    'dsn': '{storageInstallMode: external, postgresql: {enabled: false}, externalStorage: {type: mysql, dsn: "u:p@tcp(db:3306)/d"}}',
    'cert-manager': '{certificate: {mode: certManager}}',
    'own certificate': '{certificate: {mode: secret, secretName: mine, caBundle: PEM}, networkPolicy: {enabled: false}, apiserver: {replicaCount: 1}}',
    'no volume': '{postgresql: {primary: {persistence: {enabled: false}}}}',
}.items()}


@functools.lru_cache(maxsize=None)
def chart(name):
    arguments = ('--api-versions', 'monitoring.coreos.com/v1') if name == 'everything' else ()
    return manifests.helm(VALUES[name], arguments=arguments)


def stacks():
    """Everything that is applied at once: (name, objects, what others make)."""
    for base in ['base'] + ['overlays/' + name for name in manifests.OVERLAYS]:
        made = rules.MADE_SECRETS | ({'clusterpedia-internalstorage'} if base == 'base' else set())
        for count in (0, 1, len(manifests.COMPONENTS)):
            for components in itertools.combinations(manifests.COMPONENTS, count):
                if base == SINGLE_NODE:
                    components = tuple(name for name in components if name not in NOT_SINGLE_NODE)
                yield base + ' ' + ' '.join(components), build(base, components), made
    for name in VALUES:
        yield 'chart ' + name, chart(name), {'mine', 'clusterpedia-apiserver-certificate'}


POLICIES = sorted(os.listdir(os.path.join(manifests.DEPLOY, 'policies')))


class ManifestTest(unittest.TestCase):
    def test_everything_that_is_applied_together_fits_together(self):
        for name, objects, made in stacks():
            with self.subTest(name):
                self.assertEqual([], rules.problems(objects, made))

    def test_an_old_kubectl_builds_the_definitions(self):
        self.assertEqual(build('crds'), manifests.load(manifests.run(manifests.tool('kubectl-old'), 'kustomize', os.path.join(manifests.DEPLOY, 'crds'))))

    def test_accounts_of_members_only_read(self):
        for name in manifests.MEMBERS:
            with self.subTest(name):
                objects = build('member/' + name)
                account = build('member/reader') if name == 'proxy' else []
                self.assertEqual([], rules.problems(objects + account))
                verbs = {verb for item in objects for rule in item.get('rules', []) for verb in rule['verbs']}
                self.assertEqual({'impersonate'} if name == 'proxy' else {'get', 'list', 'watch'}, verbs)
                resources = [word for item in objects for rule in item.get('rules', []) for word in rule['resources']]
                self.assertEqual(name == 'reader-with-secrets', 'secrets' in resources)

    def test_secrets_may_be_read_only_in_the_namespace_of_pedia_and_only_if_told(self):
        for name, objects, _ in stacks():
            readers = [item for item in objects for rule in item.get('rules') or [] if 'secrets' in rule.get('resources', [])]
            told = 'secrets' in name.split() or name == 'chart everything'
            self.assertEqual([('Role', 'clusterpedia-system', 'clusterpedia-secret-reader')] if told else [],
                             [(item['kind'], item['metadata']['namespace'], item['metadata']['name']) for item in readers], name)
            gates = [argument for _, _, container in rules.containers(objects) for argument in container.get('args', []) if 'ClusterAuthenticationFromSecret=true' in argument]
            self.assertEqual(2 if told else 0, len(gates), name)

    def test_nobody_but_administrators_may_read_pediaclusters(self):
        roles = {item['metadata']['name']: item for item in build('base') if item['kind'] == 'ClusterRole'}
        readers = {name for name, role in roles.items() for rule in role['rules'] if 'pediaclusters' in rule.get('resources', [])}
        self.assertEqual({'clusterpedia-admin', 'clusterpedia-apiserver', 'clusterpedia-clustersynchro-manager', 'clusterpedia-controller-manager'}, readers)
        labels = [label for role in roles.values() for label in role['metadata'].get('labels', {})]
        self.assertFalse([label for label in labels if label.startswith('rbac.authorization.k8s.io/')])

    def test_two_managers_share_the_work_only_with_auto_sharding(self):
        for name, options in (('plain', ()), ('sharding', ('auto-sharding',))):
            item = manifests.find(build('base', options), 'Deployment', 'clusterpedia-clustersynchro-manager')
            arguments = item['spec']['template']['spec']['containers'][0]['args']
            self.assertEqual((2, False) if name == 'plain' else (3, True), (item['spec']['replicas'], '--auto-sharding' in arguments))
            self.assertFalse([argument for argument in arguments if argument.startswith('--leader-elect=')])

    def test_each_policy_brings_the_rights_to_read_its_sources_and_nothing_else(self):
        for name in POLICIES:
            with self.subTest(name):
                objects = build('policies/' + name)
                policy = manifests.find(objects, 'ClusterImportPolicy', name)
                wanted = {(each['group'], each['resource']) for each in [policy['spec']['source'], *policy['spec'].get('references', [])]}
                role = manifests.find(objects, 'ClusterRole', 'clusterpedia-import-' + name)
                self.assertEqual({'clusterpedia.io/aggregate-to-controller-manager': 'true'}, role['metadata']['labels'])
                self.assertEqual(wanted, {(group, resource) for rule in role['rules'] for group in rule['apiGroups'] for resource in rule['resources']})
                self.assertEqual({('get', 'list', 'watch')}, {tuple(rule['verbs']) for rule in role['rules']})
                self.assertEqual(2, len(objects))
                definition = manifests.find(build('crds'), 'CustomResourceDefinition', 'clusterimportpolicies.policy.clusterpedia.io')
                causes = []
                self.assertEqual(policy, schema.apply(definition['spec']['versions'][0]['schema']['openAPIV3Schema'], policy, '', causes))
                self.assertEqual([], causes)

    def test_overlays_let_no_other_pods_into_the_namespace(self):
        for base in ['base'] + ['overlays/' + name for name in manifests.OVERLAYS]:
            labels = manifests.find(build(base), 'Namespace', 'clusterpedia-system')['metadata']['labels']
            self.assertEqual(None if base == 'base' else 'restricted', labels.get('pod-security.kubernetes.io/enforce'))

    def test_components_set_the_flags_of_the_apiserver_and_of_nothing_else(self):
        for overlay in manifests.OVERLAYS:
            plain, proxy = build('overlays/' + overlay), build('overlays/' + overlay, ('fine-grained', 'proxy'))
            difference = []
            for before, after in zip(rules.containers(plain), rules.containers(proxy)):
                difference += [(after[2]['name'], argument) for argument in after[2].get('args', []) if argument not in before[2].get('args', [])]
            self.assertEqual({'apiserver'}, {name for name, _ in difference})
            self.assertIn(('apiserver', '--proxy-impersonate-user'), difference)
            self.assertIn(('apiserver', '--fine-grained-authorization'), difference)


class ReadmeTest(unittest.TestCase):
    def test_what_the_readme_names_is_there(self):
        with open(os.path.join(manifests.DEPLOY, 'README.md')) as file:
            text = file.read()
        paths = set(re.findall(r'(?:deploy/)?((?:components|member|overlays|policies|dashboards|charts)/[-\w./]*[\w/])', text))
        self.assertGreater(len(paths), 10)
        self.assertEqual([], [path for path in paths if not os.path.exists(os.path.join(manifests.DEPLOY, path))])
        roles = set(re.findall(r'`(clusterpedia-(?:view|admin|metrics)[-\w]*)`', text))
        self.assertEqual(set(), roles - {item['metadata']['name'] for item in build('base')})


class RulesTest(unittest.TestCase):
    """Each rule finds what it is there to find."""

    # kind, name of an object, a path in it, the value that is put there (None: removed), and what must be said.
    CHANGES = [
        ('Deployment', 'clusterpedia-apiserver', 'spec.replica', 1, 'is not a field of V1DeploymentSpec'),
        ('Deployment', 'clusterpedia-apiserver', 'spec.replicas', 'two', 'must be of type int'),
        ('Deployment', 'clusterpedia-apiserver', 'spec.template.spec.containers.0.ports.0.containerPort', None, '`container_port`, must not be `None`'),
        ('Deployment', 'clusterpedia-apiserver', 'apiVersion', 'apps/v9', 'nobody knows apps/v9'),
        ('Deployment', 'clusterpedia-apiserver', 'metadata.namespace', None, 'its namespace'),
        ('Deployment', 'clusterpedia-apiserver', 'metadata.name', 'clusterpedia-clustersynchro-manager', 'is there twice'),
        ('Deployment', 'clusterpedia-apiserver', 'metadata.name', 'Pedia', 'its name'),
        ('Deployment', 'clusterpedia-apiserver', 'spec.template.metadata.labels.app', 'other', 'does not select its own pods'),
        ('Deployment', 'clusterpedia-apiserver', 'spec.template.metadata.labels.app', 'other', 'lets in pods that are not there'),
        ('Service', 'clusterpedia-apiserver', 'spec.selector.app', 'other', 'Service clusterpedia-apiserver selects no pods'),
        ('Service', 'clusterpedia-apiserver', 'spec.ports.0.targetPort', 'http', 'no port http in the pods'),
        ('PodDisruptionBudget', 'clusterpedia-apiserver', 'spec.selector.matchLabels.app', 'other', 'selects no pods'),
        ('PodDisruptionBudget', 'clusterpedia-clustersynchro-manager', 'metadata.namespace', 'default', 'has no disruption budget'),
        ('PodDisruptionBudget', 'clusterpedia-clustersynchro-manager', 'spec.minAvailable', 2, 'lets no pod be moved'),
        ('NetworkPolicy', 'clusterpedia-apiserver', 'spec.ingress.0.ports.0.port', 'http', 'no port http in the pods'),
        ('Deployment', 'clusterpedia-apiserver', 'spec.template.spec.serviceAccountName', 'other', 'needs ServiceAccount other'),
        ('Deployment', 'clusterpedia-apiserver', 'spec.template.spec.volumes.0.configMap.name', 'other', 'needs ConfigMap other'),
        ('Deployment', 'clusterpedia-apiserver', 'spec.template.spec.volumes.1.secret.secretName', 'other', 'needs Secret other'),
        ('Deployment', 'clusterpedia-apiserver', 'spec.template.spec.containers.0.env.1.valueFrom.secretKeyRef.name', 'other', 'needs Secret other'),
        ('Deployment', 'clusterpedia-apiserver', 'spec.template.spec.containers.0.volumeMounts.2', None, 'mounts'),
        ('APIService', 'v1beta1.clusterpedia.io', 'spec.service.port', 444, 'names a service that is not there'),
        ('APIService', 'v1beta1.clusterpedia.io', 'spec.service.namespace', 'default', 'names a service that is not there'),
        ('APIService', 'v1beta1.clusterpedia.io', 'spec.insecureSkipTLSVerify', True, 'does not verify'),
        ('ClusterRole', 'clusterpedia-apiserver', 'rules.0.resources.0', '*', 'has a wildcard'),
        ('ClusterRole', 'clusterpedia-apiserver', 'rules.0.verbs.0', 'escalate', 'verbs'),
        ('ClusterRoleBinding', 'clusterpedia-apiserver', 'roleRef.name', 'cluster-admin', 'names a role that is not there'),
        ('ClusterRoleBinding', 'clusterpedia-apiserver', 'subjects.0.namespace', 'default', 'there is no account'),
        ('Deployment', 'clusterpedia-apiserver', 'spec.template.spec.securityContext.runAsNonRoot', None, 'runAsNonRoot is None'),
        ('Deployment', 'clusterpedia-apiserver', 'spec.template.spec.securityContext.runAsUser', 0, 'runs as root'),
        ('Deployment', 'clusterpedia-apiserver', 'spec.template.spec.securityContext.seccompProfile', None, 'seccompProfile is None'),
        ('Deployment', 'clusterpedia-apiserver', 'spec.template.spec.containers.0.securityContext.capabilities.drop', [], 'capabilities is'),
        ('Deployment', 'clusterpedia-apiserver', 'spec.template.spec.containers.0.securityContext.readOnlyRootFilesystem', False, 'readOnlyRootFilesystem is False'),
        ('Deployment', 'clusterpedia-apiserver', 'spec.template.spec.containers.0.securityContext.allowPrivilegeEscalation', None, 'allowPrivilegeEscalation is None'),
        ('Deployment', 'clusterpedia-apiserver', 'spec.template.spec.hostNetwork', True, 'uses its node'),
        ('Deployment', 'clusterpedia-apiserver', 'spec.template.spec.containers.0.resources.limits', None, 'no request or limit of memory'),
        ('Deployment', 'clusterpedia-apiserver', 'spec.template.spec.containers.0.image', 'pedia:latest', 'has no version'),
        ('Deployment', 'clusterpedia-apiserver', 'spec.template.spec.containers.0.livenessProbe.httpGet.path', '/health', 'its probe asks'),
        ('Deployment', 'clusterpedia-apiserver', 'spec.template.spec.containers.0.livenessProbe.httpGet.scheme', None, 'its probe asks'),
        ('Deployment', 'clusterpedia-apiserver', 'spec.template.spec.containers.0.livenessProbe.httpGet.port', 'http', 'its probe asks port http'),
        ('Deployment', 'clusterpedia-apiserver', 'spec.template.spec.containers.0.ports.0.containerPort', 443, '--secure-port=6443 is not port https'),
    ]

    def test_each_rule_finds_what_is_wrong(self):
        for kind, name, path, value, message in self.CHANGES:
            with self.subTest(path=path, value=value):
                objects = copy.deepcopy(build('overlays/postgres'))
                place = manifests.find(objects, kind, name)
                *way, last = [int(step) if step.isdigit() else step for step in path.split('.')]
                for step in way:
                    place = place[step]
                if value is None:
                    del place[last]
                else:
                    place[last] = value
                self.assertIn(message, '\n'.join(rules.problems(objects, rules.MADE_SECRETS)))


class FlagTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.help = {command: manifests.run(manifests.PEDIA, command, '--help') for command in COMMANDS}

    def unknown_flags(self, container):
        command, *flags = container['args']
        return [flag for flag in flags if not re.search(r'(^|[\s,])' + re.escape(flag.partition('=')[0]) + r'(?![-\w])', self.help[command])]

    def test_every_flag_is_one_that_pedia_knows(self):
        for name, objects, _ in stacks():
            for where, _, container in rules.containers(objects):
                if container['name'] not in ('apiserver', 'manager'):
                    continue
                with self.subTest(name + ' ' + where):
                    self.assertEqual([], self.unknown_flags(container))

    def test_a_flag_that_pedia_does_not_know_is_found(self):
        self.assertEqual(['--secure=1'], self.unknown_flags({'args': ['apiserver', '--secure=1', '--secure-port=1']}))

    def test_the_settings_of_the_store_are_ones_that_pedia_knows(self):
        known = set()
        for path in glob.glob(os.path.join(manifests.ROOT, 'cmd', 'storage_*.cc')):
            with open(path) as file:
                known |= set(re.findall(r'"(\w+)"', file.read()))
        for name, objects, _ in stacks():
            for config in [item for item in objects if 'internalstorage-config.yaml' in item.get('data', {})]:
                settings = yaml.safe_load(config['data']['internalstorage-config.yaml'])
                with self.subTest(name):
                    self.assertEqual(set(), {key for part in (settings, settings.get('connPool', {})) for key in part} - known)

    def test_the_version_of_the_image_is_that_of_pedia(self):
        with open(os.path.join(manifests.ROOT, 'CMakeLists.txt')) as file:
            version = 'v' + re.search(r'project\(pedia VERSION (\S+)', file.read()).group(1)
        for objects in [build('overlays/' + name) for name in manifests.OVERLAYS] + [chart('defaults')]:
            images = {container['image'] for _, _, container in rules.containers(objects) if container['name'] in ('apiserver', 'manager')}
            self.assertEqual({'pedia:' + version}, images)
        with open(os.path.join(manifests.DEPLOY, 'Dockerfile')) as file:
            self.assertEqual({version}, set(re.findall(r'(?:pedia:|version=")(v[\d.]+)', file.read())))


class ChartTest(unittest.TestCase):
    def test_the_chart_is_what_the_kustomization_is(self):
        """Pods, roles and policies are the same; names, labels and the database's settings are the chart's."""
        flags = ('auto-sharding', 'fine-grained', 'proxy', 'secrets')
        values = {'fineGrainedAuthorization': True, 'proxy': {'enabled': True}, 'authenticationFrom': {'enabled': True},
                  'clustersynchroManager': {'autoSharding': True, 'replicaCount': 3}}
        for ours, theirs in ((build('overlays/postgres'), chart('defaults')), (build('overlays/mysql'), chart('mysql')),
                             (build('overlays/postgres', flags), manifests.helm(values))):
            for name in ('clusterpedia-apiserver', 'clusterpedia-clustersynchro-manager', 'clusterpedia-controller-manager'):
                self.assertEqual(self.pod(ours, name), self.pod(theirs, name))
            for kind in ('Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'):
                self.assertEqual(self.roles(ours, kind), self.roles(theirs, kind))

    def pod(self, objects, name):
        item = copy.deepcopy(manifests.find(objects, 'Deployment', name))
        pod = item['spec']['template']['spec']
        for constraint in pod.get('topologySpreadConstraints', []):
            del constraint['labelSelector']
        for container in pod['containers']:
            container.pop('imagePullPolicy', None)
            gates = [gate for argument in container['args'] if argument.startswith('--feature-gates=') for gate in argument.partition('=')[2].split(',')]
            of_values = ('--feature-gates=', '--worker-number=', '--leader-elect-')
            container['args'] = sorted(argument for argument in container['args'] if not argument.startswith(of_values)) + sorted(gates)
            for variable in container['env']:
                variable.get('valueFrom', {}).pop('secretKeyRef', None)
        return {'replicas': item['spec']['replicas'], 'strategy': item['spec']['strategy'], 'pod': pod}

    def roles(self, objects, kind):
        return {item['metadata']['name']: (item.get('rules'), item.get('aggregationRule'), item.get('roleRef'), item.get('subjects'))
                for item in objects if item['kind'] == kind}

    def test_names_follow_the_release(self):
        objects = manifests.helm(release='search')
        self.assertEqual([], rules.problems(objects))
        names = {item['metadata']['name'] for item in objects if item['kind'] != 'APIService'}
        self.assertEqual([], [name for name in names if not name.startswith('search-clusterpedia')])

    def test_values_of_clusterpedia_that_would_do_harm_are_refused(self):
        for values, message in (({'postgresql': {'enabled': False}}, 'enable postgresql or mysql'), ({'mysql': {'enabled': True}}, 'enable postgresql or mysql'),
                                ({'storageInstallMode': 'external'}, 'externalStorage.type must be'),
                                ({'storageInstallMode': 'external', 'externalStorage': {'createDatabase': True}}, 'createDatabase is not offered'),
                                ({'storageInstallMode': 'external', 'externalStorage': {'type': 'postgres'}}, 'externalStorage.'),
                                ({'certificate': {'mode': 'none'}}, 'certificate.mode must be')):
            with self.subTest(values), self.assertRaises(subprocess.CalledProcessError) as error:
                manifests.helm(values)
            self.assertIn(message, error.exception.stderr)

    def test_external_databases_are_reached_as_the_values_say(self):
        objects = chart('external')
        config = yaml.safe_load(manifests.find(objects, 'ConfigMap', 'clusterpedia-internalstorage')['data']['internalstorage-config.yaml'])
        self.assertEqual(('postgres', 'db.example', 6432, 'u', 'd'), tuple(config[key] for key in ('type', 'host', 'port', 'user', 'database')))
        self.assertFalse([item for item in objects if item['kind'] == 'StatefulSet'])
        policy = manifests.find(objects, 'NetworkPolicy', 'clusterpedia-apiserver')
        self.assertIn({'port': 6432}, policy['spec']['egress'][1]['ports'])
        for where, _, container in rules.containers(chart('dsn')):
            if container['args'][0] == 'controller-manager':
                continue  # Has no store.
            self.assertIn('DB_DSN', [variable['name'] for variable in container['env']], where)

    def test_definitions_are_installed_when_asked_for_and_never_removed(self):
        self.assertFalse([item for item in chart('defaults') if item['kind'] == 'CustomResourceDefinition'])
        found = [item for item in chart('everything') if item['kind'] == 'CustomResourceDefinition']
        self.assertEqual({item['metadata']['name']: item['spec'] for item in build('crds')}, {item['metadata']['name']: item['spec'] for item in found})
        self.assertEqual({'keep'}, {item['metadata']['annotations']['helm.sh/resource-policy'] for item in found})


class DefinitionTest(unittest.TestCase):
    """Objects under examples/<definition>: those of good.yaml are accepted and kept as they are, those of bad.yaml are not."""

    def examples(self, kind):
        for name in ('good', 'bad'):
            for definition in build('crds'):
                with open(os.path.join(HERE, 'examples', definition['spec']['names']['singular'], name + '.yaml')) as file:
                    for item in yaml.safe_load_all(file):
                        if kind == name:
                            yield definition, item

    def apply(self, definition, item):
        version = definition['spec']['versions'][0]
        self.assertEqual(definition['spec']['group'] + '/' + version['name'], item['apiVersion'])
        self.assertEqual(definition['spec']['names']['kind'], item['kind'])
        causes = []
        return schema.apply(version['schema']['openAPIV3Schema'], item, '', causes), causes

    def test_good_objects_are_kept_as_they_are(self):
        for definition, item in self.examples('good'):
            with self.subTest(item['metadata']['name']):
                self.assertEqual((item, []), self.apply(definition, item))

    def test_bad_objects_are_refused_for_what_is_wrong(self):
        for definition, item in self.examples('bad'):
            with self.subTest(item['metadata']['name']):
                kept, causes = self.apply(definition, item)
                wrong = item['metadata']['annotations']['wrong']
                self.assertTrue(any(cause.startswith(wrong) for cause in causes), (wrong, causes))

    def test_schemas_are_structural(self):
        def walk(node, path):
            self.assertIn(node.get('type'), ('object', 'array', 'string', 'boolean', 'integer'), path)
            self.assertFalse({'$ref', 'oneOf', 'anyOf', 'allOf', 'not', 'definitions'} & set(node), path)
            self.assertEqual(node['type'] == 'array', 'items' in node, path)
            for key in node.get('required', []) + node.get('x-kubernetes-list-map-keys', []):
                self.assertIn(key, node['properties'] if node['type'] == 'object' else node['items']['required'], path)
            for key, below in node.get('properties', {}).items():
                walk(below, path + '.' + key)
            for below in [node[key] for key in ('items', 'additionalProperties') if key in node]:
                walk(below, path + '[]')

        for definition in build('crds'):
            spec = definition['spec']
            self.assertEqual(definition['metadata']['name'], spec['names']['plural'] + '.' + spec['group'])
            self.assertEqual([True], [version['storage'] for version in spec['versions']])
            walk(spec['versions'][0]['schema']['openAPIV3Schema'], spec['names']['kind'])


if __name__ == '__main__':
    unittest.main()
