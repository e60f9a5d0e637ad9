"""own_commit.py - one commit for each job, with as many workers as the plain table has clients"""
import figures
import server
from drain import jobs_per_second
from queues import Plain, PmJobs

COUNTS = (2, 8, 16)


def measure(short):
    """The server is started anew for each number of workers."""
    jobs, rounds, seconds = (5000, 1, 1) if short else (50000, 5, 3)
    queues = {count: (PmJobs(concurrency=count, own_commit='true'), Plain(count)) for count in COUNTS}
    for count in COUNTS:
        database = server.create_database(f'own_commit_{count}')
        for queue in queues[count]:
            queue.set_up(database)
    for number in range(rounds):
        for count in COUNTS:
            server.restart({'pm_jobs.max_workers': count, 'max_worker_processes': count + 8})
            for queue in queues[count] if number % 2 == 0 else queues[count][::-1]:
                queue.connect(f'own_commit_{count}')
                figures.add(f'a commit for each job, {count} workers', queue.name, jobs_per_second(queue, jobs, seconds))
    for count in COUNTS:
        figures.ratio(f'a commit for each job, {count} workers', 'ratio', 'pm_jobs', f'plain table, {count} clients', at_least=1.5)
