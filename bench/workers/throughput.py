"""throughput.py - jobs/s with durable commits, pm_jobs and its peers with settings as they come"""
import figures
import server
from drain import jobs_per_second
from queues import Graphile, PgBoss, PgQ, Plain, PmJobs, PmJobsRun

TEST = 'trivial jobs, jobs/s'


def measure(short):
    """100 000 jobs that wait, five rounds; who is slow is stopped after some seconds."""
    jobs, rounds, seconds = (10000, 1, 2) if short else (100000, 5, 5)
    queues = figures.present([PmJobs(), PmJobsRun(), Plain(8), Plain(2, batch=100), PgQ(), Graphile(1), Graphile(8),
                              Graphile(24, at_once=500), PgBoss()])
    for number, queue in enumerate(queues):
        queue.set_up(server.create_database(f'throughput_{number}'))
    for number in range(rounds):
        for queue in queues if number % 2 == 0 else queues[::-1]:
            rate = jobs_per_second(queue, jobs, seconds)
            figures.add(TEST, queue.name, rate, at_least=60000 if type(queue) is PmJobs else None)
