/**
 * What runs here ends when its agent is stopped (P15), or when the key that it came with is no longer good.
 *
 * @module
 */
import type { Agent, PermitRecord } from '@countersign/schema'
import { inForce } from '../approval/barred.ts'
import type { Caller, Clock } from '../ports.ts'
import { createSignal, type Signal } from '../signal.ts'

export interface Revocations {
  /** `signal` aborts with a text when the permit is taken back. Close it when the run has ended. */
  watch(record: PermitRecord, caller: Caller): Watch
  /** An agent as it is now. */
  heed(agent: Agent): void
}

export interface Watch {
  readonly signal: Signal
  close(): void
}

interface Running {
  readonly record: PermitRecord
  readonly ended: ReturnType<typeof createSignal>
}

export function createRevocations(clock: Clock): Revocations {
  const running = new Set<Running>()
  /** Of those that changed: a permit may be told of later than what takes it back. */
  const latest = new Map<string, Agent>()

  return {
    watch(record, { agent, credential }) {
      const run = { record, ended: createSignal() }
      running.add(run)
      look(run, latest.get(record.agent))
      const expiresAt = agent.keys.find(({ id }) => id === credential)?.expiresAt
      const timer =
        expiresAt === undefined ? undefined : atTime(expiresAt, () => run.ended.abort('its key has expired'))
      return {
        signal: run.ended.signal,
        close() {
          running.delete(run)
          timer?.close()
        },
      }
    },

    heed(agent) {
      latest.set(agent.id, agent)
      for (const run of running) if (run.record.agent === agent.id) look(run, agent)
    },
  }

  function look({ record: { attempt, agentVersion }, ended }: Running, agent: Agent | undefined): void {
    if (!agent || agent.version <= agentVersion) return
    const key = agent.keys.find(({ id }) => id === attempt.credential)
    if (agent.status === 'stopped') ended.abort('the agent was stopped')
    else if (!key || !inForce(key, clock.now())) ended.abort('the agent’s key was revoked')
  }

  function atTime(moment: number, then: () => void): { close(): void } {
    let timer: NodeJS.Timeout | undefined
    const wait = () => {
      const leftMs = moment - clock.now()
      if (leftMs <= 0) then()
      else timer = setTimeout(wait, Math.min(leftMs, longestTimerMs)).unref()
    }
    wait()
    return { close: () => clearTimeout(timer) }
  }
}

const longestTimerMs = 2 ** 31 - 1
