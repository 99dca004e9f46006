/** What the gate does where the store says something that the records themselves do not. */
import type { Approval } from '@countersign/schema'
import { describe, expect, it } from 'vitest'
import { scene, type Scene } from './scene.ts'

const [signedFor, wanted] = [{ rows: 1 }, { rows: 2 }]

async function granted(): Promise<{ made: Scene; approval: Approval }> {
  const made = scene({ says: 'ask' })
  await made.attempt({ parameters: signedFor })
  return { made, approval: await made.answer('per_ben') }
}

describe('H3: a signature for B does not run A, whatever finds it', () => {
  const forged: readonly [string, (approval: Approval, digest: string) => Approval][] = [
    ['found under the digest of another action', (approval) => approval],
    ['with the digest of the other written over it', (approval, digest) => ({ ...approval, digest }) as Approval],
    [
      'with the digest of the other written over its signatures as well',
      (approval, digest) =>
        ({
          ...approval,
          digest,
          signatures: approval.signatures.map((signature) => ({ ...signature, digest })),
        }) as Approval,
    ],
  ]
  it.each(forged)('a grant %s', async (_, forge) => {
    const { made, approval } = await granted()
    made.store.approvals.latest = async (digest) => forge(approval, digest)
    made.store.approvals.get = async () => forge(approval, approval.digest)
    await expect(made.attempt({ parameters: wanted })).rejects.toMatchObject({ code: 'ERR_LEDGER_BROKEN' })
    expect(made.ran()).toBe(0)
    expect(await made.lives()).toMatchObject([{ record: { action: { parameters: signedFor } } }])
  })

  it('a grant for another action that takes the place of its own once it is answered', async () => {
    const { made, approval } = await granted()
    const held = made.attempt({ parameters: wanted, patienceMs: 60_000 })
    const question = await made.answer.next()
    made.store.approvals.get = async () => approval
    made.desk.show({ ...question, state: 'granted' } as Approval)
    await expect(held).rejects.toMatchObject({ code: 'ERR_LEDGER_BROKEN' })
    expect(made.ran()).toBe(0)
  })

  it.each<[string, (approval: Approval) => Partial<Approval>]>([
    [
      'a card other than the one that was shown',
      ({ card }) => ({ card: { ...card, advisory: { ...card.advisory, sentence: 'Read' } } }),
    ],
    [
      'signatures over another card',
      ({ signatures }) => ({ signatures: signatures.map((one) => ({ ...one, shown: one.digest })) }),
    ],
  ])('a grant with %s', async (_, over) => {
    const { made, approval } = await granted()
    made.store.approvals.latest = async () => ({ ...approval, ...over(approval) }) as Approval
    await expect(made.attempt({ parameters: signedFor })).rejects.toMatchObject({ code: 'ERR_LEDGER_BROKEN' })
    expect(made.ran()).toBe(0)
  })
})

describe('H2: a credential that is not found is not proven', () => {
  it.each([
    ['is taken from the agent', []],
    [
      'is one that the agent never had',
      [{ id: 'key_else', hash: 'a'.repeat(64), createdAt: 0, expiresAt: Number.MAX_SAFE_INTEGER }],
    ],
  ])('a held call whose key %s does not run', async (_, keys) => {
    const { attempt, answer, changeAgent, ran } = scene({ says: 'ask' })
    const held = attempt({ patienceMs: 60_000 })
    const question = await answer.next()
    await changeAgent({ keys })
    await Promise.all([
      expect(held).rejects.toMatchObject({ code: 'ERR_AGENT_UNKNOWN' }),
      answer('per_ben', {}, question),
    ])
    expect(ran()).toBe(0)
  })

  it('also where policy allows it and the agent changed in between', async () => {
    const { attempt, changeAgent, ran } = scene({ says: 'allow' })
    await attempt()
    await changeAgent({ keys: [] })
    await expect(attempt({ asOfBefore: true })).rejects.toMatchObject({ code: 'ERR_AGENT_UNKNOWN' })
    expect(ran()).toBe(1)
  })
})
