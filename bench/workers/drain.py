"""drain.py - how fast waiting jobs are run"""
import time

import server


def jobs_per_second(queue, jobs, seconds, tidy=True):
    """Runs so many waiting jobs, but no longer than so many seconds; returns jobs/s.

    Jobs of earlier rounds that were not reached count among those that wait.  The end
    is seen from outside by a lookup in an index, which disturbs little.
    """
    queue.warm_up()
    queue.top_up(jobs)
    if tidy:
        queue.tidy()
    server.query(queue.connection, 'CHECKPOINT')
    queue.start()
    began = time.monotonic()
    while True:
        time.sleep(queue.poll)
        queue.check()
        now = time.monotonic()
        if queue.nearly_done():
            left = queue.unfinished()
            if left == 0:
                break
        elif now - began > seconds:
            left = queue.unfinished()
            break
    queue.stop()
    return (jobs - left) / (now - began)
