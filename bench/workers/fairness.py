"""fairness.py - two tenants of one queue: does the small one wait for the large one?

The large tenant's jobs wait already when the small one adds its few.  A job takes 2 ms
in which it does not compute, so that the share of it that is the queue's is small.
"""
import figures
import server

SLEEP = '''
CREATE FUNCTION nap(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  started constant timestamptz := clock_timestamp();
BEGIN
  PERFORM pg_sleep(0.002);
  RETURN jsonb_build_array(extract(epoch FROM started), extract(epoch FROM clock_timestamp() - started));
END $$;
SELECT pm_jobs.register_handler('nap', 'nap(pm_jobs.job)')'''
# name: parameters of the queue
QUEUES = {'as it comes': '', 'key_concurrency 1': ', key_concurrency => 1', 'ordered': ', ordered => true'}


def wait_of_small(connection, queue, large, small):
    """Job times that each of the small tenant's jobs waited, from its COMMIT to its start."""
    many = '''SELECT count(*) FROM pm_jobs.enqueue_many(%s, 'nap', array_fill('{}'::jsonb, ARRAY[%s]), limit_key => %s)'''
    begun = server.value(connection, 'SELECT last_value FROM pm_jobs._job_id')
    server.query(connection, many, queue, large, 'large')
    server.wait_until('the large tenant at work', lambda: server.value(
        connection, 'SELECT count(*) FROM pm_jobs._finished WHERE id > %s', begun) > 100)
    added = server.value(connection, 'SELECT extract(epoch FROM clock_timestamp())::float8')
    server.query(connection, many, queue, small, 'small')

    def ended():
        return server.query(connection, '''
            SELECT (result ->> 0)::float8 FROM pm_jobs._finished WHERE id > %s AND limit_key = 'small' ''', begun)
    server.wait_until('the end of the small tenant', lambda: len(ended()) == small, seconds=300)
    server.query(connection, 'SELECT pm_jobs.pause_queue(%s)', queue)
    mean = server.value(connection, 'SELECT avg((result ->> 1)::float8) FROM pm_jobs._finished WHERE id > %s', begun)
    waits = [(started - added) / mean for (started,) in ended()]
    server.wait_until('no job', lambda: server.value(connection, "SELECT count(*) FROM pm_jobs.jobs WHERE status = 'running'") == 0)
    server.query(connection, 'TRUNCATE pm_jobs._job')
    server.query(connection, 'SELECT pm_jobs.resume_queue(%s)', queue)
    return waits


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
            waits = wait_of_small(connection, name, large, 10)
            test = f'10 jobs beside {large}, queue: {name}'
            figures.add(test, 'longest wait, job times', max(waits), at_most=10)
            figures.add(test, 'mean wait, job times', sum(waits) / len(waits))
