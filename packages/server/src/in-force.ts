/**
 * The policies of this house: read, watched, and recorded whenever others come in force.
 *
 * @module
 */
import { CountersignError, type LogLine, type Running, type Store } from '@countersign/core'
import { type CedarEngine, createPolicyEngine, type PolicyParts, type Reload } from '@countersign/policy'

export interface InForceParts {
  readonly source: Pick<PolicyParts, 'files' | 'registry' | 'agentGroups' | 'watch'>
  /** May still be opening: to read policies takes as long, and needs nothing of it. */
  readonly store: Pick<Store, 'commit'> | Promise<Pick<Store, 'commit'>>
  log(line: LogLine): void
}

export interface InForce extends Running {
  readonly engine: CedarEngine
  /** Writes down which ones are in force. */
  record(): Promise<void>
  /** Reads them again; the old ones stay if the new ones fail a check. */
  reload(): Promise<Reload>
}

/** @throws ERR_POLICY_INVALID with every problem as its detail */
export async function openPolicies({ source, store, log }: InForceParts): Promise<InForce> {
  const { engine, reload, close } = await createPolicyEngine({
    ...source,
    onReload: (report) =>
      void reloaded(report).catch((error: unknown) => {
        const code = error instanceof CountersignError ? error.code : 'ERR_INTERNAL'
        log({ level: 'error', says: 'New policies are in force, and that could not be recorded.', code })
      }),
  })
  return {
    engine,
    record,
    async reload() {
      const report = await reload()
      await reloaded(report)
      return report
    },
    close: async () => close(),
  }

  async function reloaded(report: Reload): Promise<void> {
    if (report.kind === 'refused') {
      log({ level: 'error', says: 'The new policies do not pass; the old ones stay.', problems: report.problems })
    } else if (report.changed) await record()
  }

  async function record(): Promise<void> {
    const { version, policies } = engine.active()
    const ids = policies.map(({ id }) => id)
    await (await store).commit({ facts: [{ kind: 'policy.activated', by: 'house', version, policies: ids }] })
  }
}
