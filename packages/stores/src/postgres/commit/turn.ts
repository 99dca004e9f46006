/**
 * Who lost twice in a row asks for a turn. Some insert always wins, so that never all starve; but one beside a rival that never
 * rests could, and with it a stop (P15). Turns go oldest first, are given back by what wins, and run out by themselves.
 *
 * @module
 */
import type { Statement } from '../db.ts'
import { turnMs, type Turn } from './put.ts'
import type { Writer } from './writer.ts'

export interface Turns {
  /** What goes with the next batch. */
  mine(): Turn
  lost(): Promise<void>
  /** The batch that won may give the turn back. */
  won(): Promise<void>
}

/** Losses in a row before a turn is asked for. */
const patience = 2
/** Behind everybody who has asked. */
const withoutTurn = Number.MAX_SAFE_INTEGER

export function openTurns(writer: Writer, tenant: string, node: string, now: () => number | undefined): Turns {
  let losses = 0
  let asked: number | undefined
  return {
    mine: () => ({ asked: asked ?? withoutTurn, node }),
    async lost() {
      losses += 1
      if (losses < patience) return
      const [row] = await writer.query<{ asked: number }>(ask, [tenant, node, now() ?? null])
      asked = row?.asked
    },
    async won() {
      losses = 0
      if (asked === undefined) return
      asked = undefined
      await writer.query(giveBack, [tenant, node])
    },
  }
}

const ask: Statement = {
  name: 'turn_ask',
  text: `insert into turn (tenant, node, asked, until)
    select $1, $2, now, now + ${turnMs} from (select coalesce($3::bigint,
      floor(extract(epoch from clock_timestamp()) * 1000)::bigint) as now) as clock
    on conflict (tenant, node) do update set until = excluded.until,
      asked = case when turn.until > excluded.asked and turn.until <= excluded.until then turn.asked else excluded.asked end
    returning asked`,
}
const giveBack: Statement = { name: 'turn_back', text: 'delete from turn where tenant = $1 and node = $2' }
