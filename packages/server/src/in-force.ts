/**
 * The policies of this instance: read, watched, and recorded before others come in force. What did not pass is told until
 * something passes.
 *
 * In force is what was activated last, by whichever instance: none permits anything by another set (`core/facts/judged-on.ts`).
 * An instance activates only what it newly loads, so that two with different files never take turns; the one that is behind
 * reads its files once more, and else says that they differ.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import {
  type Clock,
  type Concerns,
  CountersignError,
  type LogLine,
  type PolicySet,
  type Running,
  type Store,
} from '@countersign/core'
import type { CedarEngine, Policies, Problem, Reload } from '@countersign/policy'
import { byOperator, bySystem, type LoadedBy } from '@countersign/schema'

/** A problem with the text of its line. */
export type ToldProblem = Problem & { readonly text: string }

export interface PoliciesState {
  readonly version: string
  /** When the set in force was loaded, in milliseconds. */
  readonly at: number
  readonly by: LoadedBy
  readonly files: readonly string[]
  /** What was read since and did not pass. */
  readonly refused?: { readonly since: number; readonly by: LoadedBy; readonly problems: readonly ToldProblem[] }
}

export interface InForceParts {
  /** Checked already. */
  readonly policies: Policies
  /** Where they lie. */
  readonly folder: string
  readonly files: () => Promise<readonly { readonly name: string }[]>
  readonly watch: (changed: () => void) => { close(): void }
  readonly store: Pick<Store, 'commit'>
  readonly concerns: Concerns
  readonly clock: Clock
  log(line: LogLine): void
}

export interface InForce extends Running {
  readonly engine: CedarEngine
  state(): PoliciesState
  /** Reads policies and registry again; the old ones stay if the new ones fail a check. */
  reload(by: LoadedBy): Promise<Reload>
  /**
   * Told that policies of one version were found outdated, and which are in force. Whether there are others to judge by:
   * once for each that others bring in force, files are read again for it.
   */
  caughtUp(judgedBy: string, inForce: string): Promise<boolean>
  /** Told of every activation that the ledger tells of. */
  show(version: string): void
}

/** Key of the concern while files on disk do not pass. */
const concern = 'policies'
/** Key of the concern while another instance has brought others in force. */
const outdated = 'policies/outdated'
/** What could not be recorded, and so is not in force, is tried again after this. */
const recordAgainMs = 2_000

export async function openPolicies(parts: InForceParts): Promise<InForce> {
  const { policies, folder, store, concerns, clock, log } = parts
  const { engine } = policies
  await policies.load()
  let state = await loaded('start')
  await record(engine.active(), 'start')
  let working: Promise<unknown> = Promise.resolve()
  /** Brought in force by others, and looked for in the files here. */
  let soughtFor: string | undefined
  let again: NodeJS.Timeout | undefined
  const watching = parts.watch(() => void fromFiles('file'))
  return {
    engine,
    state: () => state,
    reload,
    caughtUp,
    show(version) {
      void caughtUp(engine.active().version, version)
    },
    async close() {
      clearTimeout(again)
      watching.close()
      policies.close()
    },
  }

  /** Never rejects. */
  async function fromFiles(by: LoadedBy): Promise<void> {
    clearTimeout(again)
    try {
      await reload(by)
    } catch (error) {
      const code = error instanceof CountersignError ? error.code : 'ERR_INTERNAL'
      log({ level: 'error', says: 'New policies could not be recorded, so the old ones stay.', code })
      again = setTimeout(() => void fromFiles(by), recordAgainMs)
    }
  }

  async function caughtUp(judgedBy: string, inForce: string): Promise<boolean> {
    await working
    if (engine.active().version === judgedBy && judgedBy !== inForce && soughtFor !== inForce) {
      soughtFor = inForce
      await fromFiles('ledger')
    }
    const { version } = engine.active()
    if (version === inForce) concerns.clear(outdated)
    else if (version === judgedBy) concerns.raise(outdated, differing)
    return version !== judgedBy
  }

  async function reload(by: LoadedBy): Promise<Reload> {
    const reloading = reloaded(by)
    working = reloading.catch(() => undefined)
    return reloading
  }

  async function reloaded(by: LoadedBy): Promise<Reload> {
    const report = await policies.reload((next) => record(next, by))
    if (report.kind === 'refused') {
      const problems = await Promise.all(report.problems.slice(0, most).map((one) => withText(folder, one)))
      const since = state.refused?.since ?? clock.now()
      state = { ...state, refused: { since, by, problems } }
      concerns.raise(concern, `${inWords(problems, report.problems.length)} What was loaded before stays in force.`)
      log({ level: 'error', says: 'The new policies do not pass; the old ones stay.', by, problems: report.problems })
      return report
    }
    state = await loaded(by)
    concerns.clear(concern)
    if (report.changed) concerns.clear(outdated)
    return report
  }

  async function loaded(by: LoadedBy): Promise<PoliciesState> {
    const files = (await parts.files().catch(() => [])).map(({ name }) => name)
    const { version, policies: notes } = engine.active()
    log({ level: 'info', says: 'Policies are loaded.', by, version, policies: notes.length, files })
    return { version, at: clock.now(), by, files }
  }

  async function record({ version, policies: notes }: PolicySet, by: LoadedBy): Promise<void> {
    const who = by === 'operator' ? byOperator : bySystem
    await store.commit({ facts: [{ kind: 'policy.activated', by: who, version, policies: notes.map(({ id }) => id) }] })
  }
}

const differing =
  'Another instance has brought other policies in force than lie here, so nothing is permitted here. Give all of them the same files.'

/** Problems of a policy set that are told, as many as a person would go through before reading them anew. */
const most = 50
/** Characters of a policy's line that are shown beside what is wrong with it; the rest is cut. */
const longestLine = 300

async function withText(folder: string, problem: Problem): Promise<ToldProblem> {
  const file = isAbsolute(problem.file) ? problem.file : join(folder, problem.file)
  const text = problem.file === '' ? '' : await readFile(file, 'utf8').catch(() => '')
  return { ...problem, text: (text.split('\n')[problem.line - 1] ?? '').slice(0, longestLine) }
}

function inWords([first]: readonly ToldProblem[], count: number): string {
  if (!first) return 'The policies on disk do not pass.'
  const { file, line, column, policy, says } = first
  const where = file === '' ? '' : `${file}:${line}:${column}: `
  const more = count > 1 ? ` And ${count - 1} more.` : ''
  return `The policies on disk do not pass: ${where}${policy === undefined ? '' : `${policy}: `}${says}${more}`
}
