"""Several managers on one store: who syncs, when one dies, is stopped for long, or loses its way to the management cluster, the database or the members."""
import contextlib
import signal
import sqlite3
import time
import unittest

import database as databases
import fleet as fleets
import host as fleet_on_host
from link import Link

LEASES = '/apis/coordination.k8s.io/v1/namespaces/%s/leases' % fleet_on_host.NAMESPACE
LEASE = LEASES + '/' + fleet_on_host.MANAGER
PODS = [{'group': '', 'resources': ['pods']}]
# Leases that are over soon. The deadline leaves a busy machine time to renew.
SOON = ('--leader-elect-lease-duration', '4s', '--leader-elect-renew-deadline', '3s', '--leader-elect-retry-period', '500ms')
# Nobody who waits for such a Lease to be over gets it in these tests.
NEVER = ('--leader-elect-lease-duration', '600s', '--leader-elect-renew-deadline', '500s', '--leader-elect-retry-period', '500ms')


def owner_of(cluster, members):
    """As synchro/rendezvous.h has it, written a second time."""
    def weight(member):
        value = 0xcbf29ce484222325
        for byte in (member + '\0' + cluster).encode():
            value = (value ^ byte) * 0x100000001b3 % (1 << 64)
        value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9 % (1 << 64)
        value = (value ^ value >> 27) * 0x94d049bb133111eb % (1 << 64)
        return value ^ value >> 31
    return max(members, key=weight)


class Managers(fleet_on_host.HostFleet):
    """Members with pods only. `links`: each manager has ways of its own to the host and to the database."""

    def __init__(self, names, database=None, links=False, pods=100, **options):
        self.database, self.links = database, links
        super().__init__(names, database=database, sync=PODS, members=('--world', 'none', '--pods-only', '--pods', str(pods)), **options)

    def start_manager(self, *arguments, storage=None):
        if not self.links:
            return super().start_manager(*arguments, storage=storage)
        host, database = Link(self.host.port), Link(self.database.port)
        storage = self.database.storage_config('linked-%d.yaml' % database.port, hosts=['127.0.0.1:%d' % database.port])
        manager = super().start_manager('--master', 'https://127.0.0.1:%d' % host.port, *arguments, storage=storage)
        manager.host_link, manager.database_link = host, database
        return manager

    def add_manager(self, *arguments):
        self.managers.append(self.start_manager(*arguments))
        return self.managers[-1]

    def add_standby(self, *arguments):
        """One that has seen who leads."""
        leader, standby = self.leader(), self.add_manager(*arguments)
        fleets.wait_until(lambda: 'is held by ' + leader.identity() in standby.output(), 'the new one to stand by')
        return standby

    def kill(self, manager):
        self.managers.remove(manager)
        manager.stop(signal.SIGKILL)

    def leader(self):
        """Who holds the Lease."""
        def found():
            holder = self.host.json(LEASE)['spec']['holderIdentity']
            return next((manager for manager in self.managers if holder and manager.identity() == holder), None)
        return fleets.wait_until(found, 'a leader')

    def other(self):
        leader = self.leader()
        return next(manager for manager in self.managers if manager is not leader)

    def claims(self):
        """{cluster: (who has claimed it, a number that no other claim has)}"""
        if self.database:
            text = self.database.sql("SELECT convert_from(cluster,'UTF8'), convert_from(holder,'UTF8'), token FROM claims")
            rows = [line.split('|') for line in text.splitlines()]
        else:
            with contextlib.closing(sqlite3.connect('file:%s?mode=ro' % self.file('pedia.db'), uri=True, timeout=20)) as connection:
                rows = connection.execute('SELECT cluster, holder, token FROM claims').fetchall()
        as_text = lambda value: value.decode() if isinstance(value, bytes) else str(value)
        return {as_text(cluster): (as_text(holder), str(token)) for cluster, holder, token in rows}

    def wait_claimed(self, manager, seconds=60):
        """Until a manager has claimed all clusters."""
        fleets.wait_until(lambda: {holder for holder, _ in self.claims().values()} == {manager.identity()}, 'another manager to have all clusters', seconds)

    def churn(self, rate, names=None):
        for name in names or self.names:
            self.member_process.control(name, '/__churn', {'rate': rate})

    def update_all(self, names=None):
        for name in names or self.names:
            self.member_process.control(name, '/__churn', {'update_all': True})

    def of_members(self):
        return {name: {key(item): fleets.stored_form(item, name) for item in self.member_process.request(name, '/api/v1/pods')['items']} for name in self.names}

    def of_store(self):
        answer = self.get('/api/v1/pods')
        found = {name: {} for name in self.names}
        for item in answer['items']:
            name = item['metadata']['annotations']['shadow.clusterpedia.io/cluster-name']
            found[name][key(item)] = fleets.stored_form(item, name)
        return found

    def wait_same(self, seconds=60):
        """Until the store equals the members, which do not change."""
        wanted = self.of_members()
        fleets.wait_until(lambda: self.of_store() == wanted, 'the store to equal the members', seconds)

    def stop_change(self):
        self.churn(0)
        self.wait_same()


def key(item):
    return '%s/%s' % (item['metadata']['namespace'], item['metadata']['name'])


class LeaderEndsTest(unittest.TestCase):
    """On SQLite, which processes of one machine may share."""

    @classmethod
    def setUpClass(cls):
        cls.fleet = Managers(['c1', 'c2'])
        cls.addClassCleanup(cls.fleet.close)
        cls.fleet.add_standby(*SOON)

    def test_1_when_the_leader_is_killed_another_goes_on_and_writes_nothing_twice(self):
        fleet = self.fleet
        fleet.wait_same()
        leader, other = fleet.leader(), fleet.other()
        self.assertEqual((leader.metric('pedia_sync_acting'), other.metric('pedia_sync_acting')), (1, 0))
        self.assertEqual(other.metric('pedia_sync_clusters'), 0)
        objects = sum(map(len, fleet.of_store().values()))
        start = time.monotonic()
        fleet.kill(leader)
        fleet.wait_claimed(other)
        print('leader killed: another, with default times, had claimed its clusters after %.1f s' % (time.monotonic() - start))
        fleets.wait_until(lambda: other.metric('pedia_sync_unchanged_total') >= objects, 'it to have compared all objects')
        self.assertEqual(other.written(), 0, 'nothing had changed')
        fleet.update_all()
        fleet.wait_same()
        self.assertEqual(other.written(), objects)

    def test_2_changes_while_nobody_leads_are_not_lost(self):
        fleet = self.fleet
        leader, new = fleet.leader(), fleet.add_standby(*NEVER)
        fleet.churn(40)
        written = leader.written()
        fleets.wait_until(lambda: leader.written() > written + 20, 'changes to be written')
        fleet.kill(leader)
        fleet.wait_claimed(new)
        fleet.stop_change()

    def test_3_a_leader_that_ends_in_order_lets_another_lead_at_once(self):
        fleet = self.fleet
        leader, new = fleet.leader(), fleet.add_standby()
        leader.child.send_signal(signal.SIGTERM)
        fleet.managers.remove(leader)
        leader.child.wait(30)
        self.assertEqual(leader.child.returncode, 0, leader.output()[-2000:])
        fleet.wait_claimed(new)
        fleet.update_all()
        fleet.wait_same()


class LeaderCutOffTest(unittest.TestCase):
    """On a database server; each manager has ways of its own, which can be cut."""

    @classmethod
    def setUpClass(cls):
        cls.database = databases.Postgres()
        cls.addClassCleanup(cls.database.close)
        cls.fleet = Managers(['c1', 'c2'], cls.database, links=True, managers=2, manager=SOON)
        cls.addClassCleanup(cls.fleet.close)

    def setUp(self):
        self.fleet.wait_same()
        self.leader, self.other = self.fleet.leader(), self.fleet.other()

    def stood_back(self):
        """Until the leader of before knows that it leads no more."""
        fleets.wait_until(lambda: self.leader.metric('pedia_sync_acting') == 0 and self.leader.metric('pedia_sync_clusters') == 0, 'the former leader to stand back')

    def assert_still(self):
        """That nothing is written while the members do not change, whoever may have something old in hand."""
        self.assertEqual(self.fleet.of_store(), self.fleet.of_members())

    def test_a_leader_that_was_stopped_for_long_overwrites_nothing_when_it_wakes(self):
        fleet = self.fleet
        # What it has not read yet when it is stopped, it reads when it wakes.
        fleet.churn(100)
        written = self.leader.written()
        fleets.wait_until(lambda: self.leader.written() > written + 20, 'changes to be written')
        self.leader.child.send_signal(signal.SIGSTOP)
        try:
            fleet.wait_claimed(self.other)
            fleet.stop_change()
            fleet.update_all()
            fleet.wait_same()
            before = self.other.written()
        finally:
            self.leader.child.send_signal(signal.SIGCONT)
        for _ in range(10):
            self.assert_still()
        self.stood_back()
        self.assert_still()
        self.assertEqual(self.other.written(), before, 'nothing had to be repaired')
        self.assertIs(fleet.leader(), self.other)

    def test_a_leader_without_a_way_to_the_management_cluster_is_replaced(self):
        fleet = self.fleet
        fleet.churn(40)
        self.leader.host_link.cut()
        try:
            self.stood_back()
            fleet.wait_claimed(self.other)
        finally:
            self.leader.host_link.mend()
        fleet.stop_change()
        self.assertIs(fleet.leader(), self.other)
        self.stood_back()

    def test_a_leader_without_a_way_to_the_database_goes_on_where_it_was(self):
        fleet = self.fleet
        self.leader.database_link.cut()
        try:
            fleet.churn(40)
            renewed = fleet.host.json(LEASE)['spec']['renewTime']
            fleets.wait_until(lambda: fleet.host.json(LEASE)['spec']['renewTime'] > renewed, 'it to renew its Lease')
            fleets.wait_until(lambda: fleet.of_store() != fleet.of_members(), 'the store to stay behind')
        finally:
            self.leader.database_link.mend()
        fleet.stop_change()
        self.assertIs(fleet.leader(), self.leader)

    def test_a_leader_without_a_way_to_the_database_that_is_replaced_leaves_the_new_one_in_peace(self):
        fleet = self.fleet
        self.leader.database_link.cut()
        self.leader.host_link.cut()
        try:
            fleet.churn(40)
            fleet.wait_claimed(self.other)
            fleet.stop_change()
        finally:
            self.leader.database_link.mend()
            self.leader.host_link.mend()
        for _ in range(10):
            self.assert_still()
        self.stood_back()
        self.assert_still()

    def test_members_that_are_away_while_the_leader_dies_lose_nothing(self):
        fleet = self.fleet
        before = fleet.of_store()
        fleet.member_process.child.send_signal(signal.SIGSTOP)
        try:
            fleet.kill(self.leader)
            fleet.wait_claimed(self.other)
            fleets.wait_until(lambda: fleet.cluster_condition('c1', 'Ready').get('status') != 'True', 'c1 not to be Ready')
            self.assertEqual(fleet.of_store(), before)
        finally:
            fleet.member_process.child.send_signal(signal.SIGCONT)
        fleet.update_all()
        fleet.wait_same()
        fleet.add_manager(*SOON)


class AutoShardingTest(unittest.TestCase):
    FLAGS = ('--auto-sharding', *SOON)

    @classmethod
    def setUpClass(cls):
        cls.database = databases.Postgres()
        cls.addClassCleanup(cls.database.close)
        cls.fleet = Managers(['m%02d' % number for number in range(60)], cls.database, pods=5, managers=3, manager=cls.FLAGS)
        cls.addClassCleanup(cls.fleet.close)

    def wait_shared(self):
        """Until each cluster is with the manager that all agree on. Returns the claims."""
        def shared():
            claims = self.fleet.claims()
            return {cluster: holder for cluster, (holder, _) in claims.items()} == self.wanted() and claims
        claims = fleets.wait_until(shared, 'the clusters to be shared')
        self.assertEqual([manager.metric('pedia_sync_acting') for manager in self.fleet.managers], [1] * len(self.fleet.managers))
        return claims

    def wanted(self):
        identities = [manager.identity() for manager in self.fleet.managers]
        return {cluster: owner_of(cluster, identities) for cluster in self.fleet.names} if all(identities) else None

    def moved(self, before, after):
        return {cluster for cluster in self.fleet.names if before[cluster] != after[cluster]}

    def test_whoever_dies_or_joins_only_what_must_move_moves_and_nothing_is_lost(self):
        fleet = self.fleet
        before = self.wait_shared()
        self.assertEqual(len({holder for holder, _ in before.values()}), 3, 'each has some')
        fleet.wait_same()
        for round_, victim in enumerate(list(fleet.managers)):
            own = {cluster for cluster, (holder, _) in before.items() if holder == victim.identity()}
            written = {manager: manager.written() for manager in fleet.managers}
            compared = sum(manager.metric('pedia_sync_unchanged_total') for manager in fleet.managers if manager is not victim)
            if round_ > 0:
                fleet.churn(1)
            fleet.kill(victim)
            after = self.wait_shared()
            self.assertEqual(self.moved(before, after), own, 'the clusters of who died, claimed once each')
            if round_ == 0:
                fleets.wait_until(lambda: sum(manager.metric('pedia_sync_unchanged_total') for manager in fleet.managers) >= compared + 5 * len(own), 'all to be compared')
                self.assertEqual([manager.written() - written[manager] for manager in fleet.managers], [0, 0], 'nothing had changed')
            before, new = after, fleet.add_manager(*self.FLAGS)
            after = self.wait_shared()
            self.assertEqual(self.moved(before, after), {cluster for cluster, (holder, _) in after.items() if holder == new.identity()}, 'what the new one has')
            before = after
            fleet.stop_change()
        self.assertEqual(sum(manager.metric('pedia_sync_clusters') for manager in fleet.managers), 60)

    def test_who_leaves_in_order_is_followed_at_once_and_a_fourth_gets_its_share(self):
        fleet = self.fleet
        before = self.wait_shared()
        fourth = fleet.add_manager('--auto-sharding', *NEVER)
        with_four = self.wait_shared()
        self.assertEqual(self.moved(before, with_four), {cluster for cluster, (holder, _) in with_four.items() if holder == fourth.identity()})
        fleet.update_all()
        fleet.wait_same()
        fleet.managers.remove(fourth)
        fourth.stop()
        self.wait_shared()
        fleet.update_all()
        fleet.wait_same()


if __name__ == '__main__':
    unittest.main()
