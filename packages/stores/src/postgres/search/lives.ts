/**
 * The life of an action out of its entries: exact at once, whoever has come how far with what is made of them.
 *
 * @module
 */
import { CountersignError } from '@countersign/core'
import type { ActionLife, Entry } from '@countersign/schema'
import { factAt, type Told } from '../tables/entries.ts'
import type { Reading } from '../tables/reading.ts'

/** Where in the ledger it is told of; the newest of each. */
export interface Places {
  [column: string]: unknown
  readonly entry: number
  readonly permit: number | null
  readonly ended: number | null
  readonly approval: number | null
}

export interface Found {
  readonly places: Places
  readonly life: ActionLife
  /** The question that it asked, or whose grant its permit spent. */
  readonly question: string | null
}

export interface Lives {
  /** Of those that are there and not erased. `asFollower`: what was written here a moment ago is at hand. */
  byId(ids: readonly string[], how?: 'asFollower'): Promise<Found[]>
  /** In this order; undefined for those erased. */
  at(places: readonly Places[]): Promise<(ActionLife | undefined)[]>
}

interface Begun {
  readonly entry: number
  permit: number | null
  ended: number | null
  question: string | null
  readonly asked: Set<string>
}

export function createLives({ db, tenant, entries }: Pick<Reading, 'db' | 'tenant' | 'entries'>): Lives {
  return {
    async byId(ids, how) {
      const read = how === 'asFollower' ? entries.atLast : entries.at
      const begun = [...gather(await entries.told(ids)).values()]
      const found = new Map(await read(begun.flatMap(({ entry, permit, ended }) => placesIn([entry, permit, ended]))))
      for (const one of begun)
        one.question = factAt(found, one.permit, 'action.permitted')?.permit.approval ?? one.question
      const questions = begun.flatMap(({ question }) => question ?? [])
      const asked =
        questions.length === 0 ? [] : await db.query<{ id: string; entry: number }>(now, [tenant, questions])
      for (const [index, entry] of await read(asked.map(({ entry }) => entry))) found.set(index, entry)
      const entryOf = new Map(asked.map(({ id, entry }) => [id, entry]))
      return begun.flatMap(({ entry, permit, ended, question }) => {
        const places = { entry, permit, ended, approval: entryOf.get(question ?? '') ?? null }
        const life = lifeAt(places, found)
        return life === undefined ? [] : [{ places, life, question }]
      })
    },
    async at(places) {
      const found = await entries.at(
        places.flatMap(({ entry, permit, ended, approval }) => placesIn([entry, permit, ended, approval])),
      )
      return places.map((one) => lifeAt(one, found))
    },
  }
}

const placesIn = (places: readonly (number | null)[]): number[] => places.filter((place) => place !== null)

/** Told in the order of the ledger. */
function gather(told: readonly Told[]): Map<string, Begun> {
  const lives = new Map<string, Begun>()
  for (const { id, kind, index, approval } of told) {
    const life = lives.get(id)
    if (kind === 'action.decided') {
      lives.set(id, { entry: index, permit: null, ended: null, question: null, asked: new Set() })
    } else if (life === undefined) continue
    else if (kind === 'action.permitted') life.permit = index
    else if (kind === 'action.finished') life.ended = index
    else if (approval !== null && !life.asked.has(approval)) {
      life.asked.add(approval)
      life.question = approval
    }
  }
  return lives
}

/** @throws ERR_LEDGER_BROKEN for places where another action is told of */
function lifeAt({ entry, permit, ended, approval }: Places, found: ReadonlyMap<number, Entry>): ActionLife | undefined {
  const record = factAt(found, entry, 'action.decided')?.record
  if (record === undefined) return undefined
  const question = factAt(found, approval, 'approval.changed')?.approval
  const leave = factAt(found, permit, 'action.permitted')?.permit
  const end = factAt(found, ended, 'action.finished')
  const isAnother = (of: string | undefined) => of !== undefined && of !== record.id
  const isAsked = question === undefined || question.actionId === record.id || question.id === leave?.approval
  if (isAnother(leave?.actionId) || isAnother(end?.actionId) || !isAsked)
    throw new CountersignError('ERR_LEDGER_BROKEN', { entry, says: 'the row is about something else' })
  const at = (index: number | null) => found.get(index ?? -1)?.at ?? 0
  return {
    record,
    at: at(entry),
    ...(question !== undefined && { approval: question }),
    ...(leave !== undefined && { permit: leave, permittedAt: at(permit) }),
    ...(end !== undefined && { outcome: end.outcome, finishedAt: at(ended) }),
  }
}

const now = { name: 'approvals_now', text: 'select id, entry from approval where tenant = $1 and id = any($2)' }
