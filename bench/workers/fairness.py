"""fairness.py - two tenants of one queue: does the small one wait for the large one?

The large tenant's jobs wait already when the small one adds its few.  A handler takes
2 ms in which it does not compute.  The job time that waits are counted in is how long a
job occupies one of the queue's two workers, its commit included.
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
CONCURRENCY = 2  # what a queue has unless it is told
# name: parameters of the queue
QUEUES = {'as it comes': '', 'key_concurrency 1': ', key_concurrency => 1', 'ordered': ', ordered => true'}


def waits_of_small(connection, queue, large, small):
    """How long the small tenant's jobs waited, and the job time, in s."""
    many = "SELECT count(*) FROM pm_jobs.enqueue_many(%s, 'nap', array_fill('{}'::jsonb, ARRAY[%s]), limit_key => %s)"
    before = server.value(connection, 'SELECT last_value FROM pm_jobs._job_id')
    starts = '(SELECT (result #>> ARRAY[]::text[])::float8 AS at, limit_key FROM pm_jobs._finished WHERE id > %s) AS s'
    server.query(connection, many, queue, large, 'large')
    server.wait_until('the large tenant at work', lambda: server.value(connection, f'SELECT count(*) FROM {starts}', before) > 100)
    added = server.value(connection, 'SELECT extract(epoch FROM clock_timestamp())::float8')
    server.query(connection, many, queue, small, 'small')

    def started():
        return [at for at, in server.query(connection, f"SELECT at FROM {starts} WHERE limit_key = 'small' ORDER BY at", before)]
    server.wait_until('the end of the small tenant', lambda: len(started()) == small, seconds=300)
    server.query(connection, 'SELECT pm_jobs.pause_queue(%s)', queue)
    waits = [at - added for at in started()]
    ran = server.value(connection, f'SELECT count(*) FROM {starts} WHERE at BETWEEN %s AND %s', before, added, added + waits[-1])
    server.wait_until('idle workers', lambda: not server.worker_pids(connection, busy=True))
    server.query(connection, 'TRUNCATE pm_jobs._job')
    server.query(connection, 'SELECT pm_jobs.resume_queue(%s)', queue)
    return waits, waits[-1] * CONCURRENCY / ran


def measure(short):
    """10 jobs beside 100 000."""
    large, rounds = (2000, 1) if short else (100000, 5)
    server.create_database('fairness')
    connection = server.connect('fairness')
    server.query(connection, SLEEP)
    for name, parameters in QUEUES.items():
        server.query(connection, f'SELECT pm_jobs.create_queue(%s{parameters})', name)
    for _ in range(rounds):
        for name in QUEUES:
            waits, time = waits_of_small(connection, name, large, 10)
            test = f'10 jobs beside {large}, queue {name}'
            figures.add(test, 'first wait, job times', waits[0] / time)
            figures.add(test, 'mean wait, job times', sum(waits) / len(waits) / time)
            figures.add(test, 'longest wait, job times', waits[-1] / time, at_most=10)
            figures.add(test, 'job time, ms', time * 1000)
