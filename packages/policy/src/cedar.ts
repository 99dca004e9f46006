/**
 * Cedar, as WebAssembly.
 *
 * @module
 */
import { createRequire } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import type * as cedarModule from '@cedar-policy/cedar-wasm/nodejs'

export type Cedar = typeof cedarModule

export const cedarPath = (): string => createRequire(import.meta.url).resolve('@cedar-policy/cedar-wasm/nodejs')

/**
 * An instance of its own, some 30 ms. Text that nests too deep poisons an instance for good, and what is stored in one
 * is never freed; so nothing is shared between two sets of policies, and a used-up instance is simply dropped.
 */
export function openCedar(): Cedar {
  const require = createRequire(import.meta.url)
  const path = cedarPath()
  setFlagsFromString(callsStandAlone)
  delete require.cache[path]
  try {
    return require(path) as Cedar
  } finally {
    delete require.cache[path]
  }
}

/**
 * The V8 of Node 20 builds calls into WebAssembly into the code around them, and ends the whole process when it has to
 * take that code back while such a call runs. Later ones can; the price is some nanoseconds a call.
 */
const callsStandAlone = '--no-turbo-inline-js-wasm-calls'

/** What the wasm throws when its stack or memory ran over; an instance that did is not to be trusted again. */
export const isPoison = (error: unknown): boolean =>
  error instanceof Error && ['RuntimeError', 'RangeError'].includes(error.name)
