/**
 * Open questions of one kind under one heading, and the places where the keyboard stops.
 *
 * @module
 */
import type { ApprovalSummary } from '@countersign/schema'
import { aligned } from '../approval/aligned.ts'

/** One or more of one kind, in the order of the list. */
export interface Group {
  readonly groupKey: string
  readonly questions: readonly ApprovalSummary[]
}

/** A group stands where its first question stood, so that what presses most stays on top. */
export function grouped(questions: readonly ApprovalSummary[]): Group[] {
  const groups = new Map<string, ApprovalSummary[]>()
  for (const question of questions) {
    const known = groups.get(question.groupKey)
    if (known) known.push(question)
    else groups.set(question.groupKey, [question])
  }
  return [...groups].map(([groupKey, alike]) => ({ groupKey, questions: alike }))
}

export const headId = ({ groupKey }: Pick<Group, 'groupKey'>): string => `alike-${groupKey}`

/**
 * What `j` and `k` walk through: each heading, the questions of those that are unfolded, and each that stands alone.
 */
export const stops = (groups: readonly Group[], unfolded: ReadonlySet<string>): string[] =>
  groups.flatMap((group) => {
    const ids = group.questions.map(({ id }) => id)
    if (ids.length === 1) return ids
    return [headId(group), ...(unfolded.has(group.groupKey) ? ids : [])]
  })

const dots = '…'

/** What all of these sentences say, with dots where they differ. */
export function commonWords([first = '', ...rest]: readonly string[]): string {
  const common = rest.reduce((words, sentence) => shared(words, sentence.split(' ')), first.split(' '))
  return common.some((word) => word !== dots) ? common.join(' ') : ''
}

function shared(one: readonly string[], other: readonly string[]): string[] {
  const words: string[] = []
  for (const { before, after } of aligned(one, other, (a, b) => a === b, 'apart')) {
    const word = before !== undefined && after !== undefined ? one[before] : undefined
    if (word !== undefined && word !== dots) words.push(word)
    else if (words.at(-1) !== dots) words.push(dots)
  }
  return words
}
