/**
 * `int`, `uint`, `double` and `bool` of what an agent wrote. CEL takes the empty text for 0, `0b11` for 3 and 5.9 for 5;
 * whoever reads it behind us takes it for something else. Here a text is the number that everybody reads in it, or no
 * number at all.
 *
 * @module
 */
import type { Environment } from '@marcbachmann/cel-js'

type Run = ReturnType<Environment['parse']>

const strict = new Map(['int', 'uint', 'double', 'bool'].map((name) => [name, `exactly_${name}`]))

const wholeNumber = /^-?(?:0|[1-9]\d*)$/
const plainNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/

export function registerConversions(environment: Environment): void {
  const register = (signature: string, convert: (value: never) => unknown) =>
    void environment.registerFunction(`exactly_${signature}`, convert as (...values: unknown[]) => unknown)
  register('int(int): int', same)
  register('int(uint): int', ({ value }: { readonly value: bigint }) => integer(value))
  register('int(double): int', (value: number) => integer(wholly(value)))
  register('int(string): int', (text: string) => integer(BigInt(written(text, wholeNumber))))
  register('uint(int): int', natural)
  register('uint(uint): int', ({ value }: { readonly value: bigint }) => natural(value))
  register('uint(double): int', (value: number) => natural(wholly(value)))
  register('uint(string): int', (text: string) => natural(BigInt(written(text, wholeNumber))))
  register('double(int): double', Number)
  register('double(uint): double', ({ value }: { readonly value: bigint }) => Number(value))
  register('double(double): double', same)
  register('double(string): double', (text: string) => Number(written(text, plainNumber)))
  register('bool(bool): bool', same)
  register('bool(string): bool', (text: string) => written(text, /^(?:true|false)$/) === 'true')
}

/** Puts them in the place of CEL's own. Before it is checked. */
export function useConversions({ ast }: Run): void {
  replace(ast)
}

function replace(value: unknown): void {
  if (Array.isArray(value)) return value.forEach(replace)
  if (typeof value !== 'object' || value === null || !('op' in value && 'args' in value)) return
  const { op, args } = value
  if (op === 'call' && Array.isArray(args)) args[0] = strict.get(String(args[0])) ?? (args[0] as unknown)
  replace(args)
}

const same = <Value>(value: Value): Value => value

function written(text: string, form: RegExp): string {
  if (text.length > 20 || !form.test(text)) throw new RangeError('not written as everybody writes it')
  return text
}

function wholly(value: number): bigint {
  if (!Number.isSafeInteger(value)) throw new RangeError('not a whole number')
  return BigInt(value)
}

/** Beyond these CEL has no integer. */
export const [smallest, largest] = [-(2n ** 63n), 2n ** 63n - 1n]

function integer(value: bigint): bigint {
  if (value < smallest || value > largest) throw new RangeError('beyond 64 bits')
  return value
}

function natural(value: bigint): bigint {
  if (value < 0n) throw new RangeError('below 0')
  return integer(value)
}
