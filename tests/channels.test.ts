/** A channel proves an account, and Countersign signs: whose it is, how much that is worth, and who is told, through the whole of it. */
import { describe, expect, it } from 'vitest'
import { createChat } from './doubles.ts'
import { type Pressing, standingSystem } from './standing-system.ts'

const day = 24 * 3_600_000

describe('a press', () => {
  it('by a linked account of somebody asked approves it, as `chat`, with the callback kept; and it runs once', async () => {
    const { ask, question, press, link, store } = await standingSystem()
    await link('per_ben', 'U_BEN')
    const { approval, shown } = await question()
    expect(await press({ approval, shown })).toMatchObject({ status: 200, ok: true })
    const granted = await store.approvals.get(approval)
    expect(granted).toMatchObject({
      state: 'granted',
      signatures: [
        { person: 'per_ben', verdict: 'approve', assurance: 'chat', channel: 'chat', proof: { kind: 'callback' } },
      ],
    })
    expect(await ask()).toMatchObject({ permit: { action: { parameters: { command: 'make deploy' } } } })
    expect(await ask()).toMatchObject({ refused: { kind: 'waiting' } })
  })

  it('may say no, with a reason', async () => {
    const { question, press, link, store } = await standingSystem()
    await link('per_ben', 'U_BEN')
    const { approval, shown } = await question()
    await press({ approval, shown, verdict: 'reject', reason: 'not today' })
    expect(await store.approvals.get(approval)).toMatchObject({
      state: 'rejected',
      signatures: [{ reason: 'not today' }],
    })
  })

  it.each<[string, { link?: [string, string, object?]; press?: object; verb?: 'file.write' }, number, string, RegExp]>([
    ['by an account that is linked to nobody', {}, 403, 'ERR_ACCOUNT_UNKNOWN', /An administrator can link it/],
    [
      'by another account than the one linked',
      { link: ['per_ben', 'U_OTHER'] },
      403,
      'ERR_ACCOUNT_UNKNOWN',
      /linked to nobody/,
    ],
    [
      'by an account at a provider that another channel speaks for',
      { link: ['per_ben', 'U_BEN', { provider: 'chat:T2' }], press: { team: 'T2' } },
      403,
      'ERR_ACCOUNT_UNKNOWN',
      /linked to nobody/,
    ],
    [
      'by somebody who is not asked',
      { link: ['per_dan', 'U_BEN'] },
      403,
      'ERR_APPROVER_NOT_ASKED',
      /not among the people asked/,
    ],
    [
      'by who answers for the agent: nobody approves their own',
      { link: ['per_ana', 'U_BEN'] },
      403,
      'ERR_SELF_APPROVAL',
      /someone else/,
    ],
    ['by who registered the agent', { link: ['per_reg', 'U_BEN'] }, 403, 'ERR_SELF_APPROVAL', /someone else/],
    [
      'by an account that the agent’s owner says is Ben’s',
      { link: ['per_ben', 'U_BEN', { linkedBy: 'per_ana' }] },
      403,
      'ERR_SELF_APPROVAL',
      /linked by somebody who has a part/,
    ],
    [
      'where policy wants a session: it leads to the console',
      { link: ['per_ben', 'U_BEN'], verb: 'file.write' },
      403,
      'ERR_ASSURANCE_TOO_LOW',
      /\/approvals\/apr_/,
    ],
    [
      'on another card than the one shown',
      { link: ['per_ben', 'U_BEN'], press: { shown: 'f'.repeat(64) } },
      409,
      'ERR_CARD_CHANGED',
      /Look again/,
    ],
    [
      'on a question that there is not',
      { link: ['per_ben', 'U_BEN'], press: { approval: 'apr_none' } },
      404,
      'ERR_APPROVAL_UNKNOWN',
      /no such approval/,
    ],
  ])('%s counts for nothing, and says why', async (_, { link: linked, press: pressed, verb }, status, code, says) => {
    const { question, press, link, stateOf } = await standingSystem()
    if (linked) await link(...linked)
    const { approval, shown } = await question(verb && { verb })
    const told = await press({ approval, shown, ...pressed })
    expect([told.status, told.code]).toEqual([status, code])
    expect(`${told.title} ${told.detail}`).toMatch(says)
    expect(await stateOf(approval)).toBe('open')
  })

  it('of an account that was linked counts for nothing until whose it is has confirmed it, nor is it told of anything', async () => {
    const { chat, question, press, said, confirm, link, stateOf } = await standingSystem()
    await link('per_cleo', 'U_CLEO')
    await said('per_ben', 'U_BEN')
    const { approval, shown } = await question()
    const told = await press({ approval, shown })
    expect([told.status, told.code]).toEqual([403, 'ERR_ACCOUNT_UNCONFIRMED'])
    expect(told.detail).toMatch(/\/approvals\/apr_/)
    expect(await stateOf(approval)).toBe('open')
    const heard = (user: string) => chat.shown.filter(({ to }) => to === user).length
    await expect.poll(() => heard('U_CLEO')).toBe(1)
    expect(heard('U_BEN')).toBe(0)

    await confirm('per_ben', 'U_BEN')
    expect(await press({ approval, shown })).toMatchObject({ status: 200 })
    expect(await stateOf(approval)).toBe('granted')
  })

  it('of an account that was unlinked meanwhile counts for nothing', async () => {
    const { question, press, link, unlink, stateOf } = await standingSystem()
    await link('per_ben', 'U_BEN')
    const { approval, shown } = await question()
    await unlink('per_ben')
    expect(await press({ approval, shown })).toMatchObject({ status: 403, code: 'ERR_ACCOUNT_UNKNOWN' })
    expect(await stateOf(approval)).toBe('open')
  })

  it('of somebody whose groups were read too long ago leads to the console (P5)', async () => {
    const { question, press, link, clock } = await standingSystem()
    await link('per_ben', 'U_BEN')
    const { approval, shown } = await question()
    clock.advance(16 * 60_000)
    expect(await press({ approval, shown })).toMatchObject({ status: 403, code: 'ERR_MEMBERSHIP_STALE' })
  })

  it('twice, or ten times at once, is one signature, and each is told that it counts', async () => {
    const { question, press, link, store } = await standingSystem()
    await link('per_ben', 'U_BEN')
    const { approval, shown } = await question()
    const told = await Promise.all(Array.from({ length: 10 }, () => press({ approval, shown })))
    expect(await press({ approval, shown })).toMatchObject({ status: 200 })
    expect((await store.approvals.get(approval))?.signatures).toHaveLength(1)
    expect(told.filter(({ status }) => status === 200).length).toBeGreaterThan(0)
    expect(new Set(told.map(({ status, code }) => code ?? status))).not.toContain('ERR_INTERNAL')
  })

  it('of another mind comes too late: what was said stands', async () => {
    const { question, press, link, store } = await standingSystem()
    await link('per_ben', 'U_BEN')
    const { approval, shown } = await question()
    await press({ approval, shown, verdict: 'reject' })
    expect(await press({ approval, shown })).toMatchObject({ status: 409, code: 'ERR_APPROVAL_SETTLED' })
    expect((await store.approvals.get(approval))?.state).toBe('rejected')
  })

  it('after nobody answered in time comes too late', async () => {
    const { question, press, link, clock } = await standingSystem()
    await link('per_ben', 'U_BEN', { linkedAt: 0 })
    const { approval, shown, expiresAt } = await question()
    clock.set(expiresAt)
    const told = await press({ approval, shown })
    expect([409, 403]).toContain(told.status)
    expect(['ERR_APPROVAL_EXPIRED', 'ERR_MEMBERSHIP_STALE']).toContain(told.code)
  })
})

describe('what calls where only the provider should', () => {
  it.each<[string, Pressing, number]>([
    ['without the provider’s signature', { signature: '' }, 401],
    ['with another one’s', { signature: 'f'.repeat(64) }, 401],
    [
      'from a page of another site, in the browser of somebody signed in',
      { signature: '', headers: { origin: 'https://evil.example', cookie: 'countersign=x' } },
      401,
    ],
    ['with what an agent has: its key', { signature: '', headers: { authorization: 'Bearer csk_x' } }, 401],
    ['with a body without end', { body: 'x'.repeat(300_000) }, 413],
  ])('%s is refused', async (_, how, status) => {
    const { question, press, link, stateOf } = await standingSystem()
    await link('per_ben', 'U_BEN')
    const { approval, shown } = await question()
    expect((await press({ approval, shown }, how)).status).toBe(status)
    expect(await stateOf(approval)).toBe('open')
  })

  it('a channel that proves nothing takes no press, whatever it says', async () => {
    const { question, press, link, stateOf } = await standingSystem({ chat: createChat('nothing') })
    await link('per_ben', 'U_BEN')
    const { approval, shown } = await question()
    expect(await press({ approval, shown })).toMatchObject({ status: 404, code: 'ERR_NOT_FOUND' })
    expect(await stateOf(approval)).toBe('open')
  })
})

describe('who is told', () => {
  const toldOf = (chat: ReturnType<typeof createChat>, approval: string) =>
    chat.shown.filter(({ notice }) => notice.approval === approval).map(({ to, notice }) => `${to} ${notice.state}`)

  it('the places, and everybody asked who has an account there; of what becomes of it by the message they have', async () => {
    const { chat, question, press, link } = await standingSystem()
    await link('per_ben', 'U_BEN')
    await link('per_dan', 'U_DAN') // not asked
    const { approval, shown } = await question()
    await expect.poll(() => toldOf(chat, approval).toSorted()).toEqual(['#approvals open', 'U_BEN open'])
    await press({ approval, shown })
    await expect
      .poll(() => toldOf(chat, approval).toSorted())
      .toEqual(['#approvals granted', '#approvals open', 'U_BEN granted', 'U_BEN open'])
    const later = chat.shown.filter(({ notice }) => notice.state === 'granted')
    expect(later.map(({ before }) => before)).toEqual([
      expect.stringMatching(/message/),
      expect.stringMatching(/message/),
    ])
  })

  it('one who cannot be reached keeps nobody waiting, stands on System, and is told in order once it can be', async () => {
    const { chat, ask, question, link, clock, lines } = await standingSystem()
    chat.dead.add('#approvals')
    await link('per_ben', 'U_BEN')
    for (const command of ['one', 'two']) await ask({ command })
    await expect.poll(() => chat.shown.map(({ to }) => to)).toEqual(['U_BEN', 'U_BEN'])
    expect(lines).toContainEqual(expect.objectContaining({ says: expect.stringMatching(/cannot be reached/) }))
    chat.dead.clear()
    await expect
      .poll(() => {
        clock.advance(1_000)
        return chat.shown
          .filter(({ to }) => to === '#approvals')
          .map(({ notice }) => notice.card.bound.action.parameters['command'])
      })
      .toEqual(['one', 'two'])
    expect(await question({ command: 'three' })).toBeDefined()
  })

  it('one who never answers keeps nobody waiting either', async () => {
    const { chat, ask, link } = await standingSystem()
    chat.silent.add('#approvals')
    await ask({ command: 'one' })
    await expect.poll(() => chat.waiting()).toBe(1)
    await link('per_ben', 'U_BEN')
    await ask({ command: 'two' })
    await expect.poll(() => chat.shown.map(({ to }) => to)).toEqual(['U_BEN'])
    chat.release()
  })

  it('one who is away for a day is given up on that letter, which stands on System', async () => {
    const { chat, ask, clock, store } = await standingSystem()
    chat.dead.add('#approvals')
    await ask()
    await expect.poll(async () => (await store.outbox.state()).waiting).toBe(1)
    clock.advance(day)
    await expect
      .poll(async () => {
        clock.advance(5 * 60_000)
        return (await store.outbox.state()).dead
      })
      .toMatchObject([{ channel: 'chat', recipient: 'place:#approvals', code: 'ERR_UPSTREAM' }])
  })

  it('one who is not there any more is given up at once', async () => {
    const { chat, ask, store } = await standingSystem()
    chat.gone.add('#approvals')
    await ask()
    await expect.poll(async () => (await store.outbox.state()).dead).toMatchObject([{ code: 'gone' }])
  })
})
