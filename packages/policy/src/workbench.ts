/**
 * A throw-away process with a Cedar of its own: where text that nobody has checked yet is compiled.
 *
 * @module
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { cedarPath, type Cedar } from './cedar.ts'

export interface Workbench {
  /** The same function for many arguments, in order. Rejects if the worker dies or takes longer than 30 s. */
  try<Name extends Crafts>(name: Name, inputs: readonly Inputs<Name>[]): Promise<Tried<Name>[]>
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

// Plain text, because Node 20 does not run a `.ts` file and `tsc` does not copy a `.js` one. What runs once is not worth
// optimising: V8's second compiler took four times as long over Cedar as everything that is asked of it here.
const source = `
require('node:v8').setFlagsFromString('--liftoff-only')
const cedar = require(process.argv[1])
process.on('message', ({ name, inputs }) => {
  process.send(inputs.map((input) => {
    try { return { answer: cedar[name](...input) } } catch (error) { return { threw: String(error) } }
  }))
})`

const patienceMs = 30_000

/** The worker's stack is no larger than the main thread's, so what compiles here compiles there. */
export function openWorkbench(): Workbench {
  const worker = fork(cedarPath(), {
    execArgv: ['--stack-size=900', '--max-old-space-size=512', '-e', source],
    env: {},
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    detached: true, // Ctrl-C in a terminal is for the house, and it goes when the house is gone
  })
  worker.unref()
  worker.channel?.unref()
  let broken: Error | undefined
  worker.on('error', (error) => (broken = error))
  worker.once('exit', (code, signal) => (broken ??= new Error(`the worker ended: ${code ?? signal}`)))

  return {
    try: <Name extends Crafts>(name: Name, inputs: readonly Inputs<Name>[]) =>
      new Promise<Tried<Name>[]>((resolve, reject) => {
        const fail = (error: Error | undefined) => {
          settle()
          reject(error ?? new Error('the worker ended'))
        }
        const end = () => fail(broken)
        const succeed = (answers: unknown) => {
          settle()
          resolve(answers as Tried<Name>[])
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
    async close() {
      if (worker.exitCode !== null || worker.signalCode !== null || worker.pid === undefined) return
      const gone = once(worker, 'exit')
      worker.ref()
      worker.kill('SIGKILL')
      await gone
    },
  }
}
