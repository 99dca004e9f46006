/**
 * Facts on their way into a store.
 *
 * @module
 */
import { Fact } from '@countersign/schema'
import { z } from 'zod'
import { CountersignError } from '../errors.ts'

const Facts = z.array(Fact)

/**
 * What is sealed is what is applied, whatever the caller does meanwhile: parsing builds anew all that the rules look at.
 * It is parsed as it will be when it is read: an entry that nobody can read would stand in the way of every follower.
 *
 * @throws ERR_INPUT_INVALID, ERR_STORE_CONFLICT
 */
export function copyOfFacts(facts: readonly Fact[]): Fact[] {
  const parsed = Facts.safeParse(facts)
  if (parsed.success) return parsed.data
  const paths = parsed.error.issues.map(({ path }) => path.join('.'))
  const onlyVersions = paths.every((path) => path.endsWith('.version')) // 0 is never the next one
  throw new CountersignError(onlyVersions ? 'ERR_STORE_CONFLICT' : 'ERR_INPUT_INVALID', { paths })
}
