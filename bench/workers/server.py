"""server.py - the throw-away server that test/with_cluster.sh has started

PGHOST, PGPORT and PGUSER lead to it, PM_TMP is where its files are.
"""
import contextlib
import os
import subprocess
import time

import psycopg2

TMP = os.environ['PM_TMP']
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Tells our sessions from those of the peers.
OURS = 'bench'
# s between two looks at something that will soon be so.
POLL = 0.01


def connect(database, **options):
    """A connection that commits each statement."""
    connection = psycopg2.connect(dbname=database, application_name=OURS, **options)
    connection.autocommit = True
    return connection


def query(connection, sql, *values):
    """The rows of a statement; none if it returns nothing."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return cursor.fetchall() if cursor.description else []


def value(connection, sql, *values):
    """The only value of a statement's only row."""
    return query(connection, sql, *values)[0][0]


def wait_until(what, condition, seconds=60, interval=POLL):
    """Looks again and again until condition() is true; an error if that takes too long."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f'after {seconds} s there is still not: {what}')
        time.sleep(interval)


def create_database(name):
    """A new database with pm_jobs and trivial.sql; returns its name."""
    with contextlib.closing(connect('postgres')) as connection:
        query(connection, f'CREATE DATABASE {name}')
    with contextlib.closing(connect(name)) as connection:
        query(connection, 'CREATE EXTENSION pm_jobs')
        with open(os.path.join(TOP, 'bench', 'trivial.sql'), encoding='utf-8') as script:
            query(connection, script.read())
    return name


def configure(settings):
    """Changes settings that a reload is enough for; None resets one."""
    alter_system(settings)
    with contextlib.closing(connect('postgres')) as connection:
        before = value(connection, 'SELECT pg_conf_load_time()')
        query(connection, 'SELECT pg_reload_conf()')

    def reloaded():
        with contextlib.closing(connect('postgres')) as connection:
            return value(connection, 'SELECT pg_conf_load_time()') > before
    wait_until('reloaded configuration', reloaded)


def restart(settings):
    """The same for settings that need a restart; every connection is lost."""
    alter_system(settings)
    subprocess.run(['pg_ctl', '-D', os.path.join(TMP, 'cluster', 'data'), '-l', os.environ['PM_SERVER_LOG'],
                    '-m', 'fast', '-w', 'restart'], check=True, stdout=subprocess.DEVNULL)


def alter_system(settings):
    with contextlib.closing(connect('postgres')) as connection:
        for name, setting in settings.items():
            if setting is None:
                query(connection, f'ALTER SYSTEM RESET {name}')
            else:
                query(connection, f'ALTER SYSTEM SET {name} = %s', str(setting))


def worker_pids(connection, busy=False):
    """The workers of pm_jobs in the connection's database, or those that are at work."""
    return [row[0] for row in query(connection, '''
        SELECT pid FROM pg_stat_activity
        WHERE backend_type = 'pm_jobs worker' AND datname = current_database() AND (state = 'active' OR NOT %s)''', busy)]


@contextlib.contextmanager
def gate(connection, table, waiting):
    """Keeps everybody out of a table until that many sessions wait, then lets all in.

    So that a measurement begins when its clients have started and are connected.  The
    body of the with statement starts them; it has ended when they are let in.
    """
    query(connection, 'BEGIN')
    query(connection, f'LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE')
    yield
    with contextlib.closing(connect('postgres')) as watcher:
        wait_until(f'{waiting} sessions that wait for {table}', lambda: value(watcher, '''
            SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND %s = ANY (pg_blocking_pids(pid))''',
            connection.info.backend_pid) >= waiting)
    query(connection, 'COMMIT')
