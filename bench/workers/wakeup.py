"""wakeup.py - how long after its COMMIT was sent a job starts, on a queue with nothing else

One client adds a job, takes the time and commits; the handler's first deed is to
take the time too, on the same machine.
"""
import json
import multiprocessing
import operator
import random
import select
import time

import figures
import server
from queues import Graphile

STAMP = '''
CREATE FUNCTION stamp(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS
'BEGIN RETURN to_jsonb(extract(epoch FROM clock_timestamp())); END';
SELECT pm_jobs.register_handler('stamp', 'stamp(pm_jobs.job)'), pm_jobs.create_queue('bench')'''


class Committer:
    """The client; sent: when it sent which COMMIT, took: how long each one took."""

    def __init__(self, database):
        self.connection = server.connect(database)
        self.connection.autocommit = False
        self.sent = {}
        self.took = []

    def commit(self, sql, number=None):
        """Sends the statement, which returns the job's number unless it has one, and COMMIT."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql, {'i': number})
            if number is None:
                number = cursor.fetchone()[0]
        before = time.time()
        self.connection.commit()
        self.took.append((time.time() - before) * 1000)
        self.sent[number] = before
        return number

    def forget(self):
        """What was committed so far does not count."""
        self.sent.clear()
        self.took.clear()

    def lags(self, started):
        """ms from each COMMIT to the start of its job; started: numbers and times."""
        started = dict(started)
        return [(started[number] - before) * 1000 for number, before in self.sent.items()]


def rest():
    """Lets the queue fall idle: a job ends within 2 ms; random, so as not to keep time with anything."""
    time.sleep(random.uniform(0.005, 0.015))


class Workers:
    """pm_jobs with a worker that is there."""
    name = 'pm_jobs'
    add = "SELECT pm_jobs.enqueue('bench', 'stamp')"

    def __init__(self):
        self.database = server.create_database('wakeup')
        self.connection = server.connect(self.database)
        server.query(self.connection, STAMP)

    def settled(self):
        """Waits until every job has run."""
        server.wait_until('the end of the jobs', lambda: server.value(self.connection, 'SELECT count(*) FROM pm_jobs._job') == 0)

    def started(self, least):
        """Numbers and times of the jobs from that number on."""
        self.settled()
        return server.query(self.connection, 'SELECT id, result::float8 FROM pm_jobs._finished WHERE id >= %s', least)

    def measure(self, count):
        committer = Committer(self.database)
        committer.commit(self.add)
        self.settled()
        committer.forget()
        for _ in range(count):
            rest()
            committer.commit(self.add)
        return committer.lags(self.started(min(committer.sent))), committer.took

    def measure_notify(self, count):
        """NOTIFY pm_jobs by a client after a row that nothing reported."""
        trigger = server.value(self.connection, '''
            SELECT tgname FROM pg_trigger WHERE tgrelid = 'pm_jobs._job'::regclass AND tgenabled = 'A' ''')
        server.query(self.connection, f'ALTER TABLE pm_jobs._job DISABLE TRIGGER {trigger}')
        committer = Committer(self.database)
        for _ in range(count):
            rest()
            number = server.value(self.connection, '''
                INSERT INTO pm_jobs._job (queue, kind, payload, priority, max_attempts, enqueued_by)
                VALUES ('bench', 'stamp', '{}', 0, 1, 'postgres'::regrole) RETURNING id''')
            committer.commit('NOTIFY pm_jobs', number)
        lags = committer.lags(self.started(min(committer.sent)))
        server.query(self.connection, f'ALTER TABLE pm_jobs._job ENABLE ALWAYS TRIGGER {trigger}')
        return lags

    def measure_cold(self, count):
        """A job when the last worker has left because it was idle."""
        server.configure({'pm_jobs.idle_exit': 1})
        committer = Committer(self.database)
        for _ in range(count):
            server.wait_until('no worker', lambda: not server.worker_pids(self.connection))
            committer.commit(self.add)
        lags = committer.lags(self.started(min(committer.sent)))
        server.configure({'pm_jobs.idle_exit': None})
        return lags


def listen(database, pipe):
    """A process that listens and runs what is there, until it is told to end; answers with when jobs started."""
    connection = server.connect(database)
    started = []
    server.query(connection, 'LISTEN plain')
    pipe.send('ready')
    while True:
        ready, _, _ = select.select([connection, pipe], [], [])
        if pipe in ready:
            pipe.send(started)
            return
        connection.poll()
        connection.notifies.clear()
        connection.autocommit = False
        while rows := server.query(connection, '''
                DELETE FROM plain WHERE id = (SELECT id FROM plain ORDER BY priority DESC, id LIMIT 1 FOR UPDATE SKIP LOCKED)
                RETURNING id'''):
            started.append((rows[0][0], time.time()))
            connection.commit()
        connection.commit()
        connection.autocommit = True


class Listen:
    """A plain table and a client that listens."""
    name = 'LISTEN and a plain table'
    add = "INSERT INTO plain (queue, kind, payload) VALUES ('bench', 'none', '{}') RETURNING id, pg_notify('plain', '')"

    def __init__(self):
        self.database = server.create_database('listen')

    def measure(self, count):
        pipe, end = multiprocessing.Pipe()
        process = multiprocessing.Process(target=listen, args=(self.database, end))
        process.start()
        pipe.recv()
        committer = Committer(self.database)
        for _ in range(count):
            committer.commit(self.add)
            rest()
        pipe.send('end')
        started = pipe.recv()
        process.join()
        return committer.lags(started), committer.took


class GraphileWorker:
    """graphile-worker with one job at a time."""
    name = 'graphile-worker'
    add = "SELECT graphile_worker.add_job('none', json_build_object('i', %(i)s))"

    def __init__(self):
        self.queue = Graphile(concurrency=1)
        self.queue.set_up(server.create_database('graphile'))

    def measure(self, count):
        process = self.queue.node()
        committer = Committer('graphile')
        committer.commit(self.add, 0)
        server.wait_until('the first job', lambda: self.queue.unfinished() == 0)
        committer.forget()
        for number in range(1, count + 1):
            rest()
            committer.commit(self.add, number)
        server.wait_until('the end of the jobs', lambda: self.queue.unfinished() == 0)
        told, _ = process.communicate()
        self.queue.stop()
        return committer.lags(json.loads(told)), committer.took


def measure(short):
    """Durable and not, in turns."""
    count, rounds, cold = (50, 1, 3) if short else (250, 5, 100)
    if Graphile.missing():
        figures.present([Graphile()])
    peers = [Workers(), Listen()] + ([] if Graphile.missing() else [GraphileWorker()])
    lags = {}
    for number in range(rounds):
        for durable in (True, False):
            server.configure({'synchronous_commit': 'on' if durable else 'off'})
            for peer in peers if number % 2 == 0 else peers[::-1]:
                lag, took = peer.measure(count)
                lags.setdefault((durable, peer.name), []).extend(lag)
                if peer is peers[0]:
                    lags.setdefault((durable, 'the COMMIT itself'), []).extend(took)
                    lags.setdefault((durable, 'pm_jobs, from the end of COMMIT'), []).extend(map(operator.sub, lag, took))
    for (durable, name), values in lags.items():
        targets = {} if name != 'pm_jobs' else {50: 1, 99: 3} if durable else {50: 0.25}
        figures.quantiles('COMMIT to start, durable' if durable else 'COMMIT to start, not durable', name, values, 'ms', targets)
    server.configure({'synchronous_commit': None})
    figures.quantiles('NOTIFY to start, durable', 'pm_jobs', peers[0].measure_notify(count), 'ms', {99: 50})
    figures.quantiles('COMMIT to start of a worker and job', 'pm_jobs', peers[0].measure_cold(cold), 'ms', {99: 50})
