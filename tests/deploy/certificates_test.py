"""Passwords and certificates: those that deploy/secrets makes, and those of the chart."""
import base64
import os
import subprocess
import tempfile
import unittest

import manifests
import host_process  # Of tests/host.

NAMESPACE = '/api/v1/namespaces/clusterpedia-system/'
APISERVICE = '/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.clusterpedia.io'
CERTIFICATE = 'clusterpedia-apiserver-certificate'
SERVER = 'clusterpedia-apiserver.clusterpedia-system.svc'


def decode(text):
    return base64.b64decode(text, validate=True)


class CertificateTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def start(self):
        """A management cluster with pedia's namespace and APIService."""
        self.host = host_process.HostProcess(self.folder)
        self.addCleanup(self.host.stop)
        base = manifests.kustomize('base')
        self.host.apply(manifests.find(base, 'Namespace', 'clusterpedia-system'), manifests.find(base, 'APIService', 'v1beta1.clusterpedia.io'))

    def cluster(self):
        """({name: Secret}, the APIService's spec)"""
        secrets = {item['metadata']['name']: {'type': item.get('type', 'Opaque'), 'data': item['data']} for item in self.host.json(NAMESPACE + 'secrets')['items']}
        return secrets, self.host.json(APISERVICE)['spec']

    def secrets(self, *arguments, kubectl='kubectl-new', kubeconfig=None):
        """Runs deploy/secrets; returns the cluster after it."""
        subprocess.run([os.path.join(manifests.DEPLOY, 'secrets'), *arguments], check=True, capture_output=True, text=True,
                       env={**os.environ, 'KUBECTL': manifests.tool(kubectl), 'KUBECONFIG': kubeconfig or self.host.kubeconfig})
        return self.cluster()

    def write(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, 'wb') as file:
            file.write(data)
        return path

    def verify(self, ca, certificate, key, server=SERVER):
        """As kube-apiserver does: the chain, the name, the purpose; and that the key is the certificate's."""
        path = self.write('tls.crt', certificate)
        verified = subprocess.run(['openssl', 'verify', '-x509_strict', '-purpose', 'sslserver', '-verify_hostname', server, '-CAfile', self.write('ca.crt', ca), path],
                                  capture_output=True, text=True)
        self.assertEqual(0, verified.returncode, verified.stderr)
        public = [manifests.run('openssl', *arguments) for arguments in (('x509', '-in', path, '-noout', '-pubkey'),
                                                                         ('pkey', '-in', self.write('tls.key', key), '-pubout'))]
        self.assertEqual(public[0], public[1])

    def check(self, cluster):
        secrets, service = cluster
        self.assertEqual('kubernetes.io/tls', secrets[CERTIFICATE]['type'])
        self.assertEqual({'ca.crt', 'tls.crt', 'tls.key'}, set(secrets[CERTIFICATE]['data']))
        self.trusts(service, secrets[CERTIFICATE])
        self.assertFalse(service['insecureSkipTLSVerify'])

    def trusts(self, service, secret):
        self.verify(*[decode(text) for text in (service['caBundle'], secret['data']['tls.crt'], secret['data']['tls.key'])])

    def test_the_script_makes_what_is_missing(self):
        self.start()
        self.assertNotIn('caBundle', self.cluster()[1])
        secrets, service = self.secrets(kubectl='kubectl-old')
        self.check((secrets, service))
        self.assertRegex(decode(secrets['internalstorage-password']['data']['password']).decode(), r'\A[0-9a-f]{48}\Z')
        self.assertEqual({CERTIFICATE, 'internalstorage-password'}, set(secrets))

    def test_what_is_there_stays(self):
        self.start()
        first = self.secrets()
        self.host.json(APISERVICE, 'PATCH', {'spec': {'caBundle': None}}, content_type='application/merge-patch+json')
        self.assertNotEqual(first, self.cluster())
        self.assertEqual(first, self.secrets())

    def test_a_renewed_certificate_is_trusted_beside_the_old_one_at_first(self):
        self.start()
        old_secrets, _ = self.secrets()
        secrets, service = self.secrets('--renew-certificate')
        self.check((secrets, service))
        self.assertNotEqual(old_secrets[CERTIFICATE], secrets[CERTIFICATE])
        self.assertEqual(old_secrets['internalstorage-password'], secrets['internalstorage-password'])
        self.trusts(service, old_secrets[CERTIFICATE])
        secrets, service = self.secrets()
        self.check((secrets, service))
        self.assertEqual(secrets[CERTIFICATE]['data']['ca.crt'], service['caBundle'])

    def test_the_days_are_those_that_were_asked_for(self):
        self.start()
        secrets, _ = self.secrets('--days', '30')
        path = self.write('tls.crt', decode(secrets[CERTIFICATE]['data']['tls.crt']))
        for days, lasts in ((29, True), (31, False)):
            self.assertEqual(lasts, subprocess.run(['openssl', 'x509', '-in', path, '-noout', '-checkend', str(days * 86400)], capture_output=True).returncode == 0)

    def test_nothing_is_made_by_who_may_not_see_what_there_is(self):
        self.start()
        before = self.secrets()
        writer = self.host.user('writer')
        self.host.apply(host_process.cluster_role('writer', host_process.rule('create patch', 'secrets')), host_process.binding('writer', 'writer', 'User:writer'))
        with self.assertRaises(subprocess.CalledProcessError):
            self.secrets(kubeconfig=writer['kubeconfig'])
        self.assertEqual(before, self.cluster())

    def test_an_unknown_argument_is_refused(self):
        with self.assertRaises(subprocess.CalledProcessError) as error:
            self.secrets('--renew', kubeconfig='/nonexistent')
        self.assertEqual(2, error.exception.returncode)

    def test_the_chart_makes_a_certificate_that_its_apiservice_trusts(self):
        for release, prefix in (('clusterpedia', 'clusterpedia'), ('search', 'search-clusterpedia')):
            objects = manifests.helm(release=release)
            secret = manifests.find(objects, 'Secret', prefix + '-apiserver-certificate')
            service = manifests.find(objects, 'APIService', 'v1beta1.clusterpedia.io')
            self.verify(decode(service['spec']['caBundle']), decode(secret['data']['tls.crt']), decode(secret['data']['tls.key']),
                        prefix + '-apiserver.clusterpedia-system.svc')

    def test_the_charts_passwords_are_random_or_given(self):
        def password(values):
            return decode(manifests.find(manifests.helm(values), 'Secret', 'clusterpedia-internalstorage')['data']['password']).decode()

        first, second = password({}), password({})
        self.assertNotEqual(first, second)
        self.assertGreaterEqual(len(first), 40)
        self.assertEqual('given', password({'global': {'postgresql': {'auth': {'postgresPassword': 'given'}}}}))
        self.assertEqual('his', password({'global': {'postgresql': {'auth': {'username': 'he', 'password': 'his', 'postgresPassword': 'given'}}}}))
        self.assertEqual('root', password({'postgresql': {'enabled': False}, 'mysql': {'enabled': True, 'auth': {'username': '', 'rootPassword': 'root'}}}))

    def test_certificates_of_cert_manager_have_the_name_that_is_asked_for(self):
        for objects in (manifests.kustomize('base', ('cert-manager',)), manifests.helm({'certificate': {'mode': 'certManager'}})):
            certificate = manifests.find(objects, 'Certificate', 'clusterpedia-apiserver')
            self.assertIn(SERVER, certificate['spec']['dnsNames'])
            self.assertEqual(CERTIFICATE, certificate['spec']['secretName'])
            annotations = manifests.find(objects, 'APIService', 'v1beta1.clusterpedia.io')['metadata']['annotations']
            self.assertEqual('clusterpedia-system/clusterpedia-apiserver', annotations['cert-manager.io/inject-ca-from'])

    def test_a_certificate_of_the_users_own_is_trusted_by_its_authorities(self):
        objects = manifests.helm({'certificate': {'mode': 'secret', 'secretName': 'mine', 'caBundle': 'PEM'}})
        self.assertEqual(b'PEM', decode(manifests.find(objects, 'APIService', 'v1beta1.clusterpedia.io')['spec']['caBundle']))
        self.assertFalse([item for item in objects if item['metadata']['name'] == CERTIFICATE])


if __name__ == '__main__':
    unittest.main()
