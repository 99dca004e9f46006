import type { Action, Approval } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { digestOf } from '../action/digest.ts'
import { mustBeAbout } from './recheck.ts'
import { after, by, open, sealed, signOff } from './sample.ts'

const granted = (): Approval => {
  const question = open(signOff())
  return after(question, by(question, 'per_ben'))
}
const other: Action = { ...sealed.action, parameters: { rows: 1 } }

/** As somebody with the database would write it, who takes care of all else. */
function forged(over: (approval: Approval) => Partial<Approval>): Approval {
  const approval = granted()
  return { ...approval, ...over(approval) } as Approval
}

describe('H3: a question is about what would run, by everything that it says of it', () => {
  it('as it was asked and signed', () => {
    expect(() => mustBeAbout(granted(), sealed)).not.toThrow()
  })

  it.each<[string, (approval: Approval) => Partial<Approval>]>([
    ['its own digest', () => ({ digest: digestOf(other) })],
    [
      'the action on its card, where all digests were written over',
      ({ card: { bound, advisory }, signatures }) => {
        const card = { bound: { ...bound, action: other }, advisory }
        const shown = digestOf(card)
        return { card, shown, signatures: signatures.map((one) => ({ ...one, shown })) }
      },
    ],
    [
      'the card that was shown',
      ({ card: { bound, advisory } }) => ({ card: { bound, advisory: { ...advisory, sentence: 'Read one row' } } }),
    ],
    [
      'what was signed',
      ({ signatures }) => ({ signatures: signatures.map((one) => ({ ...one, digest: digestOf(other) })) }),
    ],
    [
      'the card that was signed',
      ({ signatures }) => ({ signatures: signatures.map((one) => ({ ...one, shown: digestOf(other) })) }),
    ],
  ])('by %s', (_, over) => {
    expect(() => mustBeAbout(forged(over), sealed)).toThrow(expect.objectContaining({ code: 'ERR_LEDGER_BROKEN' }))
  })
})
