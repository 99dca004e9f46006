import { readdirSync, readFileSync } from 'node:fs'
import { catalogue } from '@countersign/core'
import { describe, expect, it } from 'vitest'

/**
 * People approve or reject. They sign in, and what they leave in the record is a signature; sign-offs and signed
 * checkpoints are the names of other things.
 */
const otherThings =
  /\bsign(?:ed|s|ing)?[ -](?:in|out|on|up|off|offs|ins|the tree)\b|\bsigned (?:checkpoint|note|tree)|\bsigned[ -]note|\bSigned by this deployment/gi
const verbs = /\bsign(?:s|ed|ing)?\b|\bcountersign(?:s|ed|ing)\b|\bgrant(?:s|ed|ing)?\b/i
const rooms =
  /\b(?:house|hall|lobby|doors?|\w*HandClock|\w*[pP]icture\w*|\w*[uU]nseal(?!able)\w*|[sS]ealer|Sealing|SealedRecord|sealedBy|[lL]eaveToRun|\w*[a-z]Places?|Place[A-Z]\w*|placesOf|SaidByProtocol|ears?|ride|Question(?:View|Summary|Page|Status|State|Line))\b/i

const wrongIn = (text: string) => [verbs, rooms].some((form) => form.test(text.replaceAll(otherThings, '')))

function textsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inside]) =>
    ['summary', 'description'].includes(key) && typeof inside === 'string' ? [inside] : textsIn(inside),
  )
}

describe('G13: one word for one act', () => {
  it.each<[string, boolean]>([
    ['You cannot sign this.', true],
    ['Countersigns a question', true],
    ['Grants that were voided', true],
    ['The house stands', true],
    ['Sign in first. Who signed in?', false],
    ['Sign-offs that are served, by their signatures', false],
    ['The newest signed checkpoint.', false],
    ['Approves or rejects', false],
  ])('%s: %j', (text, wrong) => {
    expect(wrongIn(text)).toBe(wrong)
  })

  it('in the descriptions of the API', () => {
    const texts = textsIn(JSON.parse(readFileSync('docs/openapi.json', 'utf8')))
    expect(texts.length).toBeGreaterThan(200)
    expect(texts.filter(wrongIn)).toEqual([])
  })

  it('in the errors', () => {
    expect(Object.values(catalogue).flatMap(({ says }) => (wrongIn(says) ? [says] : []))).toEqual([])
  })
})

/** In texts of our own, comments included; the decision itself has to name them. */
const retiredInText = /(?<!in-)\bhouses?\b|\bdoors?\b|\bhand tool|\bleave to run/i

/** In names of our own; what each is called now stands in docs/decisions/0016-plain-words.md. */
const retired =
  /\b(?:\w*Hall|\w*Lobby|createTurns|followInTurn|\w*Bells?|sift|touchedBy|[lL]ikeness\w*|nouns|\w*[wW]orkshop|\w*[wW]orkbench|\w*[wW]indowKey|\w*Rounds|(?<!in-)house\w*|\w*[a-z]House\w*|House[A-Z]\w*|\w*Door\w*|doors?|\w*HandClock|\w*[pP]icture\w*|\w*[uU]nseal(?!able)\w*|[sS]ealer|Sealing|SealedRecord|sealedBy|[lL]eaveToRun|\w*[a-z]Places?|Place[A-Z]\w*|placesOf|SaidByProtocol|ears?|ride|Question(?:View|Summary|Page|Status|State|Line))\b/

const sources = readdirSync('packages', { recursive: true, encoding: 'utf8' })
  .filter((path) => /^\w+\/src\/.*\.(?:tsx?|css)$/.test(path) && !path.includes('node_modules'))
  .map((path) => `packages/${path}`)
const pages = [
  ...['ARCHITECTURE', 'CHANGELOG', 'CONTRIBUTING', 'README', 'SECURITY', 'STYLE'].map((name) => `${name}.md`),
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(?:md|json|svg)$/.test(path) && path !== 'decisions/0016-plain-words.md')
    .map((path) => `docs/${path}`),
]

const uses = (word: RegExp, files: readonly string[], read: (text: string) => string) =>
  files.flatMap((path) => {
    const [found] = word.exec(read(readFileSync(path, 'utf8'))) ?? []
    return found === undefined ? [] : [`${path}: ${found}`]
  })

describe('what was given a plainer name keeps it', () => {
  it('in code', () => {
    expect(sources.length).toBeGreaterThan(500)
    expect(uses(retired, sources, (text) => text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, ''))).toEqual([])
  })

  it('in comments, texts and docs', () => {
    expect(pages.length).toBeGreaterThan(40)
    expect(uses(retiredInText, [...sources, ...pages], (text) => text)).toEqual([])
  })
})
