import { digestOf } from '@countersign/core'
import { expect, it } from 'vitest'
import { sampleRecord } from '../../conformance.ts'
import { createTerms } from './terms.ts'

it('what no other action has drives out of memory nothing that many have', () => {
  const asked = new Map<string, number>()
  const terms = createTerms((value) => {
    asked.set(value, (asked.get(value) ?? 0) + 1)
    return value.padEnd(16)
  })
  const record = sampleRecord()
  for (let at = 0; at < 25_000; at += 1) {
    terms.of({ record: { ...record, id: `act_${at}`, digest: digestOf(at) }, at: 0 })
  }
  expect(asked.get(`term\nagent\n${record.action.agent}`)).toBe(1)
})
