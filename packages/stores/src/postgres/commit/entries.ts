/**
 * The entries of a batch as rows: the segments that they are kept in, and the mentions by which some of them are found.
 *
 * @module
 */
import {
  aboutOf,
  encryptSegment,
  isOpenEnded,
  mostInSegment,
  type Prepared,
  type Recorder,
  searchable,
} from '@countersign/core'
import type { Fact, FactKind, FactOf } from '@countersign/schema'
import { bytesArray, integerArray, textArray } from '../values.ts'
import type { Part } from './rows.ts'
import type { SubjectKey } from './subjects.ts'

export interface NewEntry {
  readonly index: number
  readonly at: number
  readonly fact: Fact
  readonly prepared: Prepared
  readonly leaf: Uint8Array
}

/** Text in one segment: who reads one of its entries reads all of them. */
const mostBytes = 64 << 10

/** What is added to the statement of a batch for its entries. @throws ERR_LEDGER_BROKEN */
export function partsOfEntries(
  entries: readonly NewEntry[],
  recorder: Pick<Recorder, 'encrypt'>,
  keys: ReadonlyMap<string, SubjectKey>,
): Part[] {
  if (entries.length === 0) return []
  const mentions = entries.flatMap(({ index, fact, prepared }) =>
    mentionsOf(fact, prepared.subject).map((what) => ({ what, index, kind: fact.kind })),
  )
  return [insertSegments(entries, recorder, keys), ...(mentions.length > 0 ? [insertMentions(mentions)] : [])]
}

function insertSegments(
  entries: readonly NewEntry[],
  recorder: Pick<Recorder, 'encrypt'>,
  keys: ReadonlyMap<string, SubjectKey>,
): Part {
  const parts = split(entries)
  const segments = parts.map((part) =>
    encryptSegment(recorder, part, (subject) => keys.get(subject)?.wrapped ?? new Uint8Array()),
  )
  const keysOf = (subjects: readonly string[]) => subjects.map((subject) => keys.get(subject)?.id ?? '')
  return {
    name: 'e',
    text: `insert into segment (tenant, first, count, at, subjects, keys, members, leaves, records)
      select moved.tenant, row.first, row.count, row.at, array(select json_array_elements_text(row.subjects::json)),
        array(select json_array_elements_text(row.keys::json)), row.members, row.leaves, row.records
      from moved, unnest($$::bigint[], $$::bigint[], $$::bigint[], $$::text[], $$::text[], $$::bytea[], $$::bytea[],
        $$::bytea[]) as row (first, count, at, subjects, keys, members, leaves, records)`,
    values: [
      integerArray(parts.map((part) => part[0]?.index ?? 0)),
      integerArray(parts.map((part) => part.length)),
      integerArray(parts.map((part) => part[0]?.at ?? 0)),
      textArray(segments.map(({ subjects }) => JSON.stringify(subjects))),
      textArray(segments.map(({ subjects }) => JSON.stringify(keysOf(subjects)))),
      bytesArray(segments.map(({ members }) => members)),
      bytesArray(segments.map(({ leaves }) => leaves)),
      bytesArray(segments.map(({ records }) => records)),
    ],
  }
}

/** In their order. */
function split(entries: readonly NewEntry[]): NewEntry[][] {
  const parts: NewEntry[][] = []
  let sizeBytes = Infinity
  for (const entry of entries) {
    const own = entry.leaf.length + entry.prepared.payload.length
    sizeBytes += own
    if (sizeBytes <= mostBytes && (parts.at(-1)?.length ?? 0) < mostInSegment) parts.at(-1)?.push(entry)
    else {
      parts.push([entry])
      sizeBytes = own
    }
  }
  return parts
}

function insertMentions(mentions: readonly { what: string; index: number; kind: FactKind }[]): Part {
  return {
    name: 'm',
    text: `insert into mention (tenant, what, entry, kind)
      select moved.tenant, row.* from moved, unnest($$::text[], $$::bigint[], $$::text[]) as row`,
    values: [
      textArray(mentions.map(({ what }) => what)),
      integerArray(mentions.map(({ index }) => index)),
      textArray(mentions.map(({ kind }) => kind)),
    ],
  }
}

type Mentioned<Kind extends FactKind> = (fact: FactOf<Kind>, subject: string) => string | undefined

const ofNoun = (fact: Fact, subject: string) => `${fact.kind} ${subject}`
const ofAction = (fact: Fact) => aboutOf(fact).action
const ofApproval = (fact: Fact) => aboutOf(fact).approval
const notAtAll = () => undefined

/** What finds it again. The permit of an action names where it was permitted and where it ended. */
const mentioned: { readonly [Kind in FactKind]: Mentioned<Kind> } = {
  'deployment.founded': notAtAll,
  'policy.activated': notAtAll,
  'action.allowed': notAtAll,
  'action.decided': ofAction,
  'approval.changed': ofApproval,
  'signature.refused': ofApproval,
  'action.permitted': notAtAll,
  /** Another end may follow, and then the permit names that. */
  'action.finished': (fact) => (isOpenEnded(fact.outcome.kind) ? ofAction(fact) : undefined),
  'action.replayed': ofAction,
  'agent.changed': ofNoun,
  'person.changed': ofNoun,
  'tool.changed': notAtAll,
  'record.denied': notAtAll,
  'record.erased': notAtAll,
  'record.read': notAtAll,
}

/** By what an entry is found that no row of the state points at. */
export function mentionsOf(fact: Fact, subject: string): string[] {
  const what = (mentioned[fact.kind] as Mentioned<FactKind>)(fact, subject)
  return what === undefined ? [] : [searchable(what)]
}
