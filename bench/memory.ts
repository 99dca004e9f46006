/**
 * What one instance keeps in memory while a million actions pass in a row, then a hundred thousand with ids of their own, and then
 * as many while a follower is down, which catches up.
 *
 * @module
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { allowedFact, type Store } from '@countersign/core'
import { bySystem, type Fact } from '@countersign/schema'
import { finished } from '../packages/stores/src/conformance/facts.ts'
import { sampleAction, samplePermit, sampleRecord } from '../packages/stores/src/conformance/samples.ts'
import { agent, openAllowed, sampleRegistry } from './allowed.ts'
import type { Aim, Bench, Figures, Row } from './measure.ts'
import { memoryOf } from './processes.ts'
import { openServer } from './server.ts'

const atOnce = 64
/** Times that memory is looked at within a run of actions. */
const looks = 10
/** Between what is kept halfway and in the end: what grows with every action would double. */
const mostGrowth = 1.25

export const memory: Bench = {
  name: 'memory',
  about: 'what stays in memory: a million actions in a row, a hundred thousand with ids, a follower that was down',

  async run({ quick, say }) {
    const [inARow, withIds] = quick ? [20_000, 5_000] : [1_000_000, 100_000]
    const server = await openServer()
    const store = await server.openStore(await server.freshDatabase())
    const gate = await openAllowed({ store, registry: await sampleRegistry() })
    const rows: Row[] = []
    const look = async (what: string) => {
      rows.push({ what, side: 'instance', rounds: [await figures()] })
      say(what)
    }
    try {
      await store.commit({ facts: [{ kind: 'agent.changed', change: 'registered', by: bySystem, agent: other }] })
      const first = followSearch(store)
      for (let step = 1; step <= looks; step += 1) {
        await times(inARow / looks, gate.pass)
        await look(`${count((inARow / looks) * step)} in a row`)
      }
      await times(withIds, () => withId(store))
      await look(`${count(withIds)} more, with ids`)
      await first.stop()
      await times(withIds, () => withId(store))
      await look(`${count(withIds)} more, while search is not followed`)
      const next = followSearch(store)
      await next.reaches((await store.ledger.head()).size)
      await look('search has caught up')
      await next.stop()
      return { rows, aims: [bounded(rows)] }
    } finally {
      gate.close()
      await store.close()
      await server.close()
    }
  },
}

const other = { ...agent, id: 'bench-other', keys: [] }

async function withId(store: Store): Promise<void> {
  const record = sampleRecord({ action: sampleAction({ agent: other.id }) })
  const permit = samplePermit(record)
  await store.commit({ facts: [allowedFact(record, permit)] })
  const end: Fact = finished(permit)
  await store.commit({ facts: [end] })
}

async function times(many: number, once: () => Promise<unknown>): Promise<void> {
  let left = many
  const work = async () => {
    for (; left > 0;) {
      left -= 1
      await once()
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
}

/** As the follower of an instance does: a page at a time, from where it stood. */
function followSearch({ journal, actions: { index } }: Store) {
  const closing = new AbortController()
  let reached = 0
  const done = (async () => {
    const from = await index.cursor('search', 'beginning')
    for await (const page of journal.follow(from, closing.signal)) {
      await index.add('search', page)
      reached = (page.at(-1)?.index ?? -1) + 1
    }
  })()
  return {
    async reaches(size: number) {
      while (reached < size) await Promise.race([new Promise((again) => setTimeout(again, 50)), done])
    },
    async stop() {
      closing.abort()
      await done
    },
  }
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** What is still in use, once nothing else is. */
async function figures(): Promise<Figures> {
  collect()
  const { ownMegabytes, belowMegabytes } = await memoryOf(process.pid)
  return {
    heapMegabytes: process.memoryUsage().heapUsed / 2 ** 20,
    nodeMegabytes: ownMegabytes,
    postgresMegabytes: belowMegabytes,
  }
}

function bounded(rows: readonly Row[]): Aim {
  const heap = (at: number) => rows[at]?.rounds[0]?.['heapMegabytes'] ?? Infinity
  const [halfway, end] = [heap(looks / 2 - 1), heap(looks - 1)]
  return {
    says: `what is in use after all actions in a row is less than ${mostGrowth} times what it is after half of them`,
    met: end < halfway * mostGrowth,
    got: `${halfway.toFixed(0)} MB, then ${end.toFixed(0)} MB`,
  }
}

const count = (many: number): string => many.toLocaleString('en-US')
