/**
 * Random messages that two readers could read in two ways, sent through the HTTP gateway: what it let through, and what
 * its card said.
 *
 * @module
 */
import fc from 'fast-check'
import { type Instance, openInstance } from '../packages/gateways/src/http/fixture.ts'

/** What each reader is asked for; a fact that a message does not tell is left out. */
export interface Facts {
  readonly dataset?: string | undefined
  readonly rows?: number | undefined
  readonly destination?: string | undefined
}

export type Kind = 'json' | 'form' | 'query'

/**
 * One message that passed: as the upstream got it, and the facts on the card; what is unknown there counts as the
 * worst.
 */
export interface Passed {
  readonly kind: Kind
  readonly text: string
  readonly card: Facts
}

const names = ['dataset', 'rows', 'destination'] as const

const odd: Readonly<Record<string, readonly string[]>> = {
  s: ['S', '\u017F', '\uFF53'],
  k: ['K', '\u212A'],
  i: ['I', '\u0130', '\u0131'],
  o: ['O', '\uFF4F'],
  a: ['A', '\uFF41'],
  t: ['T'],
  r: ['R', 'r\u200B', 'r\u0007', 'r\u00AD'],
}

const spelling = (name: string): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(name) },
    fc.constant(name.toUpperCase()),
    fc.constantFrom(`${name}\0`, `${name}\0x`, ` ${name}`, `${name} `, `${name}[]`, `${name}[0]`),
    fc.tuple(fc.nat(name.length - 1), fc.nat(2)).map(([at, which]) => {
      const other = odd[name[at] ?? '']?.[which] ?? (name[at] ?? '').toUpperCase()
      return name.slice(0, at) + other + name.slice(at + 1)
    }),
    fc.string({ unit: 'binary', maxLength: 4 }),
  )

const value = (name: string): fc.Arbitrary<string | number> =>
  name === 'rows' ? fc.constantFrom(0, 5, 48_211) : fc.constantFrom('finance.orders', 'crm.customers', 'evil.example')

const member = fc.constantFrom(...names).chain((name) => fc.tuple(spelling(name), value(name)))

const members = fc.array(member, { minLength: 1, maxLength: 5 })

const escaped = (text: string): string => JSON.stringify(text)
const json = members.map(
  (pairs) => `{${pairs.map(([name, of]) => `${escaped(name)}:${JSON.stringify(of)}`).join(',')}}`,
)

const encoded = (text: string, how: number): string => {
  const plain = text.toWellFormed()
  if (how === 0) return encodeURIComponent(plain)
  if (how === 1) return encodeURIComponent(plain).replaceAll('%20', '+')
  return encodeURIComponent(plain).replace(/^[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`)
}
const fields = fc
  .tuple(
    fc.array(fc.tuple(member, fc.nat(2)), { minLength: 1, maxLength: 5 }),
    fc.constantFrom('&', '&', '&', ';', '&&'),
  )
  .map(([pairs, by]) => pairs.map(([[name, of], how]) => `${encoded(name, how)}=${encoded(String(of), how)}`).join(by))

const cel = (text: string) => ({ cel: text })

/** A missing number counts as 0 here, which is how a mapping lets a second spelling through if nobody looks. */
const routeOver = (where: string) => ({
  verb: 'data.export',
  resources: [{ kind: 'dataset', name: cel(`${where}.dataset`) }],
  destination: cel(`${where}.destination`),
  rows: cel(where === 'body' ? 'has(body.rows) ? body.rows : 0' : `"rows" in ${where} ? int(${where}.rows) : 0`),
  rowsFrom: 'request',
})

/** Sends `runs` messages of each kind. Throws if one was judged and not sent, or sent otherwise than it came. */
export async function passedOf(runs: number): Promise<{ passed: Passed[]; refused: number }> {
  const routes = {
    'POST /json': routeOver('body'),
    'POST /form': routeOver('form'),
    'GET /query': routeOver('query'),
  }
  const instance = await openInstance({ upstream: { routes } })
  const passed: Passed[] = []
  let refused = 0
  try {
    for (const [kind, arbitrary] of [
      ['json', json],
      ['form', fields],
      ['query', fields],
    ] as const) {
      for (const text of fc.sample(arbitrary, runs)) {
        const card = await sent(instance, kind, text)
        if (card) passed.push({ kind, text, card })
        else refused += 1
      }
    }
  } finally {
    await instance.close()
  }
  return { passed, refused }
}

/** The facts on the card; undefined if the message was refused. */
async function sent(instance: Instance, kind: Kind, text: string): Promise<Facts | undefined> {
  const [attempts, received] = [instance.attempts.length, instance.upstream.received.length]
  const types = { json: 'application/json', form: 'application/x-www-form-urlencoded' }
  const { status } =
    kind === 'query'
      ? await instance.ask(`/crm/query?${text}`)
      : await instance.ask(`/crm/${kind}`, { method: 'POST', body: text, headers: { 'content-type': types[kind] } })
  if (status === 400 && instance.attempts.length === attempts) return undefined
  const got = instance.upstream.received[received]
  if (status !== 200 || (kind === 'query' ? got?.url !== `/query?${text}` : got?.body !== asReceived(text)))
    throw new Error(`${kind} ${JSON.stringify(text)} was answered with ${status} and arrived as ${JSON.stringify(got)}`)
  const { action, context } = instance.attempts[attempts] ?? { action: undefined, context: undefined }
  const [resource] = action?.resources ?? []
  return {
    dataset: resource?.kind === 'dataset' ? resource.name : undefined,
    rows: context?.measures.rows,
    destination: context?.lineage.destination,
  }
}

/** The fixture keeps bytes, one a letter. */
const asReceived = (text: string) => Buffer.from(text).toString('latin1')

/** What a reader makes of a message otherwise than the card says; nothing if they agree on all that the card knows. */
export function disagreement({ card }: Passed, read: Facts): string[] {
  return names.filter((name) => {
    const said = card[name]
    const found = name === 'rows' ? (read.rows ?? 0) : read[name]
    return said !== undefined && found !== said
  })
}
