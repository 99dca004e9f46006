/**
 * What an operator says of a route or a tool: one shape for every gateway.
 *
 * @module
 */
import { isError } from '@countersign/core'
import { Effect, ResourceKind, Verb } from '@countersign/schema'
import { z } from 'zod'
import {
  type Compile,
  createCompiler,
  type Expression,
  longestExpression,
  type Offer,
  type View,
} from './expression.ts'
import { inner, type NamesRead } from './expression-tree.ts'

const Cel = z.strictObject({ cel: z.string().min(1).max(longestExpression) })

/** A fact: said outright, or worked out from the message by a CEL expression. */
const said = <Type extends z.ZodType>(type: Type) => z.union([type, Cel])

const Count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER)
const Name = z.string().min(1).max(500)

const SaidData = z.strictObject({
  name: said(Name).describe('A dataset, or an expression that gives one or a list of them.'),
  columns: said(z.array(z.string())).optional(),
})

const DataList = z.union([z.array(SaidData), Cel])

export const Pointer = z.string().regex(/^(\/([^/~]|~[01])*)+$/, 'is not a JSON pointer (RFC 6901)')

/** The members that a route and a tool have in common; each gateway adds its own, and what is required where. */
export const ruleShape = {
  verb: said(Verb),
  resources: z
    .array(z.strictObject({ kind: ResourceKind, name: said(Name) }))
    .min(1)
    .max(50)
    .describe('A name is said outright, or an expression gives one or a list of them; 50 at most in all.'),
  effect: said(Effect)
    .optional()
    .describe('Default: by the verb, and where it only says `call` by what the protocol says.'),
  sentence: said(Name).optional().describe('What people are asked, in the imperative.'),
  reads: DataList.optional().describe(
    'Datasets, or an expression that gives them. An empty list says that it reads nothing; left out, it is unknown.',
  ),
  writes: DataList.optional(),
  destination: said(Name).optional(),
  model: said(Name).optional(),
  rows: said(Count).optional(),
  destructive: z.boolean().default(false),
  reversible: z
    .boolean()
    .optional()
    .describe('`false` raises the risk as `destructive` does. Left out it is unknown, and nothing gets easier by it.'),
  alike: z
    .array(z.string().min(1).max(200))
    .max(50)
    .default([])
    .describe('Names that may come twice or in several spellings here, in spite of `docs/one-reading.md`.'),
} as const

const Members = z.object(ruleShape).partial({ verb: true, resources: true })
/** What a rule says; a gateway's own configuration of a route or a tool is one. */
export type RuleConfig = z.infer<typeof Members>
/** The same as it is written, before what is left out is filled in. */
export type RuleSaid = z.input<typeof Members>

type SaidOf<Type> = Type | { readonly cel: string }
type Told<Type> = (view: View) => Type | undefined

/** A rule whose expressions are compiled. What a function gives is undefined where nobody can tell. */
export interface Rule {
  /** Undefined if nobody said what it is: the gateway's own verb then. */
  readonly verb: Told<Verb> | undefined
  /** Undefined if nobody said upon what. */
  readonly resources: readonly ToldResource[] | undefined
  readonly effect: Told<Effect> | undefined
  readonly sentence: Told<string>
  readonly reads: Told<readonly ToldData[]>
  readonly writes: Told<readonly ToldData[]>
  readonly destination: Told<string>
  readonly model: Told<string>
  readonly rows: Told<number>
  readonly bytes: Told<number>
  readonly destructive: boolean
  /** All names that its expressions look up, by variable. */
  readonly names: NamesRead
  readonly alike: readonly string[]
}

export interface ToldResource {
  readonly kind: ResourceKind
  readonly names: Told<readonly string[]>
  /** Its name comes out of the message. */
  readonly worked: boolean
}

export interface ToldData {
  readonly name: string
  readonly columns?: string[]
}

/** Told where in a rule an expression is that cannot be used, and why. */
export type Complain = (path: (string | number)[], says: string) => void

type Path = readonly (string | number)[]

export type CompileRule = (
  config: RuleConfig & { readonly bytes?: SaidOf<number> | undefined },
  complain: Complain,
) => Rule

/** Compiles rules over what one gateway offers. An expression that does not compile is complained of, and says nothing. */
export function createRuleCompiler(offer: Offer): CompileRule {
  const compile = createCompiler(offer)
  return (config, complain) => {
    const compiled = collect(compile, complain)
    const told = <Type>(path: Path, what: SaidOf<NoInfer<Type>> | undefined, type: z.ZodType<Type>): Told<Type> => {
      if (!isCel(what)) return () => what
      const expression = compiled.of(path, what.cel)
      return (view) => {
        const { success, data } = type.safeParse(expression.evaluate(view))
        return success ? data : undefined
      }
    }
    const names = (path: Path, what: SaidOf<string>): Told<readonly string[]> => {
      if (!isCel(what)) return () => [what]
      const expression = compiled.of(path, what.cel)
      return (view) => namesOf(expression.evaluate(view))
    }
    const data = (part: 'reads' | 'writes'): Told<readonly ToldData[]> => {
      const what = config[part]
      if (what === undefined) return () => undefined
      const each: readonly Each[] = isCel(what)
        ? [{ names: names([part], what), columns: () => undefined }]
        : what.map((one, at) => ({
            names: names([part, at, 'name'], one.name),
            columns: told([part, at, 'columns'], one.columns, Columns),
          }))
      return (view) => dataOf(each, view)
    }
    return {
      verb: config.verb === undefined ? undefined : told(['verb'], config.verb, Verb),
      resources: config.resources?.map(({ kind, name }, at) => ({
        kind,
        names: names(['resources', at, 'name'], name),
        worked: isCel(name),
      })),
      effect: config.effect === undefined ? undefined : told(['effect'], config.effect, Effect),
      sentence: told(['sentence'], config.sentence, Name),
      reads: data('reads'),
      writes: data('writes'),
      destination: told(['destination'], config.destination, PlainName),
      model: told(['model'], config.model, PlainName),
      rows: told(['rows'], config.rows, Count),
      bytes: told(['bytes'], config.bytes, Count),
      destructive: config.destructive || config.reversible === false,
      names: compiled.names(),
      alike: config.alike,
    }
  }
}

/** The expressions of one rule, and all the names that they look up. */
function collect(compile: Compile, complain: Complain) {
  const expressions: Expression[] = []
  return {
    of(path: Path, cel: string): Expression {
      try {
        const expression = compile(cel)
        expressions.push(expression)
        return expression
      } catch (error) {
        if (!isError(error, 'ERR_CONFIG_INVALID')) throw error
        const { says } = error.detail as { readonly says: string }
        complain([...path, 'cel'], `This is not an expression that can be used: ${says}.`)
        return { evaluate: () => undefined, reads: new Map() }
      }
    },
    names(): NamesRead {
      const all = new Map<string, Set<string> | 'any'>()
      for (const [variable, names] of expressions.flatMap(({ reads }) => [...reads])) {
        const known = all.get(variable)
        all.set(variable, known === 'any' || names === 'any' ? 'any' : new Set([...(known ?? []), ...names]))
      }
      return all
    },
  }
}

/** Names looked up at any depth of a document that stands under `variable`. */
export function namesDeepIn(names: NamesRead, variable: string): ReadonlySet<string> {
  const [direct, deeper] = [names.get(variable), names.get(inner)]
  if (direct === undefined) return new Set()
  return new Set([...(direct === 'any' ? [] : direct), ...(deeper === undefined || deeper === 'any' ? [] : deeper)])
}

const isCel = (what: unknown): what is { readonly cel: string } =>
  typeof what === 'object' && what !== null && 'cel' in what

/** A name with characters that nobody sees is read one way here and another way there. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const PlainName = Name.refine((name) => !/[\u0000-\u001F\u007F]/.test(name))
const Columns = z.array(z.string()).max(500)

/** As many as a person could be shown; what an agent lists beyond that is unknown. So is an empty list of its own. */
const Names = z.union([PlainName.transform((name) => [name]), z.array(PlainName).min(1).max(200)])

function namesOf(value: unknown): readonly string[] | undefined {
  const { success, data } = Names.safeParse(value)
  return success ? [...new Set(data)] : undefined
}

interface Each {
  readonly names: Told<readonly string[]>
  readonly columns: Told<readonly string[]>
}

/** A list of which one name is unknown is unknown as a whole: a part of the truth would look like all of it. */
function dataOf(each: readonly Each[], view: View): readonly ToldData[] | undefined {
  const all: ToldData[] = []
  for (const one of each) {
    const names = one.names(view)
    if (names === undefined) return undefined
    const columns = one.columns(view)
    all.push(...names.map((name) => ({ name, ...(columns && { columns: [...columns] }) })))
  }
  return all
}
