"""outbox.py - events/s published and delivered to an ordered queue of another database

Beside publish(): INSERT of the same rows into a plain table.  Beside delivery: the
same rows INSERTed into a table of the other database through postgres_fdw, and
by INSERT ... SELECT within one.  The queue is paused where delivery alone is measured.
"""
import contextlib
import time

import figures
import server

KEYS = 1000
PAYLOAD = """jsonb_build_object('id', n, 'amount', 12.5, 'currency', 'EUR')"""

PUBLISHER = f"""
CREATE EXTENSION pm_xref CASCADE;
CREATE TABLE plain (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, topic text NOT NULL, key text NOT NULL, payload jsonb NOT NULL,
  published_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE PROCEDURE loop_publish(count int) LANGUAGE plpgsql AS $$
BEGIN
  FOR n IN 1 .. count LOOP
    PERFORM pm_xref.publish('catalog.price.changed', (n % {KEYS})::text, {PAYLOAD});
  END LOOP;
END $$;
CREATE PROCEDURE loop_insert(count int) LANGUAGE plpgsql AS $$
BEGIN
  FOR n IN 1 .. count LOOP
    INSERT INTO plain (topic, key, payload) VALUES ('catalog.price.changed', (n % {KEYS})::text, {PAYLOAD});
  END LOOP;
END $$"""
SUBSCRIBER = """
CREATE EXTENSION pm_xref CASCADE;
CREATE TABLE target (id bigint PRIMARY KEY, topic text NOT NULL, key text NOT NULL, payload jsonb NOT NULL, published_at timestamptz NOT NULL);
CREATE TABLE started (event bigint, at timestamptz);
CREATE FUNCTION note(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS
'INSERT INTO public.started VALUES ((job.payload -> ''event'')::bigint, clock_timestamp()) RETURNING NULL::jsonb';
SELECT pm_jobs.register_handler('note', 'note(pm_jobs.job)');
SELECT pm_jobs.create_queue('events', concurrency => 4, ordered => true)"""


class Outbox:
    """Two databases of one server, and a subscription from one to the other."""

    def __init__(self):
        with contextlib.closing(server.connect('postgres')) as connection:
            for name in ('publisher', 'subscriber'):
                server.query(connection, f'CREATE DATABASE {name}')
        self.publisher = server.connect('publisher')
        self.subscriber = server.connect('subscriber')
        server.query(self.subscriber, SUBSCRIBER)
        server.query(self.publisher, PUBLISHER)
        host, port = server.query(self.publisher, "SELECT split_part(current_setting('unix_socket_directories'), ', ', 1), current_setting('port')::int")[0]
        server.query(self.publisher, "SELECT pm_xref.add_database('other', %s, %s, 'subscriber')", host, port)
        server.query(self.publisher, """CREATE FOREIGN TABLE target (id bigint, topic text, key text, payload jsonb, published_at timestamptz)
            SERVER other OPTIONS (batch_size '500')""")
        server.query(self.publisher, 'CREATE TABLE local_target (LIKE plain INCLUDING INDEXES)')
        server.query(self.publisher, "SELECT pm_xref.subscribe('catalog.*', 'other', 'events', 'note')")

    def received(self):
        """Events that have become jobs so far."""
        return server.value(self.subscriber, 'SELECT sum(received)::bigint FROM pm_xref._inbox')

    def left(self):
        """Jobs of them that have not run."""
        return server.value(self.subscriber, "SELECT count(*) FROM pm_jobs._job WHERE queue = 'events'")

    def empty(self):
        """The tables as at the start."""
        server.query(self.subscriber, 'TRUNCATE target, started, pm_jobs._job')
        server.query(self.publisher, 'TRUNCATE plain, local_target, pm_xref._events')
        server.query(self.publisher, 'CHECKPOINT')

    def timed(self, connection, sql, events):
        """Events/s of a statement, commit included."""
        began = time.monotonic()
        server.query(connection, sql)
        return events / (time.monotonic() - began)

    def publish(self, events, transactions=1):
        for _ in range(transactions):
            server.query(self.publisher, 'CALL loop_publish(%s)', events // transactions)

    def paused(self, paused):
        name = 'pause_queue' if paused else 'resume_queue'
        server.query(self.subscriber, f"SELECT pm_jobs.{name}('events')")


def published(outbox, events):
    """publish() beside INSERT, in a loop of one transaction; nobody subscribes to the plain table."""
    test = 'a loop in one transaction, events/s'
    figures.add(test, 'INSERT into a plain table', outbox.timed(outbox.publisher, f'CALL loop_insert({events})', events))
    figures.add(test, 'publish', outbox.timed(outbox.publisher, f'CALL loop_publish({events})', events))
    server.wait_until('what was published is delivered', lambda: outbox.left() == events)


def delivered(outbox, events):
    """Published and delivered at once, in transactions of 100; what waited; the floors."""
    test = 'to another database, events/s'
    base = outbox.received()
    outbox.paused(True)
    began = time.monotonic()
    outbox.publish(events, events // 100)
    server.wait_until('all is delivered', lambda: outbox.received() == base + events)
    figures.add(test, 'published, 100 a transaction, and delivered', events / (time.monotonic() - began), at_least=20000)

    server.query(outbox.subscriber, 'TRUNCATE pm_jobs._job')
    server.query(outbox.publisher, "SELECT pm_jobs.pause_queue('pm_xref')")
    outbox.publish(events)
    figures.add(test, 'delivered, after the subscriber was away', outbox.timed(outbox.publisher, 'SELECT pm_xref.deliver()', events), at_least=20000)
    server.query(outbox.publisher, "SELECT pm_jobs.resume_queue('pm_xref')")
    columns = 'id, topic, key, payload, published_at'
    figures.add(test, 'INSERT through postgres_fdw, batch_size 500',
                outbox.timed(outbox.publisher, f'INSERT INTO target SELECT {columns} FROM pm_xref._events ORDER BY id LIMIT {events}', events))
    figures.add(test, 'INSERT ... SELECT in one database',
                outbox.timed(outbox.publisher, f'INSERT INTO local_target ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM pm_xref._events ORDER BY id LIMIT {events}', events))
    began = time.monotonic()
    outbox.paused(False)
    server.wait_until('the jobs have run', lambda: outbox.left() == 0)
    figures.add(test, 'jobs of the ordered queue, run', events / (time.monotonic() - began))


def latency(outbox, events):
    """From before COMMIT of one event to the start of its job, one at a time; workers are there."""
    test = 'one event, COMMIT sent to start of its job'
    sent = {}
    outbox.publisher.autocommit = False
    for number in range(events):
        event = server.value(outbox.publisher, "SELECT pm_xref.publish('catalog.price.changed', %s, '{\"id\": 1, \"amount\": 1, \"currency\": \"EUR\"}')", str(number))
        sent[event] = time.time()
        outbox.publisher.commit()
        server.wait_until('its job', lambda event=event: server.value(outbox.subscriber, 'SELECT count(*) FROM started WHERE event = %s', event), interval=0.002)
    outbox.publisher.autocommit = True
    started = server.query(outbox.subscriber, 'SELECT event, extract(epoch FROM at)::float8 FROM started')
    figures.quantiles(test, 'publish', [(at - sent[event]) * 1000 for event, at in started if event in sent], 'ms')


def space(outbox, events):
    """Size of _events when as many are purged as are published, again and again."""
    test = 'publish, deliver, purge, vacuum: size of _events, MB'
    server.query(outbox.publisher, 'SET pm_xref.keep_events = 0')
    for number in range(6):
        outbox.publish(events // 5)
        server.query(outbox.publisher, 'SELECT pm_xref.deliver()')
        began = time.monotonic()
        gone = sum(iter(lambda: server.value(outbox.publisher, 'SELECT pm_xref.purge_events()'), 0))
        if number > 0:
            figures.add('purged, events/s', 'purge_events', gone / (time.monotonic() - began))
        server.query(outbox.publisher, 'VACUUM pm_xref._events')
        size = server.value(outbox.publisher, "SELECT pg_total_relation_size('pm_xref._events') / 1048576.0")
        if number in (1, 5):
            figures.add(test, f'after {number + 1} rounds', float(size))


def measure(short):
    """One round that is not counted and five that are."""
    rounds, events, single = (1, 5000, 20) if short else (5, 100000, 200)
    outbox = Outbox()
    for number in range(rounds + 1):
        if number == 1:
            figures.forget()
        outbox.empty()
        outbox.paused(True)
        published(outbox, events)
        outbox.empty()
        delivered(outbox, events)
        outbox.empty()
        latency(outbox, single)
    outbox.empty()
    outbox.paused(True)
    space(outbox, events)
    figures.ratio('a loop in one transaction, events/s', 'publish to INSERT', 'publish', 'INSERT into a plain table')
    figures.ratio('to another database, events/s', 'delivered to postgres_fdw', 'delivered, after the subscriber was away', 'INSERT through postgres_fdw, batch_size 500')
