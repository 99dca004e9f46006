/**
 * What the instance says of itself: the record, read by the auditor, and the published ledger, trusted only as far as
 * it adds up.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { sha256, verifyEd25519 } from '@countersign/core'
import { type LedgerReport, verifyLedger } from '@countersign/core/verify'
import type { Browser } from '@countersign/demo'
import type {
  ActionPage,
  ActionSummary,
  LedgerView,
  ApprovalPage,
  ApprovalSummary,
  SystemView,
} from '@countersign/schema'
import { refIn } from './book.ts'

export interface DeploymentRecord {
  /** By the reference in their sentence. */
  readonly actions: ReadonlyMap<string, readonly ActionSummary[]>
  readonly questions: ReadonlyMap<string, readonly ApprovalSummary[]>
}

export async function readRecord(auditor: Browser): Promise<DeploymentRecord> {
  await allFound(auditor)
  const actions = await pages((after) => patient(() => auditor.get<ActionPage>(`/api/actions?limit=200${after}`)))
  const questions = await pages((after) =>
    patient(() => auditor.get<ApprovalPage>(`/api/approvals?state=all&limit=200${after}`)),
  )
  return { actions: grouped(actions), questions: grouped(questions) }
}

/** What is recorded is found a moment later. */
async function allFound(auditor: Browser): Promise<void> {
  const look = () => patient(() => auditor.get<SystemView>('/api/system'))
  const { entries } = (await look()).store
  for (const until = Date.now() + 60_000; Date.now() < until; await pause(100)) {
    const search = (await look()).followers.find(({ name }) => name === 'search')
    if ((search?.cursor ?? 0) >= entries) return
  }
}

/** A store that has just come back may be away for another moment: the instance says to try again. */
async function patient<Read>(read: () => Promise<Read>): Promise<Read> {
  for (let left = 20; ; left -= 1) {
    try {
      return await read()
    } catch (error) {
      if (left === 0 || !String(error).includes(': 503 ')) throw error
      await pause(500)
    }
  }
}

async function pages<Item>(
  read: (after: string) => Promise<{ items: Item[]; next?: string | undefined }>,
): Promise<Item[]> {
  const all: Item[] = []
  for (let after = ''; ;) {
    const { items, next } = await read(after)
    all.push(...items)
    if (next === undefined) return all
    after = `&after=${encodeURIComponent(next)}`
  }
}

const grouped = <Item extends { readonly sentence: string }>(items: readonly Item[]) => {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const ref = refIn(item.sentence)
    groups.set(ref, [...(groups.get(ref) ?? []), item])
  }
  return groups
}

export interface Verified {
  readonly report: LedgerReport
  /** To hand in next time: the ledger has to continue it. */
  readonly checkpoint: string
}

/** Waits until all that is in the ledger now is published, then recomputes everything from what is published. */
export async function verifyPublished(
  instance: string,
  { auditor, vkey, known }: { auditor: Browser; vkey: string; known: string | undefined },
): Promise<Verified | undefined> {
  const { size } = await auditor.get<LedgerView>('/api/ledger')
  for (const until = Date.now() + 60_000; Date.now() < until; await pause(100)) {
    const checkpoint = await publishedCheckpoint(instance)
    if (checkpoint === undefined || sizeOf(checkpoint) < size) continue
    const report = await verifyLedger(
      { read: (path) => bytesAt(`${instance}/ledger/${path}`) },
      { hash: sha256, verifySignature: verifyEd25519 },
      { vkey, ...(known !== undefined && { known }) },
    )
    return { report, checkpoint }
  }
  return undefined
}

/** The second line of a checkpoint (https://c2sp.org/tlog-checkpoint). */
const sizeOf = (note: string) => Number(note.split('\n')[1])

export const publishedCheckpoint = (instance: string): Promise<string | undefined> =>
  textAt(`${instance}/ledger/checkpoint`)

async function bytesAt(url: string): Promise<Uint8Array | undefined> {
  const response = await fetch(url)
  if (response.status === 404) return undefined
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}

const textAt = async (url: string) => {
  const bytes = await bytesAt(url)
  return bytes && new TextDecoder().decode(bytes)
}
