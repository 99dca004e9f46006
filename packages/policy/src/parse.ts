/**
 * Cuts the files into policies and lets Cedar read each.
 *
 * @module
 */
import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import { cedarProblem, type Piece, type PolicyFile, type Problem, problemAt, wholeProblem } from './problem.ts'
import { scan } from './scan.ts'
import type { CedarWorker } from './cedar-worker.ts'

/** One policy, longer than anybody reviews; a larger one is refused with its file and line. */
const maxPolicyBytes = 32 << 10
/** Policies of one set, since each takes time to check; a larger set is refused, and the one in force stays. */
const maxPolicies = 2000

export const isSchema = ({ name }: PolicyFile): boolean => name.endsWith('.cedarschema')

/** A policy as Cedar read it. */
export interface Draft {
  readonly piece: Piece
  readonly json: PolicyJson
  /** As Cedar's formatter prints it. */
  readonly text: string
}

export function cut(files: readonly PolicyFile[]): { pieces: Piece[]; problems: Problem[] } {
  const pieces: Piece[] = []
  const problems: Problem[] = []
  for (const file of files.filter((candidate) => !isSchema(candidate))) {
    const found = scan(file.text)
    const whole = { file, start: 0, text: file.text }
    problems.push(...found.problems.map(({ at, says }) => problemAt(whole, at, undefined, says)))
    pieces.push(...found.pieces.map((piece) => ({ file, ...piece })))
  }
  const large = pieces.filter(({ text }) => Buffer.byteLength(text) > maxPolicyBytes)
  problems.push(...large.map((piece) => problemAt(piece, 0, undefined, `is larger than ${maxPolicyBytes} bytes`)))
  if (pieces.length > maxPolicies) problems.push(wholeProblem(files, `more than ${maxPolicies} policies`))
  if (pieces.length === 0 && problems.length === 0) problems.push(wholeProblem(files, 'there are no policies'))
  return { pieces, problems }
}

export async function parse(worker: CedarWorker, files: readonly PolicyFile[], pieces: readonly Piece[]) {
  const drafts: Draft[] = []
  const problems: Problem[] = []
  const parsed = await worker.try(
    'policyToJson',
    pieces.map(({ text }) => [text] as const),
  )
  const formatted = await worker.try(
    'formatPolicies',
    pieces.map(({ text }) => [{ policyText: text, lineWidth: 100, indentWidth: 2 }] as const),
  )

  for (const [index, piece] of pieces.entries()) {
    const [json, text] = [parsed[index], formatted[index]]
    if (!json || !text || 'threw' in json || 'threw' in text) {
      problems.push(problemAt(piece, 0, undefined, 'is more than Cedar can read'))
      return { drafts, problems, poisoned: true }
    }
    if (json.answer.type === 'success' && text.answer.type === 'success') {
      drafts.push({ piece, json: json.answer.json, text: text.answer.formatted_policy.trim() })
      continue
    }
    const error = json.answer.type === 'failure' ? json.answer.errors[0] : undefined
    problems.push(cedarProblem(piece, undefined, error))
  }
  if (problems.length === 0) problems.push(...(await recount(worker, files, pieces)))
  return { drafts, problems, poisoned: false }
}

/** Cedar has to find as many policies in each file as the cutter did, or one of them has misread it. */
async function recount(
  worker: CedarWorker,
  files: readonly PolicyFile[],
  pieces: readonly Piece[],
): Promise<Problem[]> {
  const policyFiles = files.filter((file) => !isSchema(file))
  const counted = await worker.try(
    'policySetTextToParts',
    policyFiles.map(({ text }) => [text] as const),
  )
  return policyFiles.flatMap((file, index) => {
    const parts = counted[index]
    if (!parts || 'threw' in parts || parts.answer.type === 'failure') return [wholeProblem([file], 'cannot be read')]
    const found = parts.answer.policies.length + parts.answer.policy_templates.length
    const own = pieces.filter((piece) => piece.file === file).length
    return found === own ? [] : [wholeProblem([file], `holds ${found} policies, though it reads like ${own}`)]
  })
}
