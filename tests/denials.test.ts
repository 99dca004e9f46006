/** Floods of what is denied, and of signatures that are refused: all of it is in the record, none of it fills it. */
import { describe, expect, it } from 'vitest'
import { minute } from './cast.ts'
import { scene } from './scene.ts'

describe('B4: denied attempts', () => {
  it('are in the record one by one, then counted in sums, and the agent is told that they are too many', async () => {
    const { attempt, store, clock, ran } = scene({
      says: 'prohibition',
      limits: { open: 20, asked: 60, withinMs: 10 * minute, denied: 5 },
    })
    const endings = await Promise.all(Array.from({ length: 40 }, (_, n) => attempt({ parameters: { n } })))
    const told = endings.map(({ ending }) => ending)
    expect(told.filter((each) => each === 'denied prohibited')).toHaveLength(5)
    expect(told.filter((each) => each === 'denied too_many_denials')).toHaveLength(35)

    const facts = (await store.journal.read(0, 1_000)).map(({ fact }) => fact)
    expect(facts.filter(({ kind }) => kind === 'action.decided')).toHaveLength(5)
    const sums = facts.flatMap((fact) => (fact.kind === 'record.denied' ? [fact] : []))
    expect(sums).toMatchObject([
      { agent: 'finance-bot', credential: 'key_finance-bot', count: 35, reasons: { prohibited: 35 } },
    ])
    expect(ran()).toBe(0)
    clock.advance(10 * minute)
    expect(await attempt()).toMatchObject({ ending: 'denied prohibited' })
  })

  it('of one agent leave the others alone, and what is allowed still runs', async () => {
    const { attempt, say } = scene({
      says: 'nothing',
      limits: { open: 20, asked: 60, withinMs: 10 * minute, denied: 1 },
    })
    await attempt()
    expect(await attempt()).toMatchObject({ ending: 'denied too_many_denials' })
    expect(await attempt({ as: 'other-bot' })).toMatchObject({ ending: 'denied no_grant' })
    say('allow')
    expect(await attempt()).toMatchObject({ ending: 'ran' })
  })

  it('that cannot be counted are not answered as denied (P2)', async () => {
    const { attempt, breakStore } = scene({
      says: 'nothing',
      limits: { open: 20, asked: 60, withinMs: 10 * minute, denied: 1 },
    })
    await attempt()
    breakStore('record.denied')
    await expect(attempt()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
  })

  it.each([
    [760_000, true],
    [9_000, true],
    [1_000, false],
  ])('with parameters of %i letters are kept within a few kilobytes', async (letters, isCut) => {
    const { attempt, lives } = scene({ says: 'prohibition' })
    await attempt({ parameters: { text: 'x'.repeat(letters) } })
    const [life] = await lives()
    const kept = { 'countersign:omitted': { sha256: expect.stringMatching(/^[0-9a-f]{64}$/), sizeBytes: letters + 11 } }
    expect(life?.record.action.parameters).toEqual(isCut ? kept : { text: 'x'.repeat(letters) })
    expect(JSON.stringify(life).length).toBeLessThan(16_000)
  })
})

it('B7: of 2,000 refused signatures over one question the first stand by themselves, the others in sums', async () => {
  const { attempt, answer, store } = scene({ says: 'ask' })
  await attempt()
  const question = await answer.next()
  const tries = Array.from({ length: 2_000 }, () => answer('per_ana', {}, question).catch((error: unknown) => error))
  for (const refused of await Promise.all(tries)) expect(refused).toMatchObject({ code: 'ERR_SELF_APPROVAL' })
  await answer('per_ben')
  expect(await attempt()).toMatchObject({ ending: 'ran' })

  const facts = (await store.journal.read(0, 5_000)).map(({ fact }) => fact)
  const refused = facts.flatMap((fact) => (fact.kind === 'signature.refused' ? [fact] : []))
  expect(refused.length).toBeLessThan(30)
  expect(refused.reduce((sum, { times = 1 }) => sum + times, 0)).toBe(2_000)
  const found = await store.actions.get(question.actionId)
  expect(found?.timeline.map(({ fact }) => fact.kind)).toContain('action.finished')
})
