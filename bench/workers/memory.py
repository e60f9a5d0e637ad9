"""memory.py - does a worker grow with the jobs that it runs?"""
import re

import figures
import server

FAILS = '''
CREATE FUNCTION fail_one(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  IF job.id % 100 = 0 THEN
    RAISE EXCEPTION 'one in a hundred';
  END IF;
  RETURN jsonb_build_object('id', job.id);
END $$;
SELECT pm_jobs.register_handler('fail_one', 'fail_one(pm_jobs.job)'), pm_jobs.create_queue('bench', max_attempts => 1)'''


def kilobytes(pid):
    """Memory of the process's own, and its share of all it uses (shared buffers too)."""
    with open(f'/proc/{pid}/status', encoding='ascii') as status:
        own = int(re.search(r'^RssAnon:\s+(\d+)', status.read(), re.M)[1])
    with open(f'/proc/{pid}/smaps_rollup', encoding='ascii') as rollup:
        share = int(re.search(r'^Pss:\s+(\d+)', rollup.read(), re.M)[1])
    return own, share


def measure(short):
    """A million jobs with results, one in a hundred fails; looked at after each tenth."""
    tenth = 5000 if short else 100000
    server.create_database('memory')
    connection = server.connect('memory')
    server.query(connection, FAILS)
    seen = {}
    for step in range(1, 11):
        server.query(connection, "SELECT count(*) FROM pm_jobs.enqueue_many('bench', 'fail_one', array_fill('{}'::jsonb, ARRAY[%s]))", tenth)
        server.wait_until('the end of the jobs', lambda: server.value(connection, 'SELECT count(*) FROM pm_jobs._job') == 0, interval=0.1)
        for pid in server.worker_pids(connection):
            seen.setdefault(pid, {})[step] = kilobytes(pid)
    for number, steps in enumerate(seen.values(), 1):
        first, last = min(steps), max(steps)
        test = f'worker {number}, kB'
        for place, what in enumerate(('of its own', 'share of all (Pss)')):
            figures.add(test, f'{what}, after {first * tenth} jobs', steps[first][place])
            figures.add(test, f'{what}, after {last * tenth} jobs', steps[last][place])
        figures.add(test, 'growth of its own', steps[last][0] - steps[first][0], at_most=1024)
