/**
 * How much memory the actions of one credential take while they wait or run, so that nobody takes it all.
 *
 * @module
 */
import type { SealedAction } from '../action/seal.ts'
import { CountersignError } from '../errors.ts'
import { createCrowd } from './crowd.ts'

/**
 * About what actions of one credential may take in memory while they are judged, held and run; one more is refused as
 * too many.
 */
const mostBytes = 128 * 2 ** 20

/** Takes an action in; what comes back lets it out again. @throws ERR_TOO_MANY */
export type Weigh = (credential: string, sealed: SealedAction) => () => void

export function createWeights(): Weigh {
  const weights = createCrowd(mostBytes)
  return (credential, { action }) => {
    const leave = weights.enter(credential, weightOf(action.parameters))
    if (!leave) throw new CountersignError('ERR_TOO_MANY')
    return leave
  }
}

/** About how many bytes a value of JSON takes: its texts, and 48 for each thing that it is or holds. */
export function weightOf(value: unknown): number {
  if (typeof value === 'string') return perValue + value.length
  if (typeof value !== 'object' || value === null) return perValue
  let weight = perValue
  if (Array.isArray(value)) for (const item of value) weight += weightOf(item)
  else for (const [key, member] of Object.entries(value)) weight += key.length + weightOf(member)
  return weight
}

/** About what a value takes besides its text, in bytes, so that many small values weigh as much as they take. */
const perValue = 48
