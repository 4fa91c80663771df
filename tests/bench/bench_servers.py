"""The databases of the benchmarks: private servers as in the end-to-end tests, but durable and with memory as in production; what they and
pedia cost; the references taken beside each figure."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'e2e'))
import database  # noqa: E402
import fleet as fleets  # noqa: E402

PROGRAMS = os.path.join(fleets.BUILD, 'tests', 'bench')
TICKS = os.sysconf('SC_CLK_TCK')


def run(program, *arguments):
    """The numbers that a reference prints."""
    done = subprocess.run([os.path.join(PROGRAMS, program), *map(str, arguments)], capture_output=True, text=True, check=True)
    return [float(x) for x in done.stdout.split()]


def cpu_seconds(root):
    """What a process and its children have used, children that ended included."""
    total = 0
    for pid in database.process_tree(root):
        try:
            with open('/proc/%d/stat' % pid, encoding='ascii', errors='replace') as stat:
                fields = stat.read().rsplit(')', 1)[1].split()
        except OSError:
            continue
        total += sum(int(field) for field in (fields[11:15] if pid == root else fields[11:13]))
    return total / TICKS


def memory_mb(pid, what):
    with open('/proc/%d/status' % pid, encoding='ascii') as status:
        return [int(line.split()[1]) / 1000 for line in status if line.startswith(what + ':')][0]


def forget_peak(pid):
    with open('/proc/%d/clear_refs' % pid, 'w', encoding='ascii') as file:
        file.write('5')


class BenchPostgres(database.Postgres):
    """Settings that a team would have on a machine of this size; above all, it writes to the disk."""
    name = 'PostgreSQL'

    def command(self):
        settings = {'port': self.port, 'listen_addresses': '127.0.0.1', 'unix_socket_directories': self.folder, 'dynamic_shared_memory_type': 'mmap',
                    'shared_buffers': '2GB', 'effective_cache_size': '8GB', 'max_wal_size': '4GB', 'checkpoint_timeout': '15min', 'wal_compression': 'lz4',
                    'random_page_cost': '1.1', 'max_connections': '100', 'autovacuum_naptime': '10s', 'jit': 'off'}
        return [self.program('postgres'), '-D', self.data, *('--%s=%s' % setting for setting in settings.items())]

    def conninfo(self):
        return 'host=%s port=%d user=pedia dbname=pedia' % (self.folder, self.port)

    def prepare_pgbench(self):
        self.sql('CREATE DATABASE bench', 'postgres')
        self.pgbench('-i', '-q', '-s', '10')

    def pgbench(self, *arguments):
        return self.run([self.program('pgbench'), '-h', self.folder, '-p', str(self.port), '-U', 'pedia', *arguments, 'bench'])

    def tps(self, seconds=2):
        """Of `pgbench -S -c 4 -j 1 -s 10`, by which the figures of different machines are compared."""
        output = self.pgbench('-S', '-c', '4', '-j', '1', '-T', str(seconds))
        return float([line for line in output.splitlines() if line.startswith('tps = ')][0].split()[2])

    def single_row_statements(self, body, seconds=5):
        """Objects a second of a writer with one statement and one transaction per object, into one table without any index but its key."""
        self.sql('CREATE TABLE IF NOT EXISTS resources(cluster text, namespace text, name text, object json, PRIMARY KEY(cluster, namespace, name))', 'bench')
        script = os.path.join(self.folder, 'insert.sql')
        with open(script, 'w', encoding='utf-8') as file:
            file.write("\\set n random(1, 1000000000)\nINSERT INTO resources VALUES ('c', 'n', 'pod-' || :n, '%s') "
                       "ON CONFLICT (cluster, namespace, name) DO UPDATE SET object = excluded.object;\n" % body.replace("'", "''").replace(':', ': '))
        output = self.pgbench('-n', '-f', script, '-c', '1', '-M', 'prepared', '-T', str(seconds))
        return float([line for line in output.splitlines() if line.startswith('tps = ')][0].split()[2])

    def buffers(self):
        return int(self.sql("SELECT blks_hit + blks_read FROM pg_stat_database WHERE datname = 'pedia'", 'postgres'))

    def raw(self, what, *arguments):
        return run('raw_postgres', what, self.conninfo(), *arguments)

    def settle(self):
        """What autovacuum and the checkpointer would do in time."""
        self.sql('VACUUM ANALYZE', 'pedia')
        self.sql('CHECKPOINT', 'postgres')

    def size_mb(self):
        return int(self.sql("SELECT pg_database_size('pedia')")) / 1e6


class BenchMariadb(database.Mariadb):
    name = 'MariaDB'

    def command(self):
        settings = {'datadir': self.data, 'port': self.port, 'bind-address': '127.0.0.1', 'socket': self.socket(), 'pid-file': self.folder + '/pid',
                    'skip-name-resolve': 'ON', 'innodb-buffer-pool-size': '2G', 'innodb-log-file-size': '1G', 'innodb-flush-log-at-trx-commit': '1'}
        return [database.find_program('mariadbd', ['/usr/sbin'], 'mariadb-server'), '--no-defaults', '--skip-log-bin',
                *('--%s=%s' % setting for setting in settings.items())]

    def buffers(self):
        return int(self.sql("SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_read_requests'", '').split('|')[1])

    def raw(self, what, *arguments):
        return run('raw_mysql', what, self.socket(), 'pedia', *arguments)

    def single_row_statements(self, body, seconds=5):
        program = database.find_program('mariadb-slap', ['/usr/bin'], 'mariadb-client')
        self.sql('CREATE DATABASE IF NOT EXISTS bench; CREATE TABLE IF NOT EXISTS bench.resources(id bigint AUTO_INCREMENT PRIMARY KEY, object json)', '')
        count = 1000 * seconds // 5
        output = self.run([program, '--no-defaults', '--socket=' + self.socket(), '--user=pedia', '--create-schema=bench', '--concurrency=1',
                           '--number-of-queries=%d' % count, '--delimiter=~', "--query=INSERT INTO resources(object) VALUES('%s')" % body.replace('\\', '\\\\').replace("'", "''")])
        return count / float([line for line in output.splitlines() if 'Average number of seconds' in line][0].split()[-2])

    def settle(self):
        self.sql('ANALYZE TABLE objects, entries, bodies')

    def size_mb(self):
        folder = os.path.join(self.data, 'pedia')
        return sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder)) / 1e6


class Sqlite:
    """No server: its work is done in pedia."""
    name = 'SQLite'
    child = None
    path = None  # Known when pedia runs.

    def buffers(self):
        return 0

    def raw(self, what, *arguments):
        return run('raw_sqlite', what, self.path, *arguments)

    def single_row_statements(self, body, seconds=5):
        copy = self.path + '.raw'
        try:
            return run('raw_sqlite', 'insert', self.path, copy, 1)[0]
        finally:
            for end in ('', '-wal', '-shm'):
                if os.path.exists(copy + end):
                    os.remove(copy + end)

    def settle(self):
        pass

    def size_mb(self):
        return sum(os.path.getsize(self.path + end) for end in ('', '-wal') if os.path.exists(self.path + end)) / 1e6

    def close(self):
        pass


KINDS = {'postgres': BenchPostgres, 'mysql': BenchMariadb, 'sqlite': Sqlite}
