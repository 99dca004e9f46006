/**
 * Agents and the keys by which they prove themselves. Everything but `createIdentify` is pure: it takes an agent as it
 * stands and returns its next version, for the caller to commit.
 *
 * @module
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import {
  type Caller,
  type Clock,
  CountersignError,
  createAllowance,
  createPace,
  createSharedLook,
  type GatewayContext,
  inOrder,
  inForce,
  newId,
  sha256Hex,
  type Store,
} from '@countersign/core'
import { Agent, type AgentKey } from '@countersign/schema'

/** `csk_` identifies agents; `cse_`, an enforcement point's key, is not one. 32 bytes are 43 characters. */
const keyForm = /^csk_[A-Za-z0-9_-]{43,86}$/

/** Makes a key. The secret is to be shown once and forgotten: what is kept is its SHA-256. */
export function issueKey(clock: Clock, { expiresInMs }: { expiresInMs: number }): { key: AgentKey; secret: string } {
  if (!(expiresInMs > 0)) throw new CountersignError('ERR_INPUT_INVALID', { expiresInMs })
  const secret = `csk_${randomBytes(32).toString('base64url')}`
  const createdAt = clock.now()
  return { key: { id: newId('key'), hash: sha256Hex(secret), createdAt, expiresAt: createdAt + expiresInMs }, secret }
}

/** The hash to look an agent up by, or undefined if the text cannot be an agent's key. */
export const parseKey = (text: string): { hash: string } | undefined =>
  keyForm.test(text) ? { hash: sha256Hex(text) } : undefined

/**
 * Who knocks, by what is presented: a bearer key of Countersign's own, which opens every place; no other kind proves
 * anybody yet. What is compared is a hash of random bytes, so timing tells nothing of any key; unknown, expired and
 * revoked are one answer. After too many unknown keys from one source, those that come from there are looked up one at
 * a time. That slows a flood, and locks out nobody who shares its address.
 *
 * The returned function @throws ERR_AGENT_UNKNOWN, ERR_CREDENTIAL_KIND, ERR_AGENT_STOPPED
 */
export function createIdentify(
  store: { readonly agents: Pick<Store['agents'], 'byKey' | 'get'> },
  clock: Clock,
): GatewayContext['identify'] {
  const byKey = createSharedLook((hash) => store.agents.byKey(hash))
  const inTurn = inOrder()
  const pace = createPace(knocksPerTurn)
  const unknown = createAllowance({ most: mostUnknown, withinMs: unknownWithinMs, now: () => clock.now() })
  const known = new Set<string>()

  return async (presented, { source }) => {
    switch (presented.kind) {
      case 'bearer':
        return byBearer(presented.token, source)
      case 'dpop':
      case 'certificate':
      case 'peer':
        throw new CountersignError('ERR_CREDENTIAL_KIND', { kind: presented.kind })
    }
  }

  async function byBearer(token: string, source = ''): Promise<Caller> {
    const parsed = parseKey(token)
    if (!parsed) throw new CountersignError('ERR_AGENT_UNKNOWN')
    await pace(parsed.hash)
    const lookUp = () => byKey(parsed.hash)
    const isFlood = !known.has(parsed.hash) && unknown.isSpent(source)
    const agent = await (isFlood ? inTurn(source, lookUp) : lookUp())
    const key = agent?.keys.find(({ hash }) => sameHash(hash, parsed.hash))
    if (!agent || !key || !inForce(key, clock.now())) {
      unknown.take(source)
      throw new CountersignError('ERR_AGENT_UNKNOWN')
    }
    remember(key.hash)
    if (agent.status === 'stopped') throw new CountersignError('ERR_AGENT_STOPPED', { agent: agent.id })
    return {
      agent,
      credential: key.id,
      onBehalfOf: undefined,
      startedBy: undefined,
      proveAgain: byKeyAgain(store.agents, clock, { agent: agent.id, key: key.id }),
    }
  }

  function remember(hash: string): void {
    known.add(hash)
    const [oldest] = known
    if (known.size > mostKnown && oldest !== undefined) known.delete(oldest)
  }
}

/**
 * Proves an agent by a key that proved it before. One that is not among its keys, was revoked or ran out meanwhile
 * proves nobody.
 */
export function byKeyAgain(
  agents: Pick<Store['agents'], 'get'>,
  clock: Clock,
  known: { readonly agent: string; readonly key: string },
): Caller['proveAgain'] {
  return async () => {
    const agent = await agents.get(known.agent)
    const key = agent?.keys.find(({ id }) => id === known.key)
    if (!agent || !key || !inForce(key, clock.now())) throw new CountersignError('ERR_AGENT_UNKNOWN', known.agent)
    return agent
  }
}

/** Unknown keys that may come from one place at any pace; a key that was good here never waits. */
const mostUnknown = 100
/** The time within which those are counted; after the hundredth, further ones from there wait for each other. */
const unknownWithinMs = 60_000
/** Keys remembered as good; the oldest is forgotten, and is looked up like an unknown one when it comes again. */
const mostKnown = 10_000
/** With one key, in a turn of the event loop: a crowd of them shall not keep people from being served. */
const knocksPerTurn = 8

const sameHash = (one: string, other: string) =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))

export type Registration = Pick<Agent, 'id' | 'name' | 'owner' | 'team' | 'groups' | 'environment'> & {
  readonly mode?: Agent['mode']
  readonly key?: AgentKey
}

/** Names by which the ledger and the command line mean someone else. */
const reserved: readonly string[] = ['all', 'system', 'operator']

/** @throws ERR_INPUT_INVALID */
export function register({ key, mode = 'enforce', ...what }: Registration, by: string): Agent {
  if (reserved.includes(what.id))
    throw new CountersignError('ERR_INPUT_INVALID', { agent: what.id, says: 'is reserved' })
  const keys = key ? [{ ...key, issuedBy: by }] : []
  return checked({ ...what, mode, keys, version: 1, status: 'active', registeredBy: by, changedBy: by })
}

/** What an administrator may change. Who does joins the requester chain (P3), for as long as it stands (`setBy`). */
export type AgentChange = Partial<Pick<Agent, 'name' | 'owner' | 'team' | 'groups' | 'environment' | 'mode'>>

/** @throws ERR_INPUT_INVALID, ERR_AGENT_RETIRED */
export function change(agent: Agent, what: AgentChange, by: string): Agent {
  const set = changesOf(agent, { ...agent, ...what })
  if (set.length === 0) return next(agent, what, by)
  return next(agent, { ...what, setBy: { ...agent.setBy, ...Object.fromEntries(set.map((name) => [name, by])) } }, by)
}

/** Each group by its own name: what one person gave or took, another's change of the rest leaves as it is. */
function changesOf(before: Agent, after: Agent): string[] {
  const fields = (['name', 'owner', 'team', 'environment', 'mode'] as const).filter(
    (name) => before[name] !== after[name],
  )
  const named = new Set([...before.groups, ...after.groups])
  const groups = [...named].filter((group) => before.groups.includes(group) !== after.groups.includes(group))
  return [...fields, ...groups.map((group) => `group ${group}`)]
}

/**
 * Adds a key. Those in force stay so for `overlapMs`, so that the agent can be handed the new one without a gap.
 *
 * @throws ERR_INPUT_INVALID
 */
export function rotate(
  agent: Agent,
  { key, overlapMs, now }: { key: AgentKey; overlapMs: number; now: number },
  by: string,
): Agent {
  if (!(overlapMs >= 0)) throw new CountersignError('ERR_INPUT_INVALID', { overlapMs })
  const until = now + overlapMs
  const older = agent.keys.map((known) => ({ ...known, expiresAt: Math.min(known.expiresAt, until) }))
  return next(agent, { keys: [...older, { ...key, issuedBy: by }] }, by)
}

/** From `now` on the key proves nobody. @throws ERR_INPUT_INVALID for a key that is not this agent's */
export function revoke(agent: Agent, { keyId, now }: { keyId: string; now: number }, by: string): Agent {
  if (!agent.keys.some(({ id }) => id === keyId)) throw new CountersignError('ERR_INPUT_INVALID', { keyId })
  const keys = agent.keys.map((key) => (key.id === keyId ? { ...key, revokedAt: key.revokedAt ?? now } : key))
  return next(agent, { keys }, by)
}

function next(agent: Agent, what: Partial<Agent>, by: string): Agent {
  if (agent.retiredAt !== undefined) throw new CountersignError('ERR_AGENT_RETIRED', { agent: agent.id })
  return checked({ ...agent, ...what, version: agent.version + 1, changedBy: by })
}

function checked(agent: Agent): Agent {
  const parsed = Agent.safeParse(agent)
  if (!parsed.success) throw new CountersignError('ERR_INPUT_INVALID', parsed.error.issues)
  return parsed.data
}
