/**
 * One click stops an agent (P15).
 *
 * @module
 */
import type { Actor, Agent, Approval, Fact } from '@countersign/schema'
import { CountersignError } from '../errors.ts'
import type { Store } from '../ports.ts'
import { retried } from '../retried.ts'
import { withdraw } from './approval.ts'

export interface Stops {
  /** The first half of `stop`: nothing is permitted any more, and what is open can still be rejected. */
  halt(agent: string, by: Actor, because: string): Promise<Agent>
  /**
   * From the first commit on no instance permits anything, whatever becomes of the rest: open grants are voided, open
   * questions cancelled. Stopping again takes back what was left.
   */
  stop(agent: string, by: Actor, because: string): Promise<Agent>
  /** Stopped for good: as `stop`, and its keys prove nobody any more. Once more changes nothing. @throws ERR_AGENT_MISSING */
  retire(agent: string, by: Actor, because: string): Promise<Agent>
  /** Starting again takes another person than the one who stopped it. @throws ERR_NOT_ALLOWED, ERR_AGENT_RETIRED */
  start(agent: string, by: Actor): Promise<Agent>
}

export function createStops({ store }: { store: Pick<Store, 'clock' | 'commit' | 'agents' | 'approvals'> }): Stops {
  const halt: Stops['halt'] = (id, by, because) => retried(() => stopped(id, by, because))

  return {
    halt,

    async stop(id, by, because) {
      const agent = await halt(id, by, because)
      await takeAllBack(id, by)
      return agent
    },

    async retire(id, by, because) {
      const agent = await retried(() => retired(id, by, because))
      await takeAllBack(id, by)
      return agent
    },

    start: (id, by) =>
      retried(async () => {
        const agent = await read(id)
        if (agent.retiredAt !== undefined) throw new CountersignError('ERR_AGENT_RETIRED', { agent: id })
        if (agent.status === 'active') return agent
        if ((agent.stoppedBy ?? agent.changedBy) === by.id) throw new CountersignError('ERR_NOT_ALLOWED', { agent: id })
        const { stoppedBy: _stoppedBy, ...rest } = next(agent)
        const started: Agent = { ...rest, status: 'active' }
        await store.commit({ facts: [{ kind: 'agent.changed', change: 'started', by, agent: started }] })
        return started
      }),
  }

  async function read(id: string): Promise<Agent> {
    const agent = await store.agents.get(id)
    if (!agent) throw new CountersignError('ERR_AGENT_MISSING', id)
    return agent
  }

  async function stopped(id: string, by: Actor, because: string): Promise<Agent> {
    const agent = await read(id)
    if (agent.status === 'stopped') return agent
    const after: Agent = { ...next(agent), status: 'stopped', stoppedBy: by.id }
    await store.commit({ facts: [{ kind: 'agent.changed', change: 'stopped', by, agent: after, because }] })
    return after
  }

  async function retired(id: string, by: Actor, because: string): Promise<Agent> {
    const agent = await read(id)
    if (agent.retiredAt !== undefined) return agent
    const now = store.clock.now()
    const keys = agent.keys.map((key) => ({ ...key, revokedAt: Math.min(key.revokedAt ?? now, now) }))
    const after: Agent = { ...next(agent), status: 'stopped', stoppedBy: by.id, retiredAt: now, keys }
    await store.commit({ facts: [{ kind: 'agent.changed', change: 'retired', by, agent: after, because }] })
    return after
  }

  async function takeAllBack(id: string, by: Actor): Promise<void> {
    await retried(async () => {
      const facts = await takenBack(id, by)
      if (facts.length > 0) await store.commit({ facts })
    })
  }

  async function takenBack(agent: string, by: Actor): Promise<Fact[]> {
    const facts: Fact[] = []
    let after: string | undefined
    do {
      const page = await store.approvals.list({ agent, states: ['open', 'granted'], limit: 100, after })
      facts.push(...page.items.map((approval) => takeBack(approval, by)))
      after = page.next
    } while (after !== undefined)
    return facts
  }

  function takeBack(approval: Approval, by: Actor): Fact {
    const as = approval.state === 'granted' ? 'voided' : 'cancelled'
    const back = withdraw(approval, as, 'the agent was stopped', store.clock.now())
    return { kind: 'approval.changed', change: as, by, approval: back }
  }
}

/** Not a change of what the agent is: whoever made the last one stays in the requester chain (P3). */
const next = (agent: Agent): Agent => ({ ...agent, version: agent.version + 1 })
