/**
 * Cuts the text of a `.cedar` file into its policies, without trusting it to be any.
 *
 * @module
 */
interface Piece {
  readonly text: string
  /** Offset of the first character in the file. */
  readonly start: number
}

export interface Scan {
  readonly pieces: readonly Piece[]
  readonly problems: readonly { readonly at: number; readonly says: string }[]
}

/** How deep a policy may be nested: Cedar's own limit lies near 200, and going past it breaks the instance for good. */
export const maxNesting = 40

// Comments end at either line break, as in Cedar's own grammar.
const token = /\/\/[^\n\r]*|"(?:[^"\\]|\\[^])*"?|[([{]|[)\]}]|;|[^\s/"()[\]{};]+|\S/g

/** Linear in the length of the text. Comments before a policy are left out of its piece. */
export function scan(text: string): Scan {
  const pieces: Piece[] = []
  let start: number | undefined
  let depth = 0

  for (const match of text.matchAll(token)) {
    const [word] = match
    if (word.startsWith('//')) continue
    start ??= match.index
    if ('([{'.includes(word)) depth += 1
    if (')]}'.includes(word)) depth -= 1
    if (depth > maxNesting)
      return { pieces: [], problems: [{ at: match.index, says: `nested more than ${maxNesting} deep` }] }
    if (word !== ';' || depth > 0) continue
    pieces.push({ start, text: text.slice(start, match.index + 1) })
    start = undefined
    depth = 0
  }
  // What is left over is no policy; Cedar says what it misses.
  if (start !== undefined) pieces.push({ start, text: text.slice(start).trimEnd() })
  return { pieces, problems: [] }
}

/** Line and column from 1, in characters as editors count them. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}

/** Cedar counts bytes, JavaScript counts UTF-16 units. */
export const charactersOf = (text: string, bytes: number): number =>
  Buffer.from(text).subarray(0, bytes).toString().length
