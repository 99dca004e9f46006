/**
 * The numbers that stand at the top of the files, as the page of limits lists them.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'

export interface Constant {
  /** From the root of the repository. */
  readonly file: string
  /** One of several by its path: `mostEach.links`. */
  readonly name: string
  readonly value: number
  /** Its docstring in one line; empty where it has none. */
  readonly reason: string
}

/** What is there for tests, for the demo's tale or for the browser holds back nobody. */
const aside =
  /\.test\.ts$|\/(fixture|sample|fake-[\w-]+)\.ts$|\/conformance|\/api\/rig\/|\/demo\/src\/(story|company)\/|^packages\/console\//

/** A docstring, if there is one, and what is declared below it, up to the end of the line. */
const declaration = /(?:^\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?^(?:export )?const (\w+)(?:: \w+)? = ([^'"`\n]*)$/gm

/** Every constant at the top of a file that works out to a number, and every one of several in one line. */
export function constantsIn(file: string, text: string): readonly Constant[] {
  const known = new Map<string, number>()
  return [...text.matchAll(declaration)].flatMap(({ 1: says = '', 2: name = '', 3: rest = '' }) => {
    const reason = says
      .replaceAll(/\n \* ?/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim()
    const written = rest.replace(/ \/\/.*$/, '').replace(/ as const.*$/, '')
    const several = membersOf(written)?.map(([key, calculation]) => [`${name}.${key}`, calculation] as const)
    const worked = (several ?? [[name, written] as const]).map(([path, what]) => [path, worthOf(what, known)] as const)
    if (worked.some(([, value]) => value === undefined)) return []
    return worked.flatMap(([path, value]) => {
      if (value === undefined) return []
      known.set(path, value)
      return [{ file, name: path, value, reason }]
    })
  })
}

export const allConstants = (): readonly Constant[] =>
  readdirSync('packages')
    .flatMap((name) => filesIn(join('packages', name, 'src')))
    .filter((file) => file.endsWith('.ts') && !aside.test(file))
    .toSorted()
    .flatMap((file) => constantsIn(file, readFileSync(file, 'utf8')))

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))

/** Of an object on one line: its keys, and what stands behind each. */
const membersOf = (written: string) =>
  /^\{ (.*) \}$/
    .exec(written)?.[1]
    ?.split(', ')
    .map((member) => member.split(': '))
    .map(([key = '', calculation = key]) => [key, calculation] as const)

/** Of a calculation with numbers and the constants above it; undefined for everything else. */
function worthOf(calculation: string, known: ReadonlyMap<string, number>): number | undefined {
  const numbers = calculation.replaceAll(/[a-z][\w.]*/gi, (word) => String(known.get(word) ?? word))
  return /^[-\d_.*+/()< ]*\d[-\d_.*+/()< ]*$/.test(numbers) ? Number(runInNewContext(numbers)) : undefined
}
