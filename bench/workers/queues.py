"""queues.py - pm_jobs and its peers, as a measurement sees them

set_up() installs one in a database, top_up(n) makes sure that n jobs wait which
nobody takes yet, start() and stop() begin and end the running of jobs.  unfinished()
counts exactly, nearly_done() is cheap and true when at most the last of those that
watch(n) named are missing.
"""
import json
import os
import subprocess

import server

PEERS = os.path.join(server.TOP, 'build', 'peers')
HERE = os.path.dirname(os.path.abspath(__file__))
# The end is looked for among so many ids, more than all workers hold at a time.
LAST = 2000


def absence(peer):
    """Why bench/peers.sh could not install a peer."""
    try:
        with open(os.path.join(PEERS, f'{peer}.log'), encoding='utf-8') as log:
            return next((line.strip() for line in log if line.strip()), 'no reason is known')
    except OSError:
        return 'bench/peers.sh was not run'


def npm_missing(package):
    """Why an npm package is absent; None if it is there."""
    return None if os.path.exists(os.path.join(modules(package), package, 'package.json')) else absence(package)


def modules(package):
    """Where an npm package and what it needs are."""
    return os.path.join(PEERS, package, 'node_modules')


class Queue:
    """What all have in common."""
    name = ''
    jobs = ''  # table of the unfinished jobs, with an ascending id
    waiting = 'true'  # condition that a row of it is a job to be run
    poll = 0.005  # s between looks at whether the end is near: 1 % of a core

    def __init__(self):
        self.connection = None
        self.processes = []
        self.until = None

    @classmethod
    def missing(cls):
        """Why it cannot be measured here; None if it can."""
        return None

    def set_up(self, database):
        """Installs it in a database of server.create_database()."""
        self.connect(database)

    def connect(self, database):
        """Connects to the database where it is installed."""
        self.connection = server.connect(database)

    def query(self, sql, *values):
        return server.query(self.connection, sql, *values)

    def top_up(self, count):
        """Lets so many jobs wait in all."""
        lacking = count - self.unfinished()
        while lacking > 0:
            self.add(min(lacking, 1000000))
            lacking -= 1000000

    def watch(self, count):
        """Lets nearly_done() look for the end of so many of those that wait."""
        self.until = server.value(self.connection, f'SELECT id FROM {self.jobs} WHERE {self.waiting} ORDER BY id OFFSET %s LIMIT 1', count - 1)

    def unfinished(self):
        return server.value(self.connection, f'SELECT count(*) FROM {self.jobs} WHERE {self.waiting}')

    def nearly_done(self):
        return not server.value(self.connection, f'SELECT EXISTS (SELECT FROM {self.jobs} WHERE id > %s AND id <= %s)',
                                self.until - LAST, self.until)

    def pile(self, count):
        """Leaves behind what so many finished jobs leave."""
        self.top_up(count)
        self.query(f'DELETE FROM {self.jobs}')

    def warm_up(self):
        """Lets those that run jobs be there already, where they stay."""

    def tidy(self):
        """What autovacuum would do at some time or other, done now."""
        self.query(f'VACUUM ANALYZE {self.jobs}')

    def launch(self, *command, text=None):
        """Starts a process of the peer in the database, which reads the text if there is one."""
        environment = {**os.environ, 'PGDATABASE': self.connection.info.dbname,
                       'NODE_PATH': ':'.join(map(modules, ('graphile-worker', 'pg-boss')))}
        process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, cwd=server.TMP)
        self.processes.append(process)
        if text is not None:
            process.stdin.write(text)
            process.stdin.close()
        return process

    def check(self):
        """An error if a process has failed."""
        for process in self.processes:
            if process.poll():
                raise ChildProcessError(f'{self.name}: {process.stderr.read()}')

    def stop(self):
        """Ends the processes at once, and their sessions, which may not notice."""
        for process in self.processes:
            process.kill()
            process.wait()
        self.processes = []
        server.wait_until('the end of the sessions', lambda: not self.query('''
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND backend_type = 'client backend' AND application_name <> %s''', server.OURS))


class PmJobs(Queue):
    """Workers of the server."""
    name = 'pm_jobs'
    jobs = 'pm_jobs._job'
    waiting = "queue = 'bench' AND run_at IS NULL"

    def __init__(self, name='pm_jobs', **options):
        super().__init__()
        self.name = name
        self.options = options

    def set_up(self, database):
        super().set_up(database)
        options = ''.join(f', {name} => {setting}' for name, setting in self.options.items())
        self.query(f"SELECT pm_jobs.create_queue('bench'{options}), pm_jobs.pause_queue('bench')")

    def add(self, count):
        self.query("SELECT count(*) FROM pm_jobs.enqueue_many('bench', 'none', array_fill('{}'::jsonb, ARRAY[%s]))", count)

    def warm_up(self):
        self.add(100)
        self.start()
        server.wait_until('a worker', lambda: server.worker_pids(self.connection))
        self.stop()

    def pile(self, count):
        self.top_up(count)
        self.start()
        server.wait_until('the end of the jobs', lambda: self.unfinished() == 0, seconds=600, interval=0.2)
        self.stop()

    def start(self):
        self.query("SELECT pm_jobs.resume_queue('bench')")

    def stop(self):
        self.query("SELECT pm_jobs.pause_queue('bench')")
        server.wait_until('idle workers', lambda: not server.worker_pids(self.connection, busy=True))


class PmJobsRun(PmJobs):
    """Sessions that CALL pm_jobs.run(), for servers without preload."""
    def __init__(self, sessions=2):
        super().__init__(f'pm_jobs, CALL run by {sessions}')
        self.sessions = sessions

    def warm_up(self):
        pass

    def set_up(self, database):
        super().set_up(database)
        self.query(f'ALTER DATABASE {database} SET pm_jobs.enabled = off')

    def start(self):
        super().start()
        with server.gate(self.connection, self.jobs, self.sessions):
            for _ in range(self.sessions):
                self.launch('psql', '-Xq', text="CALL pm_jobs.run('bench')")

    def stop(self):
        Queue.stop(self)
        super().stop()


class Plain(Queue):
    """DELETE ... SKIP LOCKED by clients of pgbench; the handler does nothing in no time."""
    jobs = 'plain'

    def __init__(self, clients, batch=1):
        super().__init__()
        self.clients = clients
        self.batch = batch
        self.name = f'plain table, {clients} clients' + (f', {batch} at a time' if batch > 1 else '')

    def add(self, count):
        self.query("INSERT INTO plain (queue, kind, payload) SELECT 'bench', 'none', '{}' FROM generate_series(1, %s)", count)

    def start(self):
        script = os.path.join(server.TMP, f'plain_{self.batch}.sql')
        with open(script, 'w', encoding='utf-8') as out:
            print(f'''DELETE FROM plain WHERE id = ANY (ARRAY(
                SELECT id FROM plain WHERE queue = 'bench' ORDER BY priority DESC, id LIMIT {self.batch} FOR UPDATE SKIP LOCKED))
                RETURNING id, payload;''', file=out)
        # each of the two threads waits when it prepares the statement of its first client
        with server.gate(self.connection, self.jobs, 2):
            self.launch('pgbench', '-n', '-M', 'prepared', '-c', str(self.clients), '-j', '2', '-T', '3600', '-f', script)


class PgQ(Queue):
    """One consumer that reads a batch of events and finishes it; no handler, no completion of each."""
    name = 'PgQ, one batch, no handler'

    @classmethod
    def missing(cls):
        # the view of available extensions shows those of a staged server only
        shared = subprocess.run([os.environ['PG_CONFIG'], '--sharedir'], check=True, capture_output=True, text=True).stdout
        return None if os.path.exists(os.path.join(shared.strip(), 'extension', 'pgq.control')) else absence('postgresql-15-pgq3')

    def set_up(self, database):
        super().set_up(database)
        self.query('CREATE EXTENSION pgq')
        self.query("SELECT pgq.create_queue('bench'), pgq.register_consumer('bench', 'bench')")
        self.jobs = server.value(self.connection, "SELECT pgq.current_event_table('bench')")

    def top_up(self, count):
        self.query("SELECT count(pgq.insert_event('bench', 'none', '{}')) FROM generate_series(1, %s)", count)
        self.query("SELECT pgq.force_tick('bench')")
        self.query("SELECT pgq.ticker('bench')")
        self.count = count

    def watch(self, count):
        pass

    def unfinished(self):
        return self.count * (self.processes[0].poll() is None)

    def nearly_done(self):
        return self.unfinished() == 0

    def start(self):
        with server.gate(self.connection, self.jobs, 1):
            self.launch('psql', '-XAtq', text='''
                SELECT pgq.next_batch('bench', 'bench') AS batch \\gset
                SELECT ev_id, ev_type, ev_data FROM pgq.get_batch_events(:batch) \\g /dev/null
                SELECT pgq.finish_batch(:batch) \\g /dev/null
                ''')

    def stop(self):
        super().stop()
        self.query("SELECT pgq.maint_rotate_tables_step1('bench')")
        self.query('SELECT pgq.maint_rotate_tables_step2()')
        self.jobs = server.value(self.connection, "SELECT pgq.current_event_table('bench')")

    def tidy(self):
        pass


class Graphile(Queue):
    """graphile-worker; at_once: jobs of its local queue, with completions in batches."""
    jobs = 'graphile_worker._private_jobs'

    def __init__(self, concurrency=8, at_once=-1):
        super().__init__()
        self.arguments = {'concurrency': concurrency, 'atOnce': at_once}
        self.name = f'graphile-worker, concurrency {concurrency}' + (f', local queue {at_once}' if at_once > 0 else '')

    @classmethod
    def missing(cls):
        return npm_missing('graphile-worker')

    def node(self, **arguments):
        return self.launch('node', os.path.join(HERE, 'graphile.js'), json.dumps({**self.arguments, **arguments}))

    def set_up(self, database):
        super().set_up(database)
        self.node(migrate=True).wait()
        self.processes = []

    def add(self, count):
        self.query('''SELECT count(*) FROM graphile_worker.add_jobs(
            (SELECT array_agg(('none', '{}'::json, NULL, NULL, NULL, NULL, NULL, NULL)::graphile_worker.job_spec)
             FROM generate_series(1, %s)))''', count)

    def start(self):
        with server.gate(self.connection, self.jobs, 1):
            self.node()


class PgBoss(Queue):
    """pg-boss: loops that fetch and complete so many jobs at a time, without its polling pauses."""
    jobs = 'pgboss.job'
    waiting = "name = 'bench' AND state < 'completed'"
    poll = 0.05

    def __init__(self, loops=2, at_once=1000):
        super().__init__()
        self.arguments = {'loops': loops, 'atOnce': at_once}
        self.name = f'pg-boss, {loops} loops, {at_once} at a time'

    @classmethod
    def missing(cls):
        return npm_missing('pg-boss')

    def node(self, **arguments):
        return self.launch('node', os.path.join(HERE, 'pg_boss.js'), json.dumps({**self.arguments, **arguments}))

    def set_up(self, database):
        super().set_up(database)
        self.node(migrate=True).wait()
        self.processes = []

    def top_up(self, count):
        self.query('''INSERT INTO pgboss.job (name, data, policy)
            SELECT 'bench', '{}', 'standard' FROM generate_series(1, %s)''', count - self.unfinished())

    def watch(self, count):
        pass

    def nearly_done(self):
        return not server.value(self.connection, "SELECT EXISTS (SELECT FROM pgboss.job WHERE name = 'bench' AND state < 'active')")

    def start(self):
        with server.gate(self.connection, self.jobs, self.arguments['loops']):
            self.node()
