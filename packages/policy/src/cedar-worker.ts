/**
 * A process with a Cedar of its own, thrown away as soon as anything breaks in it: where text that nobody has checked
 * yet is compiled.
 *
 * @module
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { cedarPath, type Cedar } from './cedar.ts'

export interface CedarWorker {
  /** The same function for many arguments, in order. Rejects if the worker dies or takes longer than 30 s. */
  try<Name extends Crafts>(name: Name, inputs: readonly Inputs<Name>[]): Promise<Tried<Name>[]>
  /** False for good once anything has broken. */
  sound(): boolean
  close(): Promise<void>
}

type Crafts =
  | 'policySetTextToParts'
  | 'policyToJson'
  | 'formatPolicies'
  | 'validate'
  | 'schemaToJson'
  | 'preparsePolicySet'
type Inputs<Name extends Crafts> = Parameters<Cedar[Name]>
type Tried<Name extends Crafts> =
  | { readonly answer: ReturnType<Cedar[Name]> }
  /** The wasm broke; nothing that this worker says afterwards means anything. */
  | { readonly threw: string }

// Plain text, because Node 20 does not run a `.ts` file and `tsc` does not copy a `.js` one. What runs once is not
// worth
// optimising: V8's second compiler took four times as long over Cedar as everything that is asked of it here.
const source = `
require('node:v8').setFlagsFromString('--liftoff-only')
const cedar = require(process.argv[1])
process.on('message', ({ name, inputs }) => {
  process.send(inputs.map((input) => {
    try { return { answer: cedar[name](...input) } } catch (error) { return { threw: String(error) } }
  }))
})`

/**
 * For one piece of work in the worker; then it is killed and the policies are refused, so that none can hang a check.
 */
const patienceMs = 30_000

/**
 * How long an idle worker is kept: to start one costs more than most sets do, and who edits policies tries again soon.
 */
const keptForMs = 5_000
/** Sets read on one worker before it is replaced: WebAssembly memory grows and is never given back. */
const mostTurns = 100
let kept: { readonly worker: CedarWorker; readonly turns: number; readonly timer: NodeJS.Timeout } | undefined

/** On the worker of whoever was here last, if it is free and nothing broke on it. */
export async function onCedarWorker<Made>(work: (worker: CedarWorker) => Promise<Made>): Promise<Made> {
  const { worker, turns } = take() ?? { worker: openCedarWorker(), turns: 0 }
  try {
    return await work(worker)
  } finally {
    if (kept || turns + 1 === mostTurns || !worker.sound()) await worker.close()
    else kept = { worker, turns: turns + 1, timer: setTimeout(() => void take()?.worker.close(), keptForMs).unref() }
  }
}

function take(): typeof kept {
  const taken = kept
  kept = undefined
  clearTimeout(taken?.timer)
  return taken?.worker.sound() ? taken : undefined
}

/** The worker's stack is no larger than the main thread's, so what compiles here compiles there. */
export function openCedarWorker(): CedarWorker {
  const worker = fork(cedarPath(), {
    execArgv: ['--stack-size=900', '--max-old-space-size=512', '-e', source],
    env: {},
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    detached: true, // Ctrl-C in a terminal is for Countersign, and it goes when Countersign is gone
  })
  worker.unref()
  worker.channel?.unref()
  let broken: Error | undefined
  let sound = true
  worker.on('error', (error) => (broken = error))
  worker.once('exit', (code, signal) => (broken ??= new Error(`the worker ended: ${code ?? signal}`)))

  return {
    try: <Name extends Crafts>(name: Name, inputs: readonly Inputs<Name>[]) =>
      new Promise<Tried<Name>[]>((resolve, reject) => {
        const fail = (error: Error | undefined) => {
          sound = false
          settle()
          reject(error ?? new Error('the worker ended'))
        }
        const end = () => fail(broken)
        const succeed = (answers: unknown) => {
          settle()
          const tried = answers as Tried<Name>[]
          if (tried.some((one) => 'threw' in one)) sound = false
          resolve(tried)
        }
        const timer = setTimeout(fail, patienceMs, new Error('Cedar took too long'))
        const settle = () => {
          clearTimeout(timer)
          worker.off('message', succeed).off('error', end).off('exit', end)
        }
        worker.on('message', succeed).on('error', end).on('exit', end)
        if (broken) end()
        else worker.send({ name, inputs }, (error) => error && fail(error))
      }),
    sound: () => sound && broken === undefined,
    async close() {
      if (worker.exitCode !== null || worker.signalCode !== null || worker.pid === undefined) return
      const gone = once(worker, 'exit')
      worker.ref()
      worker.kill('SIGKILL')
      await gone
    },
  }
}
