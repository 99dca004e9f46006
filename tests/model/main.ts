/** All of the model: `npm run model`. About two minutes of a quiet machine, and 3.5 GB. */
import { search, type Search } from './check.ts'

const small = { CMDS: 19 } // two permits that spend one grant, and a stop
const all: readonly (readonly [what: string, search: Search, holds: boolean])[] = [
  ['one batch on its way, all commands', { given: { FLIGHTS: 1 }, looksFor: 'safety', slots: 26 }, true],
  ['two on their way, all commands', { given: {}, looksFor: 'safety', slots: 26 }, true],
  ['everybody is answered', { given: { ...small, FLIGHTS: 1, LIVE: true }, looksFor: 'liveness', slots: 20 }, true],
  ['nobody starves', { given: { TURNS: true }, looksFor: 'liveness', slots: 20 }, true],
  ['without turns', { given: { TURNS: true, NOTURN: true }, looksFor: 'liveness', slots: 20 }, false],
  ...['KEYONLY', 'NOAPPLY', 'NOIDS', 'WOKEN_EARLY', 'NORETURN'].map(
    (rule) => [`without ${rule}`, { given: { ...small, [rule]: true }, looksFor: 'safety', slots: 20 }, false] as const,
  ),
  ...['REFUSE_AT_ONCE', 'NOCLOCK', 'NOFENCE'].map(
    (rule) => [`without ${rule}`, { given: { [rule]: true }, looksFor: 'safety', slots: 26 }, false] as const,
  ),
]

let wrong = 0
for (const [what, how, holds] of all) {
  const { states, broken } = await search(how)
  const asItMust = (broken === undefined) === holds
  if (!asItMust) wrong += 1
  const found = broken === undefined ? 'holds' : `breaks: ${broken}`
  process.stdout.write(`${asItMust ? 'ok ' : 'NOT'} ${what}: ${found} (${states.toLocaleString('en')} states)\n`)
}
process.exitCode = wrong === 0 ? 0 : 1
