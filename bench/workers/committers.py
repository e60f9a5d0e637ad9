"""committers.py - what waking costs those who commit

Clients of pgbench that add one job in each transaction, with nobody to wake, with
workers that are woken and run the jobs, and with a NOTIFY that one session listens to.
"""
import contextlib
import os
import re
import select
import subprocess
import threading

import figures
import server

SECONDS = 3
ENQUEUE = "SELECT pm_jobs.enqueue('bench', 'none')"
INSERT = "INSERT INTO plain (queue, kind, payload) VALUES ('bench', 'none', '{}')"
NOTIFY = "pg_notify('anybody', '')"
# name: statements, do workers run
VARIANTS = {
    'INSERT into a plain table': (INSERT, False),
    'INSERT and NOTIFY': (f'{INSERT} RETURNING {NOTIFY}', False),
    'enqueue, no worker': (ENQUEUE, False),
    'enqueue, workers woken and at work': (ENQUEUE, True),
    'enqueue and NOTIFY, no worker': (f'{ENQUEUE}, {NOTIFY}', False),
}


@contextlib.contextmanager
def listener():
    """A session that listens, as long as the body of the with statement runs."""
    connection = server.connect('committers')
    server.query(connection, 'LISTEN anybody')
    ending, end = os.pipe()

    def listen():
        while True:
            ready, _, _ = select.select([connection, ending], [], [])
            if ending in ready:
                return
            connection.poll()
            connection.notifies.clear()
    thread = threading.Thread(target=listen)
    thread.start()
    yield
    os.write(end, b'.')
    thread.join()
    connection.close()


def commits_per_second(statements, clients, seconds):
    """What pgbench says, without the time it takes to connect."""
    script = os.path.join(server.TMP, 'committers.sql')
    with open(script, 'w', encoding='utf-8') as out:
        print(statements, file=out, end=';\n')
    told = subprocess.run(['pgbench', '-n', '-M', 'prepared', '-c', str(clients), '-j', '2', '-T', str(seconds), '-f', script, 'committers'],
                          check=True, capture_output=True, text=True).stdout
    return float(re.search(r'^tps = (\S+)', told, re.M)[1])


def measure(short):
    """8 and 16 clients."""
    rounds, seconds = (1, 1) if short else (5, SECONDS)
    server.create_database('committers')
    connection = server.connect('committers')
    server.query(connection, "SELECT pm_jobs.create_queue('bench')")
    for number in range(rounds):
        for clients in (8, 16):
            for variant in VARIANTS if number % 2 == 0 else reversed(VARIANTS):
                statements, workers = VARIANTS[variant]
                server.query(connection, 'TRUNCATE plain, pm_jobs._job')
                server.query(connection, f"SELECT pm_jobs.{'resume' if workers else 'pause'}_queue('bench')")
                server.query(connection, 'CHECKPOINT')
                with listener() if NOTIFY in statements else contextlib.nullcontext():
                    rate = commits_per_second(statements, clients, seconds)
                figures.add(f'{clients} clients, commits/s', variant, rate)
    for clients in (8, 16):
        test = f'{clients} clients, commits/s'
        figures.ratio(test, 'share left by waking workers', 'enqueue, workers woken and at work', 'enqueue, no worker')
        figures.ratio(test, 'share left by NOTIFY', 'enqueue and NOTIFY, no worker', 'enqueue, no worker')
        figures.ratio(test, 'share left by NOTIFY, plain table', 'INSERT and NOTIFY', 'INSERT into a plain table')
