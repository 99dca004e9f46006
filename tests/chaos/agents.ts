/**
 * Agents at the gateways. Every sending and every answer goes into the book.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { send, type Step } from '@countersign/demo'
import { type Book, type Errand, settledAs, type Told, wasTold } from './book.ts'
import type { Ready } from './instance.ts'
import type { Random } from './random.ts'
import type { Standing } from './standing.ts'

export interface AgentParts {
  readonly book: Book
  readonly random: Random
  /** One per instance; any of them will do. */
  readonly addresses: readonly Address[]
  readonly folder: string
  readonly ready: Pick<Ready, 'keys'>
}

/** Where an instance is met. */
export type Address = Pick<Standing, 'publicUrl' | 'gatewayUrl'>

/** Longer than an instance takes that has to give up on its store, also where much else runs. */
const patienceMs = 60_000

/** Only one hand at a time sends an errand that has no key: two at once would be two questions. */
const isHttp = ({ work }: Errand) => work === 'held' || work === 'large'

/** Sends it once and remembers the answer. `key` is another attempt's, for a race. */
export async function attempt(errand: Errand, parts: AgentParts, waitSeconds = 0, key = errand.key): Promise<Told> {
  errand.sent += 1
  const sentAt = Date.now()
  const address = parts.random.pick(parts.addresses) ?? { publicUrl: '', gatewayUrl: '' }
  const answer = await (errand.work === 'file' || errand.work === 'write'
    ? overMcp(errand, parts, address)
    : overHttp(errand, parts, address, waitSeconds, key))
  const told = { ...answer, address: address.gatewayUrl, sentAt }
  errand.told.push(told)
  if (told.kind === 'waiting') errand.approval ??= told.approval
  if (told.kind === 'late' && key === undefined) errand.decisions += 1 // its grant may be spent: the same is a new question
  return told
}

type Answer = Omit<Told, 'address' | 'sentAt'>

async function overHttp(
  { ref, work, rows, agent }: Errand,
  { ready }: AgentParts,
  { gatewayUrl }: Address,
  waitSeconds: number,
  key: string | undefined,
): Promise<Answer> {
  let begun = false
  try {
    const path =
      work === 'read'
        ? `/company/orders?limit=${rows}&ref=${ref}`
        : work === 'note'
          ? '/company/notes'
          : '/company/exports'
    const response = await fetch(`${gatewayUrl}${path}`, {
      method: work === 'read' ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${ready.keys[agent]}`,
        prefer: `wait=${waitSeconds}`,
        ...(work !== 'read' && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      ...(work !== 'read' && { body: JSON.stringify({ ref, rows }) }),
      signal: AbortSignal.timeout(patienceMs),
    })
    begun = response.status === 200
    const text = await response.text()
    return { at: Date.now(), says: text.slice(0, 300), ...readAnswer(response, text) }
  } catch (error) {
    return { at: Date.now(), kind: begun ? 'begun' : 'lost', says: String(error) }
  }
}

function readAnswer({ status, headers }: Response, text: string): Pick<Told, 'kind' | 'approval' | 'serial'> {
  const { serial, approval, type = '' } = JSON.parse(text) as { serial?: number; approval?: string; type?: string }
  if (type.endsWith('ERR_PERMIT_LATE')) return { kind: 'late' } // by an instance that has lost its lease, or its clock set
  if (status === 200) return { kind: headers.get('countersign-replayed') === null ? 'ran' : 'replayed', serial }
  if (status === 428) return { kind: 'waiting', approval }
  if (type.endsWith('refusal:done')) return { kind: 'done' }
  if (type.endsWith('refusal:rejected')) return { kind: 'rejected' }
  // 408: an instance that was held for long has not read it.
  return { kind: status === 503 || status === 408 ? 'unavailable' : 'refused' }
}

async function overMcp(
  { ref, work }: Errand,
  { folder, ready }: AgentParts,
  { publicUrl, gatewayUrl }: Address,
): Promise<Answer> {
  const path = `${folder}/${ref}txt`
  const call =
    work === 'file'
      ? ({ over: 'mcp', tool: 'list_directory', arguments: { path: `${folder}/${ref}` } } as const)
      : ({ over: 'mcp', tool: 'write_file', arguments: { path, content: ref } } as const)
  const step: Step = { id: ref, title: ref, agent: 'ops-bot', purpose: ref, call }
  try {
    const signal = AbortSignal.timeout(patienceMs)
    const { status, text, approval } = await send(step, { publicUrl, gatewayUrl, key: ready.keys['ops-bot'], signal })
    return { at: Date.now(), says: `${status} ${text.slice(-300)}`, ...readResult(text, approval) }
  } catch (error) {
    return { at: Date.now(), kind: 'lost', says: String(error) }
  }
}

/** A tool that says that its folder is not there has run as well. A stream that ends without a result is lost. */
function readResult(text: string, approval: string | undefined): Pick<Told, 'kind' | 'approval'> {
  if (!text.includes('"result"')) return { kind: text.includes('"error"') ? 'unavailable' : 'lost' }
  if (/NOT EXECUTED. Waiting for/.test(text)) return { kind: 'waiting', approval }
  if (/ALREADY EXECUTED/.test(text)) return { kind: 'done' }
  if (/NOT EXECUTED. Rejected/.test(text)) return { kind: 'rejected' }
  if (/NOT EXECUTED. Approval|NOT EXECUTED. Nobody/.test(text)) return { kind: 'refused' }
  if (/came too late/.test(text)) return { kind: 'late' }
  return { kind: /NOT EXECUTED|not recorded|could not be answered/.test(text) ? 'unavailable' : 'ran' }
}

/** Past every strike's first moment: where one lasts, more of the same would only make the ledger longer. */
const hastyForMs = 3_000

/** At each address nine agents' hands, busy until `signal` aborts. Resolves when the last has heard its last answer. */
export async function agentsAtWork(parts: AgentParts, signal: AbortSignal): Promise<void> {
  const inHand = new Set<Errand>()
  await Promise.all(parts.addresses.map((address) => handsAt({ ...parts, addresses: [address] }, inHand, signal)))
}

async function handsAt(parts: AgentParts, inHand: Set<Errand>, signal: AbortSignal): Promise<void> {
  const { book, random } = parts
  const read = () => attempt(book.open('read'), parts)
  const list = () => attempt(book.open('file'), parts)
  const write = async () => {
    const errand = book.open('write', { ignored: random.chance(0.3) })
    const told = await attempt(errand, parts)
    await pause(random.between(0, 100))
    return settledAs(errand) ? attempt(errand, parts) : told
  }
  const exportSmall = async () => {
    const errand = book.open('small')
    const twice = random.chance(0.3)
    const [told] = await Promise.all([attempt(errand, parts), twice ? attempt(errand, parts) : undefined])
    return random.chance(0.2) ? attempt(errand, parts) : told
  }
  const exportHeld = async () => {
    const keyless = random.chance(0.25)
    const errand = book.open(random.chance(0.7) ? 'held' : 'large', { keyless, ignored: random.chance(0.3) })
    const waitSeconds = random.between(0, 2)
    const twice = !keyless && random.chance(0.4) // one attempt on two connections: both wait for the same answer
    const [told] = await Promise.all([
      attempt(errand, parts, waitSeconds),
      twice ? attempt(errand, parts, waitSeconds) : undefined,
    ])
    return told
  }
  const collect = async () => {
    const granted = [...book.errands.values()].filter(
      (errand) =>
        isHttp(errand) &&
        !inHand.has(errand) &&
        !errand.ignored &&
        errand.aged === 'no' &&
        settledAs(errand) === 'granted' &&
        !wasTold(errand, 'ran', 'replayed', 'done', 'refused'),
    )
    const errand = random.pick(granted)
    if (!errand || wasTold(errand, 'begun')) return undefined
    inHand.add(errand)
    return attempt(errand, parts).finally(() => inHand.delete(errand))
  }

  await Promise.all([read, read, list, exportSmall, exportSmall, exportHeld, exportHeld, write, collect].map(repeat))

  async function repeat(work: () => Promise<Told | undefined>): Promise<void> {
    const beganAt = Date.now()
    while (!signal.aborted) {
      const told = await work()
      const slow = told?.kind === 'lost' || Date.now() - beganAt > hastyForMs
      await pause(slow ? random.between(150, 400) : random.between(5, 40))
    }
  }
}
