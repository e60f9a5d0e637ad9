// pg_boss.js - loops that fetch jobs of pg-boss and complete them, until it is killed
//
// The argument is JSON: loops, atOnce (jobs of one fetch) and migrate (only installs
// it and makes the queue).  The handler does nothing.
const PgBoss = require('pg-boss')

const { loops, atOnce, migrate } = JSON.parse(process.argv[2])

async function loop (boss) {
  for (;;) {
    const jobs = await boss.fetch('bench', { batchSize: atOnce })
    if (jobs.length > 0) await boss.complete('bench', jobs.map((job) => job.id))
  }
}

async function main () {
  const boss = new PgBoss({ max: loops + 2, supervise: false, schedule: false })
  boss.on('error', (error) => console.error(error.message))
  await boss.start()
  if (migrate) {
    await boss.createQueue('bench')
    await boss.stop({ graceful: false })
  } else {
    await Promise.all(Array.from({ length: loops }, () => loop(boss)))
  }
}

main()
