"""fairness.py - two tenants of one queue: does the small one wait for the large one?

The large tenant's jobs wait already when the small one adds its few.  A handler takes
2 ms in which it does not compute.  The job time that waits are counted in is how long
a job of the large tenant, alone, occupies one of the two workers: its commit included.
"""
import figures
import server

SLEEP = '''
CREATE FUNCTION nap(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  started constant timestamptz := clock_timestamp();
BEGIN
  PERFORM pg_sleep(0.002);
  RETURN to_jsonb(extract(epoch FROM started));
END $$;
SELECT pm_jobs.register_handler('nap', 'nap(pm_jobs.job)')'''
ALONE = 200  # jobs of the large tenant by which the job time is known
# name: parameters of the queue; workers that one tenant alone can occupy
QUEUES = {'as it comes': ('', 2), 'key_concurrency 1': (', key_concurrency => 1', 1), 'ordered': (', ordered => true', 1)}


def waits_of_small(connection, queue, large, small):
    """How long the small tenant's jobs waited; how long from one start of the large one's to
    the next before that; in s. And how many of the large one's began meanwhile."""
    many = "SELECT count(*) FROM pm_jobs.enqueue_many(%s, 'nap', array_fill('{}'::jsonb, ARRAY[%s]), limit_key => %s)"
    last = server.value(connection, 'SELECT last_value FROM pm_jobs._job_id')

    def starts(key):
        """When jobs of a tenant started, in order."""
        return [at for at, in server.query(connection, '''
            SELECT (result #>> ARRAY[]::text[])::float8 AS at FROM pm_jobs._finished WHERE id > %s AND limit_key = %s ORDER BY at''',
            last, key)]
    server.query(connection, many, queue, large, 'large')
    server.wait_until('the large tenant at work', lambda: len(starts('large')) > ALONE)
    added = server.value(connection, 'SELECT extract(epoch FROM clock_timestamp())::float8')
    server.query(connection, many, queue, small, 'small')
    server.wait_until('the end of the small tenant', lambda: len(starts('small')) == small, seconds=300)
    server.query(connection, 'SELECT pm_jobs.pause_queue(%s)', queue)
    server.wait_until('idle workers', lambda: not server.worker_pids(connection, busy=True))
    server.query(connection, 'TRUNCATE pm_jobs._job')
    server.query(connection, 'SELECT pm_jobs.resume_queue(%s)', queue)
    waits = [at - added for at in starts('small')]
    alone = [at for at in starts('large') if at < added][-ALONE:]
    meanwhile = sum(added < at < added + waits[-1] for at in starts('large'))
    return waits, (alone[-1] - alone[0]) / (len(alone) - 1), meanwhile


def measure(short):
    """10 jobs beside 100 000."""
    large, rounds = (2000, 1) if short else (100000, 5)
    server.create_database('fairness')
    connection = server.connect('fairness')
    server.query(connection, SLEEP)
    for name, (parameters, _) in QUEUES.items():
        server.query(connection, f'SELECT pm_jobs.create_queue(%s{parameters})', name)
    for _ in range(rounds):
        for name in QUEUES:
            waits, time, meanwhile = waits_of_small(connection, name, large, 10)
            time *= QUEUES[name][1]
            test = f'10 jobs beside {large}, queue {name}'
            figures.add(test, 'first wait, job times', waits[0] / time)
            figures.add(test, 'mean wait, job times', sum(waits) / len(waits) / time)
            figures.add(test, 'longest wait, job times', waits[-1] / time, at_most=10)
            figures.add(test, 'jobs of the large one meanwhile', meanwhile)
            figures.add(test, 'job time, ms', time * 1000)
