/**
 * How the cost of an allowed action grows with what is recorded already, and with the questions that are open.
 *
 * @module
 */
import { allowedFact, type Store } from '@countersign/core'
import { bySystem, type Fact } from '@countersign/schema'
import { asked, finished } from '../packages/stores/src/conformance/facts.ts'
import {
  sampleAction,
  sampleAsk,
  sampleOpen,
  samplePermit,
  sampleRecord,
} from '../packages/stores/src/conformance/samples.ts'
import { agent, openAllowed, sampleRegistry } from './allowed.ts'
import { type Bench, load, type Row, type Settings, takeTurns } from './measure.ts'
import { costOf } from './processes.ts'
import { openServer } from './server.ts'

/** In a change, as many as a busy instance writes at once. */
const perCommit = 250
const atOnce = 64

export const grow: Bench = {
  name: 'grow',
  about: 'an allowed action, 64 at once, by what is recorded and by how many questions are open',

  async run(settings) {
    const recorded = settings.quick ? [10_000, 50_000] : [10_000, 1_000_000, ...(settings.large ? [10_000_000] : [])]
    const open = settings.quick ? [0, 1_000] : [0, 1_000, 10_000]
    const server = await openServer()
    try {
      const [one, other] = [await server.freshDatabase(), await server.freshDatabase()]
      return {
        rows: [
          ...(await growing(await server.openStore(one), 'actions recorded', recorded, actionOf, settings)),
          ...(await growing(await server.openStore(other), 'questions open', open, questionOf, settings)),
        ],
        aims: [],
      }
    } finally {
      await server.close()
    }
  },
}

async function growing(
  store: Store,
  what: string,
  steps: readonly number[],
  factsOf: () => readonly Fact[],
  settings: Settings,
): Promise<Row[]> {
  const gate = await openAllowed({ store, registry: await sampleRegistry() })
  await store.commit({
    facts: [{ kind: 'agent.changed', change: 'registered', by: bySystem, agent: { ...agent, id: other, keys: [] } }],
  })
  await load({ atOnce, forMs: 1_000 }, gate.pass) // warm
  const rows: Row[] = []
  let standing = 0
  for (const count of steps) {
    for (; standing < count; standing += perCommit) {
      await store.commit({ facts: Array.from({ length: perCommit }, factsOf).flat() })
      if (standing % 10_000 === 0) settings.say(`${standing} of ${count} ${what}`)
    }
    const side = { name: 'gate', measure: () => costOf(atOnce, settings.forMs, gate.pass) }
    rows.push(...(await takeTurns(`${count.toLocaleString('en-US')} ${what}`, [side], settings)))
  }
  gate.close()
  await store.close()
  return rows
}

const other = 'bench-other'
const action = () => sampleAction({ agent: other })

function actionOf(): Fact[] {
  const record = sampleRecord({ action: action() })
  const permit = samplePermit(record)
  return [allowedFact(record, permit), finished(permit)]
}

function questionOf(): Fact[] {
  const record = sampleRecord({ action: action(), decision: sampleAsk() })
  return [{ kind: 'action.decided', record }, asked(sampleOpen(record))]
}
