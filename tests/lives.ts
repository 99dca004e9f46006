import type { ActionLife } from '@countersign/schema'
import {
  granted,
  sampleAllow,
  sampleDone,
  sampleFailed,
  sampleOpen,
  samplePermit,
  sampleRecord,
  startOfTime,
} from '@countersign/stores/conformance'

/** An export that was countersigned and ran; or one that failed, or that nobody had to sign. */
export function life({ failed = false, allowed = false } = {}): ActionLife {
  const base = sampleRecord()
  const record = {
    ...base,
    ...(allowed && { decision: sampleAllow() }),
    dataUse: { ...base.dataUse, destination: { name: 's3://own-reports', outside: false, known: true } },
  }
  const approval = allowed ? undefined : granted(sampleOpen(record))
  return {
    record,
    at: startOfTime,
    ...(approval && { approval }),
    permit: samplePermit(record),
    permittedAt: startOfTime,
    outcome: failed ? sampleFailed : sampleDone,
    finishedAt: startOfTime + 3_100,
  }
}
