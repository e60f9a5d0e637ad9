"""enqueue.py - what enqueuing costs beside an INSERT into a plain table

8 clients with a commit each, one session without commits, and many jobs at once.
Nobody runs the jobs meanwhile: the queue is paused.
"""
import contextlib
import os
import re
import subprocess
import time

import figures
import server

CLIENTS = 8
SECONDS = 5
# Statements of one loop, and rows of one statement.
LOOP = 20_000
MANY = 100_000

ENQUEUE = "SELECT pm_jobs.enqueue('bench', 'none', '{\"invoice\": 1}')"
INSERT = "INSERT INTO plain (queue, kind, payload) VALUES ('bench', 'none', '{\"invoice\": 1}')"
ENQUEUE_MANY = "SELECT count(*) FROM pm_jobs.enqueue_many('bench', 'none', array_fill('{\"invoice\": 1}'::jsonb, ARRAY[%s]))"
INSERT_MANY = "INSERT INTO plain (queue, kind, payload) SELECT 'bench', 'none', '{\"invoice\": 1}' FROM generate_series(1, %s)"
LOOPS = """
CREATE PROCEDURE loop_enqueue(n int) LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. n LOOP
    PERFORM pm_jobs.enqueue('bench', 'none', '{"invoice": 1}');
  END LOOP;
END $$;
CREATE PROCEDURE loop_insert(n int) LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. n LOOP
    INSERT INTO plain (queue, kind, payload) VALUES ('bench', 'none', '{"invoice": 1}');
  END LOOP;
END $$
"""


def empty(connection):
    server.query(connection, 'TRUNCATE plain, pm_jobs._job')
    server.query(connection, 'CHECKPOINT')


def commits_per_second(statement, protocol, seconds):
    """What pgbench says, without the time it takes to connect."""
    script = os.path.join(server.TMP, 'enqueue.sql')
    with open(script, 'w', encoding='utf-8') as out:
        print(statement, end=';\n', file=out)
    told = subprocess.run(['pgbench', '-n', '-M', protocol, '-c', str(CLIENTS), '-j', '2', '-T', str(seconds), '-f', script, 'enqueue'],
                          check=True, capture_output=True, text=True).stdout
    return float(re.search(r'^tps = (\S+)', told, re.M)[1])


def rows_per_second(connection, statement, rows):
    """Of one statement, commit included."""
    began = time.monotonic()
    server.query(connection, statement, rows)
    return rows / (time.monotonic() - began)


def measure(short):
    """One round that is not counted and five that are, in alternating order."""
    rounds, seconds, share = (1, 1, 20) if short else (5, SECONDS, 1)
    server.create_database('enqueue')
    with contextlib.closing(server.connect('enqueue')) as connection:
        server.query(connection, "SELECT pm_jobs.create_queue('bench'), pm_jobs.pause_queue('bench')")
        server.query(connection, LOOPS)
        tests = {}
        for protocol in ('prepared', 'simple'):
            tests[f'{CLIENTS} clients, {protocol}, a commit each, jobs/s'] = {
                'INSERT': lambda protocol=protocol: commits_per_second(INSERT, protocol, seconds),
                'enqueue': lambda protocol=protocol: commits_per_second(ENQUEUE, protocol, seconds)}
        tests['a loop in one transaction, jobs/s'] = {
            'INSERT': lambda: rows_per_second(connection, 'CALL loop_insert(%s)', LOOP // share),
            'enqueue': lambda: rows_per_second(connection, 'CALL loop_enqueue(%s)', LOOP // share)}
        tests['one statement, jobs/s'] = {
            'INSERT': lambda: rows_per_second(connection, INSERT_MANY, MANY // share),
            'enqueue': lambda: rows_per_second(connection, ENQUEUE_MANY, MANY // share)}
        for number in range(rounds + 1):
            for test, variants in tests.items():
                for variant in variants if number % 2 == 0 else reversed(variants):
                    empty(connection)
                    rate = variants[variant]()
                    if number > 0:
                        figures.add(test, variant, rate, 300_000 if variant == 'enqueue' and 'one statement' in test else None)
        for test in tests:
            figures.ratio(test, 'enqueue to INSERT', 'enqueue', 'INSERT', 0.9 if 'clients' in test else None)
