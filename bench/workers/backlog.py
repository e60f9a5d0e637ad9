"""backlog.py - does a pile of finished, future or waiting jobs slow down the next ones?

One database for each pile, made once; then rounds of the same drain in each of them.
A session in one database holds back nothing in another.
"""
import contextlib

import figures
import server
from drain import jobs_per_second
from queues import Graphile, Plain, PmJobs

CLEAN = 'nothing behind'
HELD = '1 M finished under a held snapshot'
FUTURE = '1 M scheduled for tomorrow'
DEEP = '5 M waiting'


def behind(queue, pile, million):
    """Makes the pile; returns what must stay open as long as it is to work."""
    if pile == HELD:
        holder = server.connect(queue.connection.info.dbname)
        server.query(holder, 'BEGIN ISOLATION LEVEL REPEATABLE READ')
        server.query(holder, 'SELECT FROM pg_class LIMIT 1')
        queue.pile(million)
        return holder
    if pile == FUTURE:
        queue.query('''SELECT count(*) FROM pm_jobs.enqueue_many('bench', 'none', array_fill('{}'::jsonb, ARRAY[%s]),
            run_at => now() + interval '1 day')''', million)
    elif pile == DEEP:
        queue.top_up(5 * million)
    queue.tidy()
    return contextlib.nullcontext()


def measure(short):
    """Peers are measured with and without the held snapshot; they are given some seconds."""
    million, jobs, rounds, seconds = (20000, 10000, 1, 1) if short else (1000000, 200000, 7, 4)
    piles = {CLEAN: [PmJobs(), Plain(8), Graphile(8)], HELD: [PmJobs(), Plain(8), Graphile(8)], FUTURE: [PmJobs()], DEEP: [PmJobs()]}
    held = []
    for number, pile in enumerate(piles):
        piles[pile] = figures.present(piles[pile])
        database = server.create_database(f'backlog_{number}')
        for queue in piles[pile]:
            queue.set_up(database)
            held.append(behind(queue, pile, million))
    for number in range(rounds):
        for pile in piles if number % 2 == 0 else reversed(piles):
            for queue in piles[pile]:
                rate = jobs_per_second(queue, jobs, seconds, waiting=5 * million if pile == DEEP else jobs, tidy=pile != DEEP)
                figures.add(f'{queue.name}, jobs/s', pile, rate)
    for pile, queues in piles.items():
        for queue in queues if pile != CLEAN else []:
            figures.ratio(f'{queue.name}, jobs/s', f'{pile}: share of the speed', pile, CLEAN,
                          at_least=0.9 if isinstance(queue, PmJobs) else None)
