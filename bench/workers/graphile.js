// graphile.js - runs jobs of graphile-worker until standard input ends
//
// The argument is JSON: concurrency, atOnce (size of the local queue; -1: none) and
// migrate (only installs it).  The handler does nothing but note when it was called
// for a payload with an i; the notes are written at the end.
const { Logger, run, runMigrations } = require('graphile-worker')

const { concurrency, atOnce, migrate } = JSON.parse(process.argv[2])
const batches = { localQueue: { size: atOnce }, completeJobBatchDelay: 0, failJobBatchDelay: 0 }
const options = {
  logger: new Logger(() => () => {}),
  noHandleSignals: true,
  preset: { worker: { concurrentJobs: concurrency, maxPoolSize: concurrency + 2, ...(atOnce > 0 ? batches : {}) } }
}
const started = []

function handle ({ i }) {
  if (i !== undefined) started.push([i, (performance.timeOrigin + performance.now()) / 1000])
}

async function main () {
  if (migrate) return runMigrations(options)
  const runner = await run({ ...options, taskList: { none: handle } })
  process.stdin.resume().on('end', async () => {
    await runner.stop()
    process.stdout.write(JSON.stringify(started))
  })
}

main()
