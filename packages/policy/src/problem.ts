/**
 * What is wrong with a policy file, and where.
 *
 * @module
 */
import type { DetailedError } from '@cedar-policy/cedar-wasm/nodejs'
import { charactersOf, positionOf } from './scan.ts'

/** A `.cedar` file, or a `.cedarschema` file that extends the product's schema. */
export interface PolicyFile {
  readonly name: string
  readonly text: string
}

/** Lines and columns count from 1. */
export interface Problem {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly policy: string | undefined
  readonly says: string
}

/** One policy's text, and where it stands. */
export interface Piece {
  readonly file: PolicyFile
  /** Offset of the first character in the file. */
  readonly start: number
  readonly text: string
}

export const problemAt = (piece: Piece, offset: number, policy: string | undefined, says: string): Problem => ({
  file: piece.file.name,
  ...positionOf(piece.file.text, piece.start + offset),
  policy,
  says,
})

/** For what is wrong with all of them together. */
export const wholeProblem = (files: readonly PolicyFile[], says: string): Problem => ({
  file: files[0]?.name ?? '',
  line: 1,
  column: 1,
  policy: undefined,
  says,
})

/** What Cedar complains of, in the place it means. */
export const cedarProblem = (piece: Piece, policy: string | undefined, error: DetailedError | undefined): Problem =>
  problemAt(piece, charactersOf(piece.text, error?.sourceLocations?.[0]?.start ?? 0), policy, wordsOf(error))

export function wordsOf(error: DetailedError | undefined): string {
  if (!error) return 'cannot be read'
  const label = error.sourceLocations?.[0]?.label
  const message = error.message.replace(/^failed to parse policy from string: |^for policy `[^`]*`, /, '')
  return [message, label, error.help].filter(Boolean).join('; ')
}

export const byPosition = (a: Problem, b: Problem): number => {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1
  return a.line - b.line || a.column - b.column
}
