"""Private database servers for the tests, as tests/testing/database_servers.h has them: PostgreSQL and MariaDB from Debian's packages,
on a free port of 127.0.0.1, in a temporary folder, as an unprivileged user. They end with the process that started them."""
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile

import fleet as fleets

USER = 'secured'
PASSWORD = 's3cr#t p\'w"d'


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def find_program(name, folders, package):
    for folder in [*folders, *os.environ.get('PATH', '/usr/bin').split(':')]:
        if os.access(os.path.join(folder, name), os.X_OK):
            return os.path.join(folder, name)
    raise RuntimeError('this test needs the program %s of the package %s' % (name, package))


def process_tree(root):
    """`root` and what descends from it, parents first."""
    children = {}
    for name in os.listdir('/proc'):
        try:
            with open('/proc/%s/stat' % name, encoding='utf-8', errors='replace') as text:
                children.setdefault(int(text.read().rpartition(') ')[2].split()[1]), []).append(int(name))
        except (OSError, ValueError):
            pass
    tree = [root]
    for pid in tree:
        tree += children.get(pid, [])
    return tree


def is_stopped(pid):
    """Whether no thread of the process runs."""
    states = []
    try:
        for task in os.listdir('/proc/%s/task' % pid):
            with open('/proc/%s/task/%s/stat' % (pid, task), encoding='utf-8', errors='replace') as text:
                states.append(text.read().rpartition(') ')[2][:1])
    except OSError:
        return False  # A thread that ended meanwhile: look again.
    return all(state in 'TtZX' for state in states)


def make_certificates(folder):
    """ca.crt, server.crt and server.key for 127.0.0.1, and a CA that signed nothing: other.crt."""
    def openssl(*arguments):
        subprocess.run(['openssl', *arguments], cwd=folder, check=True, capture_output=True, timeout=60)
    for name in ('ca', 'other'):
        openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=' + name,
                '-keyout', name + '.key', '-out', name + '.crt')
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=server', '-keyout', 'server.key', '-out', 'server.csr')
    with open(os.path.join(folder, 'names'), 'w', encoding='utf-8') as names:
        names.write('subjectAltName=IP:127.0.0.1')
    openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names', '-out', 'server.crt')


class DatabaseServer:
    """A constructed server runs. Its port remains the same for ever."""
    users = ()
    stop_signal = signal.SIGTERM

    def __init__(self, started=True):
        self.folder = tempfile.mkdtemp(prefix='pedia-db-')
        self.data = os.path.join(self.folder, 'data')
        self.port = free_port()
        self.child = None
        self.drop = []
        self.tls = {}
        if os.geteuid() == 0:
            user = next(name for name in self.users if name in {u.pw_name for u in pwd.getpwall()})
            self.drop = ['--reuid', user, '--regid', str(pwd.getpwnam(user).pw_gid), '--clear-groups']
            shutil.chown(self.folder, user)
        try:
            self.make()
            if started:
                self.start()
        except BaseException:
            self.close()
            raise

    def wrapped(self, command):
        """`command` by the server's user, to be killed when this process ends."""
        return ['setpriv', '--pdeathsig', 'KILL', *self.drop, '--', *command]

    def run(self, command, text=''):
        done = subprocess.run(self.wrapped(command), input=text, capture_output=True, text=True, timeout=120, cwd='/')
        if done.returncode != 0:
            raise RuntimeError('%s: %s%s' % (command[0], done.stderr, done.stdout))
        return done.stdout

    def start(self):
        with open(os.path.join(self.folder, 'log'), 'ab') as log:
            self.child = subprocess.Popen(self.wrapped(self.command()), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd='/',
                                          start_new_session=True)
        fleets.wait_until(self.ready, 'the database server to start')

    def ready(self):
        if self.child.poll() is not None:
            with open(os.path.join(self.folder, 'log'), encoding='utf-8', errors='replace') as log:
                raise RuntimeError('the database server ended at once:\n' + log.read())
        try:
            return self.sql('SELECT 1', self.administration) == '1\n'
        except RuntimeError:
            return False

    def signal_all(self, number):
        for pid in process_tree(self.child.pid):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def running(self):
        return self.child is not None and self.child.poll() is None

    def stop(self):
        if self.running():
            self.child.send_signal(self.stop_signal)
            self.child.wait(60)

    def kill(self):
        if self.running():
            self.signal_all(signal.SIGSTOP)
            self.signal_all(signal.SIGKILL)
            self.child.wait()

    def freeze(self):
        """Returns when no thread of the server runs: a signal takes effect later on a busy machine."""
        self.signal_all(signal.SIGSTOP)
        fleets.wait_until(lambda: all(map(is_stopped, process_tree(self.child.pid))), 'the server to stop')

    def thaw(self):
        self.signal_all(signal.SIGCONT)

    def close(self):
        self.kill()
        shutil.rmtree(self.folder)

    def use_tls(self):
        """From now on only TLS connections are let in; ca.crt is in the folder. Restarts the server."""
        self.stop()
        make_certificates(self.folder)
        if self.drop:
            shutil.chown(os.path.join(self.folder, 'server.key'), self.drop[1])
        self.require_tls(*(os.path.join(self.folder, name) for name in ('server.crt', 'server.key')))
        self.start()

    def storage_config(self, name, **keys):
        """A file for --storage-config. Its `hosts` are this server unless `keys` says otherwise."""
        path = os.path.join(self.folder, name)
        keys = {'type': self.kind, 'hosts': ['127.0.0.1:%d' % self.port], 'user': USER, 'password': PASSWORD, 'database': 'pedia', 'sslMode': 'disable', **keys}
        with open(path, 'w', encoding='utf-8') as file:
            for key, value in keys.items():
                # The text of a JSON value is YAML as well.
                file.write('%s: %s\n' % (key, fleets.json.dumps(value)))
        return path


class Postgres(DatabaseServer):
    kind = 'postgres'
    administration = 'postgres'
    users = ('postgres', 'nobody')
    stop_signal = signal.SIGINT

    def __init__(self, started=True, primary=None):
        self.primary = primary
        super().__init__(started)

    def program(self, name):
        folders = sorted(glob.glob('/usr/lib/postgresql/*/bin'), key=lambda folder: -int(folder.split('/')[4]))
        return find_program(name, folders, 'postgresql')

    def make(self):
        if self.primary:
            self.run([self.program('pg_basebackup'), '-h', self.primary.folder, '-p', str(self.primary.port), '-U', 'pedia', '-D', self.data,
                      '-R', '-X', 'stream', '-c', 'fast', '--no-sync'])
            return
        self.run([self.program('initdb'), '-D', self.data, '-U', 'pedia', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'])
        with open(os.path.join(self.data, 'pg_hba.conf'), 'w', encoding='utf-8') as file:
            file.write('local all all trust\nlocal replication all trust\nhost all all 127.0.0.1/32 scram-sha-256\n')
        self.start()
        self.sql("CREATE ROLE %s LOGIN PASSWORD '%s'" % (USER, PASSWORD.replace("'", "''")), 'postgres')
        self.sql('CREATE DATABASE pedia OWNER ' + USER, 'postgres')
        self.stop()

    def command(self):
        settings = {'port': self.port, 'listen_addresses': '127.0.0.1', 'unix_socket_directories': self.folder, 'fsync': 'off', 'full_page_writes': 'off',
                    'dynamic_shared_memory_type': 'mmap', 'max_wal_size': '1GB', 'hot_standby_feedback': 'on', **self.tls}
        return [self.program('postgres'), '-D', self.data, *('--%s=%s' % setting for setting in settings.items())]

    def sql(self, text, database='pedia'):
        return self.run([self.program('psql'), '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', self.folder, '-p', str(self.port), '-U', 'pedia',
                         '-d', database, '-f', '-'], text)

    def require_tls(self, certificate, key):
        self.tls = {'ssl': 'on', 'ssl_cert_file': certificate, 'ssl_key_file': key}
        with open(os.path.join(self.data, 'pg_hba.conf'), 'w', encoding='utf-8') as file:
            file.write('local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n')

    def replica(self):
        return Postgres(primary=self)

    def promote(self):
        self.sql('SELECT pg_promote(true, 60)', 'postgres')

    def close(self):
        # Killed, it would leave a segment of shared memory behind.
        if self.running():
            self.thaw()
            self.child.send_signal(signal.SIGQUIT)
            try:
                self.child.wait(10)
            except subprocess.TimeoutExpired:
                pass
        super().close()


class Mariadb(DatabaseServer):
    kind = 'mysql'
    administration = ''
    users = ('mysql', 'nobody')

    def make(self):
        # In memory where that is possible: the program waits for the disk hundreds of times.
        draft = tempfile.mkdtemp(prefix='pedia-db-', dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else None)
        try:
            shutil.chown(draft, os.stat(self.folder).st_uid)
            self.run([find_program('mariadb-install-db', ['/usr/bin'], 'mariadb-server'), '--no-defaults', '--datadir=' + draft + '/data', '--skip-test-db',
                      '--auth-root-authentication-method=normal', '--skip-name-resolve', '--innodb-log-file-size=8M'])
            self.run(['cp', '-R', draft + '/data', self.data])
        finally:
            shutil.rmtree(draft)
        self.user = 'root'
        self.start()
        self.sql("CREATE USER pedia@'%%'; GRANT ALL ON *.* TO pedia@'%%'; CREATE USER %s@'%%' IDENTIFIED BY '%s'; GRANT ALL ON pedia.* TO %s@'%%'; "
                 'CREATE DATABASE pedia;' % (USER, PASSWORD.replace("'", "''"), USER), '')
        self.user = 'pedia'
        self.stop()

    def socket(self):
        return os.path.join(self.folder, 'socket')

    def command(self):
        settings = {'datadir': self.data, 'port': self.port, 'bind-address': '127.0.0.1', 'socket': self.socket(), 'pid-file': self.folder + '/pid',
                    'skip-name-resolve': 'ON', 'innodb-buffer-pool-size': '256M', 'innodb-log-file-size': '64M', 'innodb-flush-log-at-trx-commit': '2',
                    'innodb-doublewrite': '0', 'innodb-flush-method': 'nosync', 'innodb-buffer-pool-dump-at-shutdown': 'OFF', **self.tls}
        return [find_program('mariadbd', ['/usr/sbin'], 'mariadb-server'), '--no-defaults', '--skip-log-bin', *('--%s=%s' % s for s in settings.items())]

    def sql(self, text, database='pedia'):
        return self.run([find_program('mariadb', ['/usr/bin'], 'mariadb-client'), '--no-defaults', '--socket=' + self.socket(), '--user=' + self.user,
                         '--batch', '--skip-column-names', *([database] if database else [])], text).replace('\t', '|')

    def require_tls(self, certificate, key):
        self.tls = {'ssl-cert': certificate, 'ssl-key': key, 'require-secure-transport': 'ON'}


KINDS = {'postgres': Postgres, 'mysql': Mariadb}
