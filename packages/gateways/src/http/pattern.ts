/**
 * Paths of routes: `/orders/{id}`, `/files/{path*}`, `/compare/{base}...{head}`, `/calls/{sid}.json`, `/jobs/{name}:cancel`.
 *
 * @module
 */
import { folded } from '@countersign/core'

/** Where a route applies. */
export interface Pattern {
  readonly method: string
  readonly segments: readonly Segment[]
  /** Patterns sort by it: at the first difference the more literal one comes first. Equal ones match the same paths. */
  readonly rank: string
}

type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  /** Names between texts, `texts[0] names[0] texts[1] …`: always one text more than names. */
  | { readonly kind: 'mixed'; readonly texts: readonly string[]; readonly names: readonly string[] }
  | { readonly kind: 'rest'; readonly name: string }

/** @returns what is wrong with it, as a sentence, if it is none */
export function parsePattern(pattern: string): Pattern | string {
  const space = pattern.indexOf(' ')
  const method = pattern.slice(0, space)
  const segments = pattern
    .slice(space + 1)
    .split('/')
    .filter(Boolean)
    .map(parseSegment)
  const wrong = segments.find((segment) => typeof segment === 'string')
  if (wrong !== undefined) return wrong
  const good = segments.filter((segment) => typeof segment !== 'string')
  if (good.slice(0, -1).some(({ kind }) => kind === 'rest')) return 'Only the last segment can stand for the rest.'
  const names = good.flatMap(namesOf)
  const twice = names.find((name, index) => names.indexOf(name) < index)
  if (twice !== undefined) return `The name {${twice}} stands there twice.`
  return { method, segments: good, rank: `${method} ${good.map(rankOf).join('/')}` }
}

/**
 * What its names stand for in these segments, which are decoded; undefined if they do not match. `ambiguous`: a segment can
 * be divided in more than one way, and whoever serves it may divide it otherwise.
 */
export function match(
  { segments: parts }: Pattern,
  segments: readonly string[],
): Readonly<Record<string, string>> | 'ambiguous' | undefined {
  const open = parts.at(-1)?.kind === 'rest'
  if (open ? segments.length < parts.length : segments.length !== parts.length) return undefined

  const params: Record<string, string> = {}
  let ambiguous = false
  for (const [index, part] of parts.entries()) {
    const segment = segments[index] ?? ''
    switch (part.kind) {
      case 'literal':
        if (segment !== part.text) return undefined
        break
      case 'rest':
        params[part.name] = segments.slice(index).join('/')
        break
      case 'mixed': {
        const values = divide(segment, part.texts)
        if (values === undefined) return undefined
        if (values === 'ambiguous') ambiguous = true
        else for (const [at, name] of part.names.entries()) params[name] = values[at] ?? ''
      }
    }
  }
  return ambiguous ? 'ambiguous' : params
}

/** The same pattern for a reader to whom case makes no difference. Match it against what `looseSegments` gives. */
export const loosened = (pattern: Pattern): Pattern => ({
  ...pattern,
  segments: pattern.segments.map((segment): Segment => {
    switch (segment.kind) {
      case 'literal':
        return { ...segment, text: loosely(segment.text) }
      case 'mixed':
        return { ...segment, texts: segment.texts.map(folded) }
      case 'rest':
        return segment
    }
  }),
})

/** These segments as less exact readers have them, with what looks like a form at the end, and without. */
export function looseSegments(segments: readonly string[]): (readonly string[])[] {
  const loose = segments.map(loosely)
  const last = loose.at(-1) ?? ''
  const bare = last.replace(formAtEnd, '')
  return bare === last || bare === '' ? [loose] : [loose, [...loose.slice(0, -1), bare]]
}

const loosely = (text: string): string => folded(text).replace(/[. ]+$/, '')

/** What frameworks take for the form of an answer. */
const formAtEnd = /\.(?:JSON|XML|CSV|HTML?|TXT|TEXT|YA?ML|RSS|ATOM|PDF|XLSX?|JS|DO|ACTION|PHP|ASPX?)$/

const placeholder = /\{([^{}]*)\}/

function parseSegment(text: string): Segment | string {
  const rest = /^\{([A-Za-z_]\w*)\*\}$/.exec(text)?.[1]
  if (rest !== undefined) return { kind: 'rest', name: rest }
  const pieces = text.split(placeholder) // texts and names in turn
  const texts = pieces.filter((_, index) => index % 2 === 0)
  const names = pieces.filter((_, index) => index % 2 === 1)
  const odd = names.find((name) => !/^[A-Za-z_]\w*$/.test(name))
  if (odd !== undefined) return `{${odd}} is no name: letters, digits and _ are, and {name*} at the end of the path.`
  if (texts.some((piece) => /[{}*]/.test(piece))) return `${text} is not a pattern.`
  if (texts.slice(1, -1).includes('')) return `Nothing parts the names in ${text}.`
  if (names.length === 0) return { kind: 'literal', text: decoded(text) }
  return { kind: 'mixed', texts: texts.map(decoded), names }
}

/** Segments of a request are decoded before they are compared, so `%20` and a space are one. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // a percent sign of its own
  }
}

function namesOf(segment: Segment): readonly string[] {
  switch (segment.kind) {
    case 'literal':
      return []
    case 'mixed':
      return segment.names
    case 'rest':
      return [segment.name]
  }
}

const longest = 9999

/** Of two segments with names the one with more text of its own goes first. */
function rankOf(segment: Segment): string {
  switch (segment.kind) {
    case 'literal':
      return `0${segment.text}`
    case 'mixed': {
      const { length } = segment.texts.join('')
      return `1${String(Math.max(0, longest - length)).padStart(4, '0')}${segment.texts.join('{}')}`
    }
    case 'rest':
      return '2'
  }
}

/** The values between the texts, each at least one character. In linear time: each text is looked for once from either end. */
function divide(segment: string, texts: readonly string[]): readonly string[] | 'ambiguous' | undefined {
  const first = texts[0] ?? ''
  const last = texts.at(-1) ?? ''
  if (!segment.startsWith(first) || !segment.endsWith(last)) return undefined
  const inside = segment.slice(first.length, segment.length - last.length)
  if (segment.length < first.length + last.length + texts.length - 1) return undefined
  const between = texts.slice(1, -1)
  if (between.length === 0) return [inside]

  const early = cutsFrom(inside, between)
  const late = cutsFrom(reversed(inside), between.map(reversed).toReversed())
  if (!early || !late) return undefined
  const same = early.every((cut, index) => {
    const mirrored = late[between.length - 1 - index] ?? 0
    return cut === inside.length - mirrored - (between[index]?.length ?? 0)
  })
  if (!same) return 'ambiguous'
  return [...early, inside.length].map((cut, index) => {
    const start = index === 0 ? 0 : (early[index - 1] ?? 0) + (between[index - 1]?.length ?? 0)
    return inside.slice(start, cut)
  })
}

/** Where each text stands first, one after the other, with something before it and after it. */
function cutsFrom(inside: string, between: readonly string[]): number[] | undefined {
  const cuts: number[] = []
  let from = 1
  for (const text of between) {
    const cut = inside.indexOf(text, from)
    if (cut < 0 || cut + text.length >= inside.length) return undefined
    cuts.push(cut)
    from = cut + text.length + 1
  }
  return cuts
}

const reversed = (text: string) => text.split('').toReversed().join('')
