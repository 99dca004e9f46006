/**
 * What operators say of a tool's arguments, in CEL: `arguments.path`, `["crm." + arguments.table]`.
 *
 * @module
 */
import type { Json } from '@countersign/schema'
import { Environment } from '@marcbachmann/cel-js'

const environment = new Environment({
  limits: { maxAstNodes: 500, maxDepth: 30 },
  homogeneousAggregateLiterals: false,
}).registerVariable('arguments', 'map')

export function compiles(expression: string): boolean {
  const { valid } = environment.check(expression)
  return valid
}

/** The names an expression gives; undefined where it cannot tell, which is not the same as none. */
export function names(expression: string, args: { readonly [key: string]: Json }): readonly string[] | undefined {
  let value: unknown
  try {
    value = environment.evaluate(expression, { arguments: args })
  } catch {
    return undefined // an argument that is not there: unknown, and that counts as the worst
  }
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.length <= mostNames && list.every(isName) ? [...new Set(list)] : undefined
}

/** As many as a person could be shown; what an agent lists beyond that is unknown. */
const mostNames = 200

const isName = (value: unknown): value is string => typeof value === 'string' && value.length > 0 && value.length <= 500
