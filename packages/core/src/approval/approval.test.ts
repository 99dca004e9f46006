import type { Approval, Assurance, Countersignature, SignOff } from '@countersign/schema'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escalate, expire, sign, spend, withdraw } from './approval.ts'
import { requesterChain } from './barred.ts'
import { served, servedSoFar } from './quorum.ts'
import { after, agent, by, minute, now, open, sealed, signOff } from './sample.ts'

describe('P3: nobody approves their own', () => {
  it.each([
    ['the person it acts for', 'per_obo'],
    ['who started its session', 'per_start'],
    ['its owner', 'per_ana'],
    ['who registered it', 'per_reg'],
    ['who last changed it', 'per_chg'],
    ['who set before what still stands', 'per_team'],
  ])('%s is refused, member of the asked group or not', (_, person) => {
    const approval = open(signOff())
    expect(() => sign(approval, by(approval, person), now)).toThrow(
      expect.objectContaining({ code: 'ERR_SELF_APPROVAL' }),
    )
    expect(requesterChain(sealed.action, agent, now)).toContain(person)
  })

  it('no signature of the requester chain ever stands in an approval', () => {
    const people = fc.constantFrom(
      'per_obo',
      'per_start',
      'per_ana',
      'per_reg',
      'per_chg',
      'per_team',
      'per_ben',
      'per_cleo',
    )
    fc.assert(
      fc.property(fc.array(people, { maxLength: 6 }), fc.integer({ min: 1, max: 3 }), (signers, quorum) => {
        let approval: Approval = open(signOff({ quorum }))
        for (const person of signers) approval = attempt(approval, (before) => sign(before, by(before, person), now))
        const stood = approval.signatures.map(({ person }) => person)
        expect(stood.filter((person) => approval.barred.includes(person))).toEqual([])
      }),
    )
  })
})

describe('P5: a quorum counts people, and every sign-off must be served', () => {
  const two = signOff({ id: 'two', quorum: 2, from: ['controllers', 'dba'] })
  const dba = signOff({ id: 'dba', from: ['dba'] })
  const both = { groups: ['controllers', 'dba'] }

  it.each<[string, SignOff[], [string, Partial<Countersignature>?][], Approval['state']]>([
    ['one of one', [signOff()], [['per_ben']], 'granted'],
    ['one of two', [two], [['per_ben']], 'open'],
    ['two of two, out of the union of groups', [two], [['per_ben'], ['per_cleo', { groups: ['dba'] }]], 'granted'],
    ['one of two sign-offs', [signOff(), dba], [['per_ben']], 'open'],
    ['one person for two sign-offs', [signOff(), dba], [['per_ben', both]], 'granted'],
    ['one person where one of them is distinct', [signOff({ distinct: true }), dba], [['per_ben', both]], 'open'],
    [
      'two people where both are distinct, assigned as it fits',
      [signOff({ distinct: true }), signOff({ ...dba, distinct: true })],
      [['per_ben', both], ['per_cleo']],
      'granted',
    ],
    ['a rejection', [two], [['per_ben', { verdict: 'reject' }]], 'rejected'],
    ['an approval, then a rejection', [two], [['per_ben'], ['per_cleo', { verdict: 'reject' }]], 'rejected'],
  ])('%s: %#', (_, signOffs, signers, state) => {
    const approval = open(...signOffs)
    expect(after(approval, ...signers.map(([person, over]) => by(approval, person, over))).state).toBe(state)
  })

  it('the same person never counts twice, however the signatures come', () => {
    const approval = open(two)
    const twice = [by(approval, 'per_ben'), by(approval, 'per_ben', { channel: 'slack' })]
    expect(served(two.quorum ? [two] : [], 'team', twice)).toBe(false)
    expect(() => after(approval, ...twice)).toThrow(expect.objectContaining({ code: 'ERR_APPROVAL_SIGNED_TWICE' }))
  })

  it.each<[string, SignOff[], [string, Partial<Countersignature>?][], number[]]>([
    ['one person for two that share', [signOff(), dba], [['per_ben', both]], [1, 1]],
    ['one person, one of the two is distinct', [signOff({ distinct: true }), dba], [['per_ben', both]], [1, 0]],
    [
      'two people go where they are missed least',
      [signOff({ distinct: true }), dba],
      [['per_ben', both], ['per_cleo']],
      [1, 1],
    ],
    ['a rejection counts for nothing', [signOff()], [['per_ben', { verdict: 'reject' }]], [0]],
  ])('says how far each is served: %s', (_, signOffs, signers, expected) => {
    const approval = open(...signOffs)
    const signatures = signers.map(([person, over]) => by(approval, person, over))
    const counts = servedSoFar(signOffs, 'team', signatures)
    expect(signOffs.map((each) => counts.get(each))).toEqual(expected)
  })

  it('agrees with trying every assignment of people to sign-offs', () => {
    const groups = fc.subarray(['a', 'b', 'c'])
    const signOffs = fc.array(
      fc.record({
        from: fc.subarray(['a', 'b', 'c'], { minLength: 1 }),
        quorum: fc.integer({ min: 1, max: 2 }),
        distinct: fc.boolean(),
      }),
      { minLength: 1, maxLength: 3 },
    )
    fc.assert(
      fc.property(signOffs, fc.array(groups, { maxLength: 5 }), (asks, people) => {
        const given = asks.map((ask, at) => signOff({ id: `s${at}`, ...ask }))
        const approval = open(...given)
        const signatures = people.map((of, at) => by(approval, `per_${at}`, { groups: of }))
        expect(served(given, 'team', signatures)).toBe(byBruteForce(given, signatures))
        const counts = servedSoFar(given, 'team', signatures)
        const all = given.every((each) => (counts.get(each) ?? 0) >= each.quorum)
        expect(all).toBe(byBruteForce(given, signatures))
      }),
      { numRuns: 300 },
    )
  })
})

describe('what does not count', () => {
  it.each<[string, Partial<SignOff>, Partial<Countersignature>, string]>([
    ['someone who was not asked', {}, { groups: ['interns'] }, 'ERR_APPROVER_NOT_ASKED'],
    ['too weak a sign-in', { assurance: 'fresh' }, {}, 'ERR_ASSURANCE_TOO_LOW'],
    ['no reason where one is required', { reasonRequired: true }, {}, 'ERR_REASON_MISSING'],
    [
      'P9: another card than the one asked',
      {},
      { shown: 'f'.repeat(64) as Countersignature['shown'] },
      'ERR_CARD_CHANGED',
    ],
    ['P1: another digest', {}, { digest: 'f'.repeat(64) as Countersignature['digest'] }, 'ERR_CARD_CHANGED'],
  ])('%s', (_, terms, over, code) => {
    const approval = open(signOff(terms))
    expect(() => sign(approval, by(approval, 'per_ben', over), now)).toThrow(expect.objectContaining({ code }))
  })

  it.each<[Assurance, Assurance, boolean]>([
    ['chat', 'session', false],
    ['session', 'session', true],
    ['fresh', 'session', true],
    ['passkey', 'fresh', true],
    ['fresh', 'passkey', false],
  ])('%s for %s: %s', (given, asked, counts) => {
    const approval = open(signOff({ assurance: asked }))
    expect(served([signOff({ assurance: asked })], 'team', [by(approval, 'per_ben', { assurance: given })])).toBe(
      counts,
    )
  })
})

describe('P7: no answer is a no', () => {
  const approval = open(signOff({ escalate: { to: 'cfo-office', afterMs: 15 * minute } }))

  it('expires when nobody answers in time, and only then', () => {
    expect(expire(approval, approval.expiresAt - 1)).toBe(approval)
    expect(expire(approval, approval.expiresAt).state).toBe('expired')
    expect(() => sign(approval, by(approval, 'per_ben'), approval.expiresAt)).toThrow(
      expect.objectContaining({ code: 'ERR_APPROVAL_EXPIRED' }),
    )
  })

  it('a grant that nobody collects expires too', () => {
    const granted = after(approval, by(approval, 'per_ben'))
    if (granted.state !== 'granted') throw new Error('not granted')
    expect(() => spend(granted, 'prm_1', granted.validUntil)).toThrow(
      expect.objectContaining({ code: 'ERR_APPROVAL_EXPIRED' }),
    )
    expect(expire(granted, granted.validUntil).state).toBe('expired')
  })

  it('the shortest timeout and validity count', () => {
    const strict = open(signOff(), signOff({ id: 'b', timeoutMs: minute, validMs: 2 * minute }))
    expect(strict.expiresAt).toBe(now + minute)
    expect(after(strict, by(strict, 'per_ben'))).toMatchObject({ validUntil: now + 2 * minute })
  })

  it('escalation adds a group and never lowers a number', () => {
    const escalated = escalate(approval, () => true)
    expect(after(escalated, by(escalated, 'per_cleo', { groups: ['cfo-office'] })).state).toBe('granted')
    expect(escalated.terms.signOffs.map(({ quorum }) => quorum)).toEqual([1])
    expect(() => escalate(escalated, () => true)).toThrow(expect.objectContaining({ code: 'ERR_NO_ESCALATION' }))
  })
})

describe('P6: a grant is spent once', () => {
  it('and settled approvals stay as they are', () => {
    const approval = open(signOff())
    const spent = spend(after(approval, by(approval, 'per_ben')), 'prm_1', now)
    expect(() => spend(spent, 'prm_2', now)).toThrow(expect.objectContaining({ code: 'ERR_GRANT_SPENT' }))
    expect(withdraw(spent, 'voided', 'why', now)).toBe(spent)
    expect(expire(spent, now + 365 * 24 * 60 * minute)).toBe(spent)
    expect(() => sign(spent, by(approval, 'per_cleo'), now)).toThrow(
      expect.objectContaining({ code: 'ERR_APPROVAL_SETTLED' }),
    )
  })
})

it('whatever happens to an approval, its life follows the drawing, and every change counts one version up', () => {
  const life: Record<Approval['state'], readonly Approval['state'][]> = {
    open: ['open', 'granted', 'rejected', 'expired', 'cancelled', 'voided'],
    granted: ['spent', 'expired', 'cancelled', 'voided'],
    spent: [],
    rejected: [],
    expired: [],
    cancelled: [],
    voided: [],
  }
  const person = fc.constantFrom('per_ben', 'per_cleo', 'per_dan', 'per_ana')
  const step = fc.oneof(
    fc.record({
      do: fc.constant('sign' as const),
      person,
      verdict: fc.constantFrom('approve' as const, 'reject' as const),
    }),
    fc.record({
      do: fc.constantFrom('spend' as const, 'expire' as const, 'escalate' as const, 'cancel' as const, 'void' as const),
    }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 20 * minute }) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), fc.integer({ min: 1, max: 3 }), (steps, quorum) => {
      let approval: Approval = open(signOff({ quorum, escalate: { to: 'cfo-office', afterMs: minute } }))
      let at = now
      for (const each of steps) {
        const before: Approval = approval
        switch (each.do) {
          case 'wait':
            at += each.ms
            break
          case 'sign':
            approval = attempt(before, (it) => sign(it, by(it, each.person, { verdict: each.verdict }), at))
            break
          case 'spend':
            approval = attempt(before, (it) => spend(it, 'prm_1', at))
            break
          case 'expire':
            approval = expire(before, at)
            break
          case 'escalate':
            approval = attempt(before, (it) => (it.state === 'open' ? escalate(it, () => true) : it))
            break
          case 'cancel':
          case 'void':
            approval = withdraw(before, each.do === 'void' ? 'voided' : 'cancelled', 'test', at)
        }
        if (approval === before) continue
        expect(life[before.state]).toContain(approval.state)
        expect(approval.version).toBe(before.version + 1)
        if (approval.state === 'granted') {
          expect(new Set(approval.signatures.map((one) => one.person)).size).toBeGreaterThanOrEqual(quorum)
          expect(at).toBeLessThan(before.expiresAt)
        }
        if (approval.state === 'spent') expect(before.state).toBe('granted')
      }
    }),
    { numRuns: 500 },
  )
})

function attempt(approval: Approval, change: (approval: Approval) => Approval): Approval {
  try {
    return change(approval)
  } catch {
    return approval
  }
}

/** Each person to one distinct sign-off or to all shared ones: every way there is. */
function byBruteForce(signOffs: readonly SignOff[], signatures: readonly Countersignature[]): boolean {
  const alone = signOffs.filter(({ distinct }) => distinct)
  const may = (ask: SignOff, { groups }: Countersignature) => ask.from.some((group) => groups.includes(group))
  const seats = alone.length + 1
  for (let way = 0; way < seats ** signatures.length; way++) {
    const seatOf = (at: number) => Math.floor(way / seats ** at) % seats
    const count = (ask: SignOff, seat: number) =>
      signatures.filter((signature, at) => seatOf(at) === seat && may(ask, signature)).length
    const fits =
      alone.every((ask, seat) => count(ask, seat) >= ask.quorum) &&
      signOffs.filter(({ distinct }) => !distinct).every((ask) => count(ask, alone.length) >= ask.quorum)
    if (fits) return true
  }
  return false
}
