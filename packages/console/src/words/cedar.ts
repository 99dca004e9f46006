/**
 * The words of a Cedar policy or schema, told apart so that they can be coloured. For the eye alone: what a text means
 * is Countersign's to say. Nothing is ever left out.
 *
 * @module
 */
export type CedarKind = 'comment' | 'string' | 'annotation' | 'keyword' | 'variable' | 'number'

export interface CedarToken {
  readonly text: string
  /** None: nothing to point out. */
  readonly kind?: CedarKind
}

/**
 * https://docs.cedarpolicy.com/policies/syntax-grammar.html and …/schema/human-readable-schema-grammar.html. What comes
 * after a dot is an attribute, whatever it is called. A string ends at its quote or, while it is being written, at the
 * end.
 */
const tokens = new RegExp(
  [
    String.raw`(?<comment>\/\/[^\n]*)`,
    String.raw`(?<string>"(?:[^"\\]|\\[^])*"?)`,
    String.raw`(?<annotation>@\w+)`,
    String.raw`(?<![\w.])(?<keyword>permit|forbid|when|unless|if|then|else|in|has|like|is|true|false|namespace|entity|type|enum|appliesTo)(?!\w)`,
    String.raw`(?<![\w.])(?<variable>principal|action|resource|context)(?!\w)`,
    String.raw`(?<![\w.])(?<number>\d+)(?!\w)`,
  ].join('|'),
  'g',
)

export function cedarTokens(text: string): CedarToken[] {
  const found: CedarToken[] = []
  let end = 0
  for (const { 0: token, index, groups = {} } of text.matchAll(tokens)) {
    if (index > end) found.push({ text: text.slice(end, index) })
    const kind = Object.keys(groups).find((name) => groups[name] !== undefined) as CedarKind
    found.push({ text: token, kind })
    end = index + token.length
  }
  if (end < text.length) found.push({ text: text.slice(end) })
  return found
}
