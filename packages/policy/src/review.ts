/**
 * What Cedar does not check: annotations, names, depth, ids.
 *
 * @module
 */
import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import type { PolicyNote } from '@countersign/core'
import { type ActionTree, familyMeant } from './actions.ts'
import { readAnnotations, type Reading } from './annotations.ts'
import { complaintsAbout, isGroup, type Known } from './names.ts'
import type { Draft } from './parse.ts'
import { type Problem, problemAt } from './problem.ts'
import { maxNesting, positionOf } from './scan.ts'

export interface Reviewed extends Draft {
  readonly id: string | undefined
  /** Absent if the annotations could not be read. */
  readonly note: PolicyNote | undefined
  /** Cedar is not to look at it again: it nests too deep. */
  readonly deep: boolean
  readonly problems: readonly Problem[]
}

export function review(draft: Draft, tree: ActionTree, known: Known): Reviewed {
  const { piece, json } = draft
  const written = json.annotations ?? {}
  const id = Object.hasOwn(written, 'id') ? written.id : undefined
  if (depthOf(json) > maxNesting) {
    const problems = [problemAt(piece, 0, id, `is more than ${maxNesting} steps deep; split it, or use a set`)]
    return { ...draft, id, note: undefined, deep: true, problems }
  }

  const reading = readAnnotations(json.effect, written)
  const family = familyMeant(json, tree)
  const problems = [
    ...(reading.kind === 'unreadable' ? reading.says.map((says) => problemAt(piece, 0, id, says)) : []),
    ...strangers(reading, known).map(({ word, says }) => problemAt(piece, find(piece.text, `@${word}`), id, says)),
    ...(family === undefined
      ? []
      : [problemAt(piece, 0, id, `"${family}" has members: write \`action in\` instead of ==`)]),
    ...complaintsAbout(json, known).map(({ says, about }) => problemAt(piece, find(piece.text, about), id, says)),
  ]
  return {
    ...draft,
    id,
    note: reading.kind === 'unreadable' ? undefined : noteOf(reading, draft),
    deep: false,
    problems,
  }
}

/** Steps of an expression inside another; each is two levels of JSON. Does not recurse: the tree may be hostile. */
function depthOf(json: PolicyJson): number {
  let level: unknown[] = json.conditions
  let depth = 0
  while (level.length > 0) {
    depth += 1
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []))
  }
  return depth / 2
}

function strangers(reading: Reading, known: Known): { word: string; says: string }[] {
  if (reading.kind !== 'sign-off') return []
  const { approve, escalate } = reading.words
  const strange = (word: string, group: string) => ({ word, says: `@${word}: there is no group "${group}"` })
  return [
    ...approve.from.filter((group) => !isGroup(group, known)).map((group) => strange('approve', group)),
    ...(escalate && !isGroup(escalate.to, known) ? [strange('escalate', escalate.to)] : []),
  ]
}

const find = (text: string, part: string): number => Math.max(0, text.indexOf(part))

function noteOf(reading: Exclude<Reading, { kind: 'unreadable' }>, { text, piece }: Draft): PolicyNote {
  const { id, doc, owner, control } = reading.words
  const { line } = positionOf(piece.file.text, piece.start)
  const source = { file: piece.file.name, line, lastLine: line + piece.text.split('\n').length - 1 }
  const common = { id, doc, owner, control, text, source, kind: reading.kind, signOff: undefined, obligations: [] }
  switch (reading.kind) {
    case 'prohibition':
      return common
    case 'allowance': {
      const { mask, limit } = reading.words
      return { ...common, obligations: [mask, limit].filter((duty) => duty !== undefined) }
    }
    case 'sign-off': {
      const { approve, escalate, ...words } = reading.words
      return {
        ...common,
        signOff: {
          id,
          doc,
          owner,
          ...(control !== undefined && { control }),
          ...approve,
          timeoutMs: words.timeout,
          validMs: words.valid,
          ...(escalate && { escalate }),
          assurance: words.assurance,
          reasonRequired: words.reason !== undefined,
          purposeRequired: words.purpose !== undefined,
          distinct: words.distinct !== undefined,
          enforcingOnly: words.mode !== undefined,
        },
      }
    }
  }
}

export function duplicates(drafts: readonly Reviewed[]): Problem[] {
  const first = new Map<string, Reviewed>()
  return drafts.flatMap((draft) => {
    const { id, piece } = draft
    const other = id === undefined ? undefined : first.get(id)
    if (id !== undefined && !other) first.set(id, draft)
    return other ? [problemAt(piece, 0, id, `the id "${id}" is taken by a policy in ${other.piece.file.name}`)] : []
  })
}
