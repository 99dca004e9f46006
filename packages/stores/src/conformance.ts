/**
 * What every store must do: the contract of the `Store` port, case by case. A store's own test is one call.
 *
 * @module
 */
import { describe } from 'vitest'
import { actions } from './conformance/actions.ts'
import { approvals } from './conformance/approvals.ts'
import { attempts } from './conformance/attempts.ts'
import { commits } from './conformance/commit.ts'
import { erasure } from './conformance/erasure.ts'
import { journal } from './conformance/journal.ts'
import { leases } from './conformance/leases.ts'
import { ledger } from './conformance/ledger.ts'
import { lineage } from './conformance/lineage.ts'
import { model } from './conformance/model.ts'
import { agentsAndPeople } from './conformance/people.ts'
import { outbox } from './conformance/outbox.ts'
import { permits } from './conformance/permits.ts'
import { search } from './conformance/search.ts'
import { secrets } from './conformance/secrets.ts'
import { tombstones } from './conformance/tombstones.ts'
import { tools } from './conformance/tools.ts'
import type { OpenStore } from './conformance/stage.ts'

export {
  activated,
  agentChanged,
  asked,
  changed,
  decided,
  finished,
  founded,
  begins,
  permitted,
  personChanged,
  replayed,
  sampleDone,
  sampleFailed,
  sampleUnknown,
  toolChanged,
} from './conformance/facts.ts'
export {
  cancelled,
  expired,
  granted,
  minuteMs,
  rejected,
  sampleAction,
  sampleAgent,
  sampleAllow,
  sampleAsk,
  sampleCard,
  sampleDeny,
  sampleOpen,
  samplePermit,
  samplePerson,
  sampleRecord,
  sampleSignOff,
  sampleSignature,
  sampleTerms,
  sampleTool,
  signed,
  spent,
  startOfTime,
  unique,
  voided,
} from './conformance/samples.ts'
export { flowed } from './conformance/flowed.ts'
export {
  type ManualClock,
  type OpenStore,
  type Stage,
  createManualClock,
  enrol,
  everyPage,
  expectRefusal,
  follow,
  followed,
  stage,
} from './conformance/stage.ts'

const concerns = [
  commits,
  approvals,
  permits,
  attempts,
  agentsAndPeople,
  tools,
  actions,
  search,
  journal,
  erasure,
  ledger,
  lineage,
  leases,
  tombstones,
  outbox,
  secrets,
  model,
]

/** `open` MUST give an empty store each time, on the clock it is handed; it is opened once for every group of cases. */
export function itBehavesLikeAStore(open: OpenStore): void {
  describe('a store', () => {
    for (const concern of concerns) concern(open)
  })
}
