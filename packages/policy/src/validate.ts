/**
 * Cedar's own validator, strict, with its warnings counted as errors: what can never match is a mistake, and so is a
 * letter that looks like another.
 *
 * @module
 */
import { cedarProblem, type Problem, problemAt } from './problem.ts'
import type { Reviewed } from './review.ts'
import type { CedarWorker } from './cedar-worker.ts'

export async function validate(worker: CedarWorker, schema: string, drafts: readonly Reviewed[]): Promise<Problem[]> {
  const keyed = drafts.filter(({ deep }) => !deep).map((draft, index) => [`p${index}`, draft] as const)
  const staticPolicies = Object.fromEntries(keyed.map(([key, { piece }]) => [key, piece.text]))
  const [tried] = await worker.try('validate', [[{ schema, policies: { staticPolicies } }]])
  if (!tried || 'threw' in tried || tried.answer.type === 'failure') {
    return keyed.slice(0, 1).map(([, { piece }]) => problemAt(piece, 0, undefined, 'cannot be validated'))
  }

  const { validationErrors, validationWarnings } = tried.answer
  return keyed.flatMap(([key, { id, piece }]) => {
    const ours = (errors: typeof validationErrors) => errors.filter(({ policyId }) => policyId === key)
    const serious = ours(validationErrors)
    const found = serious.length > 0 ? serious : ours(validationWarnings)
    return onePerPosition(found.map(({ error }) => cedarProblem(piece, id, error)))
  })
}

/** Cedar says the same of every action it tried, in no order. */
function onePerPosition(problems: readonly Problem[]): Problem[] {
  const sorted = problems.toSorted((a, b) => (a.says < b.says ? -1 : 1))
  return [...new Map(sorted.toReversed().map((problem) => [`${problem.line}:${problem.column}`, problem])).values()]
}
