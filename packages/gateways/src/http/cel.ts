/**
 * CEL expressions over one message. They only name facts: what an expression fails to say is unknown.
 *
 * @module
 */
import { CountersignError } from '@countersign/core'
import type { Json } from '@countersign/schema'
import { Environment } from '@marcbachmann/cel-js'
import type { z } from 'zod'

/** What an expression may look at. */
export interface View {
  readonly params: Readonly<Record<string, string>>
  /** Names that occur once; one that occurs twice is in `queries` alone. */
  readonly query: Readonly<Record<string, string>>
  readonly queries: Readonly<Record<string, readonly string[]>>
  /** The sealed ones, by their names in small letters. */
  readonly headers: Readonly<Record<string, string>>
  /** The JSON body as sealed, `null` if there is none. */
  readonly body: Json
}

const environment = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false })
  .registerVariable('params', 'map<string, string>')
  .registerVariable('query', 'map<string, string>')
  .registerVariable('queries', 'map<string, list<string>>')
  .registerVariable('headers', 'map<string, string>')
  .registerVariable('body', 'dyn')

/**
 * Compiles now, so that a mistake stops the start and not an action.
 *
 * @throws ERR_CONFIG_INVALID for what does not parse, names unknown variables, or takes time out of proportion
 */
export function compile<Type>(cel: string, type: z.ZodType<Type>): (view: View) => Type | undefined {
  const expression = parse(cel)
  return (view) => {
    let found: unknown
    try {
      found = expression({ ...view, body: withIntegers(view.body) })
    } catch {
      return undefined // the fact stays unknown, and unknown counts as the worst
    }
    const { success, data } = type.safeParse(withNumbers(found))
    return success ? data : undefined
  }
}

function parse(cel: string): ReturnType<Environment['parse']> {
  let expression: ReturnType<Environment['parse']>
  try {
    expression = environment.parse(cel)
  } catch (cause) {
    throw new CountersignError('ERR_CONFIG_INVALID', { cel }, { cause })
  }
  const { valid, error } = expression.check()
  if (!valid) throw new CountersignError('ERR_CONFIG_INVALID', { cel }, { cause: error })
  // A pattern or a loop in a loop over an agent's text can run for minutes.
  if (calls(expression.ast, 'matches') > 0)
    throw new CountersignError('ERR_CONFIG_INVALID', { cel, says: 'matches is not offered' })
  if (nesting(expression.ast) > 1) throw new CountersignError('ERR_CONFIG_INVALID', { cel, says: 'loops do not nest' })
  return expression
}

const loops: readonly unknown[] = ['map', 'filter', 'all', 'exists', 'exists_one', 'transformList', 'transformMap']

const isNode = (value: unknown): value is { op: string; args: unknown } =>
  typeof value === 'object' && value !== null && 'op' in value && 'args' in value

const children = (value: unknown): readonly unknown[] =>
  isNode(value) ? [value.args] : Array.isArray(value) ? value : []

const called = (value: unknown): unknown =>
  isNode(value) && (value.op === 'call' || value.op === 'rcall') && Array.isArray(value.args)
    ? value.args[0]
    : undefined

const calls = (value: unknown, name: string): number =>
  children(value).reduce<number>((sum, child) => sum + calls(child, name), called(value) === name ? 1 : 0)

const nesting = (value: unknown): number =>
  Math.max(0, ...children(value).map(nesting)) + (loops.includes(called(value)) ? 1 : 0)

/** JSON has numbers, CEL has integers: without this `body.count + 1` would not compute. */
function withIntegers(value: Json): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withIntegers)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withIntegers(item as Json)]))
}

function withNumbers(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  return Array.isArray(value) ? value.map(withNumbers) : value
}
