/**
 * Checks a whole ledger from its files, and trusts only the log's key: every leaf, every tile, the root, the signature,
 * and the story that the leaves tell (P11). Needs no `node:`, so that it runs in a browser as well.
 *
 * What it cannot see alone: that the newest entries are missing, or that the keeper of the key shows others another
 * past. For that hand it a checkpoint kept from before (`known`).
 *
 * @module
 */
import { isError } from '../errors.ts'
import { decodeBundle, maxLeafBytes } from './bundle.ts'
import { decodeUtf8, sameBytes, toBase64 } from './bytes.ts'
import { type Checkpoint, openCheckpoint } from './checkpoint.ts'
import { readLeaf } from './leaf.ts'
import { createFrontier, type Frontier, type Hash, hashLeaf } from './merkle.ts'
import type { VerifySignature } from './note.ts'
import { readAhead } from './read-ahead.ts'
import { createStory, type Story } from './story.ts'
import { createTileCheck } from './tile-check.ts'
import { tilePath, widthOf } from './tiles.ts'

/** A folder, a URL or a store: reads `checkpoint`, `tile/…`; undefined for a file that is not there. */
export interface LedgerSource {
  read(path: string): Promise<Uint8Array | undefined>
}

export interface LedgerParts {
  readonly hash: Hash
  readonly verifySignature: VerifySignature
}

export interface VerifyOptions {
  /** The log's public key, from a place other than the ledger itself. */
  readonly vkey: string
  /** A checkpoint seen before, as a signed note: this ledger has to continue it. */
  readonly known?: string
  onProgress?(done: number, size: number): void
}

export interface LedgerProblem {
  /** Of the entry; undefined if it is about the ledger as a whole. */
  readonly index: number | undefined
  readonly says: string
}

export interface LedgerReport {
  readonly origin: string | undefined
  /** As the checkpoint says. */
  readonly size: number
  /** As recomputed from the entries, base64. */
  readonly root: string
  /** Nobody but the log itself has vouched for this head yet. */
  readonly state: 'unanchored'
  /** None, if everything that could be checked adds up; at most 1,000. */
  readonly problems: readonly LedgerProblem[]
  /** How many more there are. */
  readonly furtherProblems: number
  /** Entries by type. */
  readonly counts: Readonly<Record<string, number>>
}

/** @throws only what `source` throws: not being able to read is no finding */
export async function verifyLedger(
  source: LedgerSource,
  parts: LedgerParts,
  { vkey, known, onProgress }: VerifyOptions,
): Promise<LedgerReport> {
  const findings = createFindings()
  const head = await open(await source.read('checkpoint'), 'The checkpoint', parts, vkey, findings)
  const before =
    known === undefined ? undefined : await open(known, 'The checkpoint seen before', parts, vkey, findings)
  const story = createStory()
  const room = new Uint8Array(1 + maxLeafBytes)
  const size = head?.size ?? 0
  const files = readAhead(source, size)
  const tiles = createTileCheck(files)
  const frontier = createFrontier(parts.hash, undefined, tiles.onNode)

  if (before) continues(before, frontier, findings)
  for (let bundle = 0; widthOf(size, 0, bundle) > 0; bundle += 1) {
    files.reach(bundle)
    const entries = await readBundle(files, bundle, widthOf(size, 0, bundle), findings)
    if (!entries) break
    for (const entry of entries) {
      check(entry, frontier.size, story, findings)
      frontier.push(hashLeaf(parts.hash, entry, room))
      if (before) continues(before, frontier, findings)
    }
    findings.add(undefined, await tiles.differences())
    onProgress?.(frontier.size, size)
  }
  findings.add(undefined, await tiles.differences('last'))
  findings.add(undefined, story.end())
  findings.add(undefined, compare(head, before, frontier))

  return { origin: head?.origin, size, root: toBase64(frontier.root()), state: 'unanchored', ...findings.report() }
}

async function open(
  note: string | Uint8Array | undefined,
  what: string,
  parts: LedgerParts,
  vkey: string,
  findings: Findings,
): Promise<Checkpoint | undefined> {
  if (note === undefined) {
    findings.add(undefined, [`${what} is not there.`])
    return undefined
  }
  try {
    return await openCheckpoint(parts, typeof note === 'string' ? note : decodeUtf8(note), vkey)
  } catch (error) {
    if (!isError(error, 'ERR_LEDGER_BROKEN')) throw error
    findings.add(undefined, [`${what} is not signed by this log’s key, or is malformed.`])
    return undefined
  }
}

/** Everything is recomputed anyway, so the old root is compared where the tree has its size; no proof is needed. */
function continues(before: Checkpoint, frontier: Frontier, findings: Findings): void {
  if (frontier.size !== before.size || sameBytes(frontier.root(), before.root)) return
  findings.add(undefined, [`The first ${before.size} entries are not those of the checkpoint seen before.`])
}

async function readBundle(
  source: LedgerSource,
  index: number,
  width: number,
  findings: Findings,
): Promise<Uint8Array[] | undefined> {
  const path = tilePath('entries', index, width)
  // A partial file may be replaced by the full one once there is one.
  const bytes = (await source.read(path)) ?? (await source.read(tilePath('entries', index)))
  const entries = bytes && decode(bytes)
  if (entries && entries.length >= width) return entries.slice(0, width)
  findings.add(undefined, [`${path} is ${bytes ? 'malformed' : 'not there'}; what follows it was not checked.`])
  return undefined
}

function decode(bytes: Uint8Array): Uint8Array[] | undefined {
  try {
    return decodeBundle(bytes)
  } catch (error) {
    if (isError(error, 'ERR_LEDGER_BROKEN')) return undefined
    throw error
  }
}

function check(entry: Uint8Array, index: number, story: Story, findings: Findings): void {
  const leaf = readLeaf(entry)
  if ('says' in leaf) {
    findings.add(index, [leaf.says])
    return
  }
  findings.count(leaf.type)
  findings.add(index, story.tell(leaf))
}

function compare(head: Checkpoint | undefined, before: Checkpoint | undefined, frontier: Frontier): string[] {
  if (!head) return []
  const complete = frontier.size === head.size && sameBytes(frontier.root(), head.root)
  return [
    ...(complete ? [] : ['The entries do not add up to the signed root.']),
    ...(before && before.size > head.size ? ['There are fewer entries than at the checkpoint seen before.'] : []),
  ]
}

interface Findings {
  add(index: number | undefined, says: readonly string[]): void
  count(type: string): void
  report(): Pick<LedgerReport, 'problems' | 'furtherProblems' | 'counts'>
}

/** More than anybody reads of one ledger; those beyond are only counted. */
const mostProblems = 1_000

/** A finding quotes leaves, and a leaf may hold anything: nothing of it reaches a terminal but letters. */
const printable = (says: string): string => says.replaceAll(/\p{C}/gu, '\uFFFD').slice(0, 500)

function createFindings(): Findings {
  const problems: LedgerProblem[] = []
  const counts = new Map<string, number>()
  let further = 0
  return {
    add(index, all) {
      for (const says of all) {
        if (problems.length < mostProblems) problems.push({ index, says: printable(says) })
        else further += 1
      }
    },
    count: (type) => void counts.set(type, (counts.get(type) ?? 0) + 1),
    report: () => ({ problems, furtherProblems: further, counts: Object.fromEntries(counts) }),
  }
}
