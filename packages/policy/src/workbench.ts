/**
 * A throw-away worker with a Cedar of its own: where text that nobody has checked yet is compiled.
 *
 * @module
 */
import { Worker } from 'node:worker_threads'
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

// Plain text, because Node 20 cannot start a worker from a `.ts` file and `tsc` does not copy a `.js` one.
const source = `
const { parentPort, workerData } = require('node:worker_threads')
const cedar = require(workerData)
parentPort.on('message', ({ name, inputs }) => {
  parentPort.postMessage(inputs.map((input) => {
    try { return { answer: cedar[name](...input) } } catch (error) { return { threw: String(error) } }
  }))
})`

const patienceMs = 30_000

/** The worker's stack is no larger than the main thread's, so what compiles here compiles there. */
export function openWorkbench(): Workbench {
  const worker = new Worker(source, {
    eval: true,
    workerData: cedarPath(),
    execArgv: [],
    env: {},
    resourceLimits: { stackSizeMb: 0.9, maxOldGenerationSizeMb: 512 },
  })
  worker.unref()
  let broken: Error | undefined
  worker.on('error', (error) => (broken = error instanceof Error ? error : new Error(String(error))))

  return {
    try: <Name extends Crafts>(name: Name, inputs: readonly Inputs<Name>[]) =>
      new Promise<Tried<Name>[]>((resolve, reject) => {
        const fail = (error: unknown) => {
          settle()
          reject(error instanceof Error ? error : new Error(`the worker ended: ${String(error)}`))
        }
        const succeed = (answers: Tried<Name>[]) => {
          settle()
          resolve(answers)
        }
        const timer = setTimeout(fail, patienceMs, new Error('Cedar took too long'))
        const settle = () => {
          clearTimeout(timer)
          worker.off('message', succeed).off('error', fail).off('exit', fail)
        }
        worker.on('message', succeed).on('error', fail).on('exit', fail)
        if (broken) fail(broken)
        else worker.postMessage({ name, inputs })
      }),
    close: async () => {
      await worker.terminate()
    },
  }
}
