/**
 * From files to a candidate that may be loaded, or the list of everything that is wrong with them.
 *
 *   cut ▶ parse ▶ annotations, names, depth ▶ validate ▶ try to load     all of Cedar in a process of its own
 *
 * @module
 */
import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import { digestOf, type PolicyNote } from '@countersign/core'
import { type ActionTree, actionTreeOf, covers } from './actions.ts'
import { countersignSchema } from './cedarschema.ts'
import type { Known } from './names.ts'
import { cut, isSchema, parse } from './parse.ts'
import { byPosition, type PolicyFile, type Problem, wholeProblem, wordsOf } from './problem.ts'
import { duplicates, review, type Reviewed } from './review.ts'
import { scan } from './scan.ts'
import { validate } from './validate.ts'
import { onCedarWorker, type CedarWorker } from './cedar-worker.ts'

/** A set of policies that passed every check. */
export interface Candidate {
  readonly version: string
  readonly schema: string
  readonly tree: ActionTree
  readonly notes: readonly PolicyNote[]
  /** What Cedar is given, by id: the very text that was checked. */
  readonly sources: Readonly<Record<string, string>>
  /** The same as Cedar read them, by id. */
  readonly read: ReadonlyMap<string, PolicyJson>
  /** For each action that can be asked about, the policies that can matter. */
  readonly slices: ReadonlyMap<string, readonly PolicyNote[]>
}

export type Compiled =
  | { readonly kind: 'candidate'; readonly candidate: Candidate }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }

/** All policy files together; a larger set is refused, and the one in force stays. */
const maxSetBytes = 1 << 20

export async function compile(files: readonly PolicyFile[], known: Known): Promise<Compiled> {
  try {
    return await onCedarWorker((worker) => compileOn(worker, files, known))
  } catch (error) {
    return refused([
      wholeProblem(files, `could not be compiled (${error instanceof Error ? error.message : 'broken'})`),
    ])
  }
}

/** On a worker that its caller throws away, once anything has broken on it. */
export async function compileOn(worker: CedarWorker, files: readonly PolicyFile[], known: Known): Promise<Compiled> {
  const bytes = files.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0)
  if (bytes > maxSetBytes) return refused([wholeProblem(files, `more than ${maxSetBytes} bytes in all`)])

  const { schema, tree, problems: schemaProblems } = await readSchema(worker, files)
  if (!tree) return refused(schemaProblems)

  const { pieces, problems: cutProblems } = cut(files)
  if (cutProblems.length > 0) return refused(cutProblems)

  const parsed = await parse(worker, files, pieces)
  const drafts = parsed.drafts.map((draft) => review(draft, tree, known))
  const problems = [...parsed.problems, ...drafts.flatMap((draft) => draft.problems), ...duplicates(drafts)]
  if (parsed.poisoned) return refused(problems)

  problems.push(...(await validate(worker, schema, drafts)))
  if (problems.length > 0) return refused(problems)

  const notes = drafts.flatMap(({ note }) => note ?? []).toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const slices = new Map(tree.askable.map((action) => [action, sliceFor(action, drafts, tree)]))
  const sources = Object.fromEntries(drafts.map(({ id, piece }) => [id ?? '', piece.text]))
  const read = new Map(drafts.map(({ id, json }) => [id ?? '', json]))
  const [loaded] = await worker.try('preparsePolicySet', [['candidate', policySetOf(notes, sources)]])
  if (!loaded || 'threw' in loaded || loaded.answer.type !== 'success') {
    return refused([wholeProblem(files, 'could not be loaded')])
  }

  // All that an answer rests on: by it instances know whether they judge alike.
  const version = digestOf({ policies: notes.map(({ id, text }) => [id, text]), schema, registry: known.registry })
  return { kind: 'candidate', candidate: { version, schema, tree, notes, sources, read, slices } }
}

const refused = (problems: readonly Problem[]): Compiled => ({
  kind: 'refused',
  problems: problems.toSorted(byPosition),
})

export const policySetOf = (
  notes: readonly PolicyNote[],
  sources: Candidate['sources'],
  instead: ReadonlyMap<string, PolicyJson> = new Map(),
) => ({
  staticPolicies: Object.fromEntries(notes.map(({ id }) => [id, instead.get(id) ?? sources[id] ?? ''])),
})

function sliceFor(action: string, drafts: readonly Reviewed[], tree: ActionTree): PolicyNote[] {
  return drafts.filter(({ json }) => covers(json, action, tree)).flatMap(({ note }) => note ?? [])
}

async function readSchema(worker: CedarWorker, files: readonly PolicyFile[]) {
  const additions = files.filter(isSchema).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const deep = additions.filter(({ text }) => scan(text).problems.length > 0)
  if (deep.length > 0) return { schema: '', tree: undefined, problems: [wholeProblem(deep, 'is nested too deep')] }

  const schema = [countersignSchema, ...additions.map(({ text }) => text)].join('\n')
  const [tried] = await worker.try('schemaToJson', [[schema]])
  if (tried && 'answer' in tried && tried.answer.type === 'success') {
    return { schema, tree: actionTreeOf(tried.answer.json), problems: [] }
  }
  const says =
    tried && 'answer' in tried && tried.answer.type === 'failure' ? wordsOf(tried.answer.errors[0]) : 'broken'
  return { schema, tree: undefined, problems: [wholeProblem(additions, says)] }
}
