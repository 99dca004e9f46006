/**
 * The one compiler of CEL (https://cel.dev) for what operators say of a message. An expression only names facts: what it
 * fails to say is unknown. It is compiled once, at the start, and no text that an agent sends makes it take more than a
 * few passes over that text.
 *
 * @module
 */
import { CountersignError, type ExactJson, Numeral } from '@countersign/core'
import { Environment } from '@marcbachmann/cel-js'
import { grouped } from './grouped.ts'
import { largest, registerConversions, smallest, useConversions } from './conversions.ts'
import { namesIn, type NamesRead, wrongWith } from './expression-tree.ts'

/** What a gateway offers to look at: a name, and its CEL type. */
export type Offer = Readonly<Record<string, string>>

/** The values of one message, ready to be looked at. One that is left out is unknown. */
export type View = Readonly<Record<string, unknown>>

export interface Expression {
  /** What it says of a message: a string, a number, a list of them; undefined where it cannot tell. */
  evaluate(view: View): unknown
  /** The names that it looks up. */
  readonly reads: NamesRead
}

export type Compile = (cel: string) => Expression

/** Characters of an expression; a longer one is refused at the start. */
export const longestExpression = 2000

/** @throws ERR_CONFIG_INVALID from what it returns, for what does not parse, names what is not offered, or could take long */
export function createCompiler(offer: Offer): Compile {
  const environment = new Environment({
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: 300, maxDepth: 40 },
  })
  for (const [name, type] of Object.entries(offer)) environment.registerVariable(name, type)
  for (const type of ['int', 'uint', 'double', 'string'])
    environment.registerFunction(`grouped(${type}): string`, (value: unknown) => grouped(String(value)))
  registerConversions(environment)

  return (cel) => {
    const variables = Object.keys(offer)
    const run = parse(environment, cel)
    const wrong = wrongWith(run.ast, variables)
    if (wrong !== undefined) throw invalid(cel, wrong)
    useConversions(run)
    const { valid, error } = run.check()
    if (!valid) throw invalid(cel, reasonOf(error), error)
    return {
      reads: namesIn(run.ast, variables),
      evaluate(view) {
        try {
          return plain(run({ ...view }))
        } catch {
          return undefined // the fact stays unknown, and unknown counts as the worst
        }
      },
    }
  }
}

function parse(environment: Environment, cel: string): ReturnType<Environment['parse']> {
  if (cel.length > longestExpression) throw invalid(cel, `has more than ${longestExpression} characters`)
  try {
    return environment.parse(cel)
  } catch (cause) {
    throw invalid(cel, reasonOf(cause), cause)
  }
}

/** The first line: the others draw where it is. */
const reasonOf = (cause: unknown): string =>
  (cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : '') || 'is not CEL'

const invalid = (cel: string, says: string, cause?: unknown) =>
  new CountersignError('ERR_CONFIG_INVALID', { cel, says }, { cause })

/** What no operator takes, so that an expression that needs it fails and its fact is unknown. */
class Unknowable {}

/** JSON has numbers, CEL has integers: without this `body.count + 1` would not compute. */
export function offered(value: ExactJson): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Numeral) {
    const { integer } = value
    return integer !== undefined && integer >= smallest && integer <= largest ? integer : new Unknowable()
  }
  if (Array.isArray(value)) return value.map(offered)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, offered(item as ExactJson)]))
}

/** Out of CEL again. An integer that a double cannot hold is no number to decide on. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : undefined
  if (!Array.isArray(value)) return value
  return value.length > mostResults ? undefined : value.map(plain)
}

/** Items of a list that an expression makes, as many as a person could be shown; a longer list counts as unknown. */
const mostResults = 500
