/**
 * Where people try policies: explain them, run their cases, and see what a candidate would change. Nothing here puts a
 * policy in force.
 *
 * @module
 */
import { CountersignError, type PolicyNote, type PolicyQuestion } from '@countersign/core'
import { type CasesReport, type Cast, questionsOfText, testPolicies } from './cases.ts'
import { agentGroupsOf, type CedarEngine, createPolicyEngine, type PolicySource } from './engine.ts'
import { type Explanation, explain } from './explain.ts'
import type { PolicyFile, Problem } from './problem.ts'

export interface Sandbox {
  /** The files as they lie in the folder, which a candidate may begin from. */
  files(): Promise<readonly PolicyFile[]>
  /** Of the set in force. Undefined where the site has no cases. */
  test(): Promise<CasesReport | undefined>
  explain(question: PolicyQuestion): Explanation
  /** One question for each resource. @throws ERR_INPUT_INVALID for an action that cannot be read */
  questions(text: string, cast: Cast): PolicyQuestion[]
  /** Candidates take turns, one at a time. */
  tryOut(files: readonly PolicyFile[]): Promise<TriedOut>
}

export type TriedOut =
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }
  | {
      readonly kind: 'passed'
      readonly version: string
      readonly added: readonly string[]
      readonly removed: readonly string[]
      /** Ids whose text is another. */
      readonly changed: readonly string[]
      /** Cases that come out otherwise than under the set in force. */
      readonly differences: readonly Difference[]
      readonly report: CasesReport | undefined
    }

export interface Difference {
  readonly name: string
  readonly expected: string
  readonly now: string
  readonly would: string
}

export interface SandboxParts {
  readonly engine: CedarEngine
  readonly source: PolicySource
  /** The site's cases, as YAML. */
  cases(): Promise<string | undefined>
}

export function createSandbox({ engine, source, cases }: SandboxParts): Sandbox {
  let turn: Promise<unknown> = Promise.resolve()

  return {
    async files() {
      return typeof source.files === 'function' ? source.files() : source.files
    },
    async test() {
      const text = await cases()
      return text === undefined ? undefined : testPolicies(engine.active(), text)
    },
    explain: (question) =>
      explain(engine.active(), question, { agentGroups: agentGroupsOf(source, engine.active().registry) }),
    questions: (text, cast) => questionsOfText(engine.active(), text, cast),
    tryOut(files) {
      const next = turn.then(() => tryOne(files))
      turn = next.catch(() => undefined)
      return next
    },
  }

  async function tryOne(files: readonly PolicyFile[]): Promise<TriedOut> {
    const candidate = await candidateOf(files)
    if ('problems' in candidate) return { kind: 'refused', problems: candidate.problems }
    try {
      const [now, then] = [engine.active(), candidate.engine.active()]
      const text = await cases()
      const before = text === undefined ? undefined : testPolicies(now, text)
      const report = text === undefined ? undefined : testPolicies(then, text)
      return {
        kind: 'passed',
        version: then.version,
        ...comparison(now.policies, then.policies),
        differences: differences(before, report),
        report,
      }
    } finally {
      candidate.close()
    }
  }

  async function candidateOf(files: readonly PolicyFile[]) {
    try {
      return await createPolicyEngine({ files, registry: source.registry, agentGroups: source.agentGroups })
    } catch (error) {
      if (!(error instanceof CountersignError) || error.code !== 'ERR_POLICY_INVALID') throw error
      return error.detail as { readonly problems: readonly Problem[] }
    }
  }
}

function comparison(now: readonly PolicyNote[], then: readonly PolicyNote[]) {
  const before = new Map(now.map(({ id, text }) => [id, text]))
  const after = new Map(then.map(({ id, text }) => [id, text]))
  return {
    added: [...after.keys()].filter((id) => !before.has(id)),
    removed: [...before.keys()].filter((id) => !after.has(id)),
    changed: [...after].filter(([id, text]) => before.has(id) && before.get(id) !== text).map(([id]) => id),
  }
}

function differences(before: CasesReport | undefined, after: CasesReport | undefined): Difference[] {
  return (after?.results ?? []).flatMap(({ name, expected, decision, got }, index) => {
    const now = before?.results[index]
    const same = now?.got === got && now.decision.kind === decision.kind
    return now === undefined || same ? [] : [{ name, expected, now: now.got, would: got }]
  })
}
