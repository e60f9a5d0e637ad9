"""drain.py - how fast waiting jobs are run"""
import time

import server


def jobs_per_second(queue, jobs, seconds, waiting=None, tidy=True):
    """Runs so many jobs of those that wait (as many unless said), but no longer than so
    many seconds; returns jobs/s.

    Jobs of earlier rounds that were not reached count among those that wait.  The end
    is seen from outside by a lookup in an index, which disturbs little.
    """
    waiting = waiting or jobs
    queue.warm_up()
    queue.top_up(waiting)
    queue.watch(jobs)
    if tidy:
        queue.tidy()
    server.query(queue.connection, 'CHECKPOINT')
    queue.start()
    began = time.monotonic()
    while True:
        time.sleep(queue.poll)
        queue.check()
        now = time.monotonic()
        late = now - began > seconds
        if late or queue.nearly_done():
            left = queue.unfinished()
            if late or left == 0 or waiting > jobs:
                break
    queue.stop()
    return (waiting - left) / (now - began)
