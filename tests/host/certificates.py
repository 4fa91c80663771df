"""Certificates by the openssl program: authorities, and what they sign, as files in one folder."""
import os
import subprocess

EC_KEY = ('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes')
CA_CONFIG = '''[ca]
default_ca = simple
[simple]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = anything
copy_extensions = none
unique_subject = no
email_in_dn = no
preserve = yes
[anything]
organizationName = optional
commonName = optional
'''


def openssl(folder, *arguments):
    done = subprocess.run(['openssl', *arguments], cwd=folder, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise RuntimeError('openssl %s: %s' % (' '.join(arguments), done.stderr))
    return done.stdout


def subject(name, groups=()):
    """The subject of a user: CN and one O for each group."""
    parts = [('O', group) for group in groups] + [('CN', name)]
    return ''.join('/%s=%s' % (key, value.replace('\\', '\\\\').replace('/', '\\/')) for key, value in parts)


class Authority:
    """A CA with a key of its own: `folder`/`name`.crt and .key. What it signs is beside it."""

    def __init__(self, folder, name, common_name=None):
        self.folder = folder
        self.name = name
        self.certificate = os.path.join(folder, name + '.crt')
        self.key = os.path.join(folder, name + '.key')
        openssl(folder, 'req', '-x509', *EC_KEY, '-days', '3650', '-subj', '/CN=' + (common_name or name), '-keyout', self.key, '-out', self.certificate,
                '-addext', 'keyUsage=critical,keyCertSign,cRLSign')

    def text(self):
        with open(self.certificate, encoding='ascii') as text:
            return text.read()

    def issue(self, file_name, common_name, groups=(), hosts=(), client=True, start=None, end=None):
        """(certificate, key), two file names. `hosts`: "IP:127.0.0.1", "DNS:x"; `start`, `end`: 20260101000000Z."""
        path = os.path.join(self.folder, file_name)
        openssl(self.folder, 'req', *EC_KEY, '-subj', subject(common_name, groups), '-utf8', '-keyout', path + '.key', '-out', path + '.csr')
        extensions = ['[made]', 'basicConstraints=CA:FALSE', 'extendedKeyUsage=' + ('clientAuth' if client else 'serverAuth')]
        if hosts:
            extensions.append('subjectAltName=' + ','.join(hosts))
        with open(path + '.ext', 'w', encoding='ascii') as file:
            file.write('\n'.join(extensions) + '\n')
        if start or end:
            self.sign_with_dates(path, start or '20200101000000Z', end or '20991231000000Z')
        else:
            openssl(self.folder, 'x509', '-req', '-in', path + '.csr', '-CA', self.certificate, '-CAkey', self.key, '-set_serial', '0x' + os.urandom(8).hex(),
                    '-days', '365', '-extfile', path + '.ext', '-extensions', 'made', '-out', path + '.crt')
        os.remove(path + '.csr')
        os.remove(path + '.ext')
        return path + '.crt', path + '.key'

    def sign_with_dates(self, path, start, end):
        with open(os.path.join(self.folder, 'ca.cnf'), 'w', encoding='ascii') as file:
            file.write(CA_CONFIG)
        with open(os.path.join(self.folder, 'index.txt'), 'w', encoding='ascii'):
            pass
        openssl(self.folder, 'ca', '-batch', '-notext', '-config', 'ca.cnf', '-cert', self.certificate, '-keyfile', self.key, '-in', path + '.csr',
                '-out', path + '.crt', '-startdate', start, '-enddate', end, '-extfile', path + '.ext', '-extensions', 'made')
