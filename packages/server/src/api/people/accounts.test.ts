import { byPerson, type Me, type Person, type PersonView } from '@countersign/schema'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { codeOf, createRig, type Rig } from '../rig/rig.ts'

let rig: Rig
let cleo: Person
let ben: Person
let admin: string
beforeEach(async () => {
  rig = await createRig()
  cleo = await rig.person('cleo', { roles: ['identity'] })
  ben = await rig.person('ben', { groups: ['finance-controllers'] })
  admin = await rig.cookieOf(cleo)
})
afterEach(() => rig.close())

const account = { provider: 'chat:T1', id: 'U0BEN' }
const send = (who: string, whose: Person, change: 'link' | 'unlink', which: object = account) =>
  rig.post(`/api/people/${whose.id}/accounts`, who, { ...which, change })

describe('an account of a chat provider', () => {
  it('is linked and unlinked as a fact that says by whom, and people who look after people see it', async () => {
    const linked = (await (await send(admin, ben, 'link')).json()) as PersonView
    expect(linked.accounts).toMatchObject([{ ...account, linkedBy: cleo.id, confirmed: false }])
    expect((await rig.facts()).at(-1)).toMatchObject({
      kind: 'person.changed',
      change: 'linked',
      by: byPerson(cleo.id),
    })
    expect((await rig.store.people.byLinked(account.provider, account.id))?.id).toBe(ben.id)

    expect(await (await send(admin, ben, 'unlink')).json()).toMatchObject({ accounts: [] })
    expect((await rig.facts()).at(-1)).toMatchObject({
      kind: 'person.changed',
      change: 'unlinked',
      by: byPerson(cleo.id),
    })
    expect(await rig.store.people.byLinked(account.provider, account.id)).toBeUndefined()
  })

  it('answers nothing until the person has confirmed it: they alone do, once, and are shown who said it', async () => {
    const his = await rig.cookieOf(ben)
    const mine = async (who: string) => ((await (await rig.get('/api/me', who)).json()) as Me).unconfirmed
    const say = (who: string, change: 'confirm' | 'refuse', which: object = account) =>
      rig.post('/api/me/accounts', who, { ...which, change })
    await send(admin, ben, 'link')
    expect(await mine(his)).toMatchObject([{ ...account, linkedBy: { id: cleo.id, name: cleo.name } }])
    expect(await mine(admin)).toEqual([])
    expect(await codeOf(await say(admin, 'confirm')), 'who linked it').toBe('ERR_NOT_FOUND')
    expect(await codeOf(await say(his, 'confirm', { ...account, id: 'U0OTHER' }))).toBe('ERR_NOT_FOUND')
    expect((await rig.store.people.get(ben.id))?.accounts?.[0]?.confirmedAt).toBeUndefined()

    expect((await say(his, 'confirm')).status).toBe(200)
    expect((await rig.facts()).at(-1)).toMatchObject({ change: 'confirmed', by: byPerson(ben.id) })
    const before = (await rig.facts()).length
    expect((await say(his, 'confirm')).status, 'once more changes nothing').toBe(200)
    expect(await rig.facts()).toHaveLength(before)
    expect(await mine(his)).toEqual([])

    await send(admin, ben, 'unlink')
    await send(admin, ben, 'link')
    expect(await mine(his), 'linked anew, it is confirmed anew').toHaveLength(1)
    expect((await say(his, 'refuse')).status).toBe(200)
    expect(await rig.store.people.byLinked(account.provider, account.id)).toBeUndefined()
  })

  it('is linked once: a repeat changes nothing', async () => {
    await send(admin, ben, 'link')
    const before = (await rig.facts()).length
    expect((await send(admin, ben, 'link')).status).toBe(200)
    expect(await rig.facts()).toHaveLength(before)
  })

  it('is one person’s', async () => {
    await send(admin, ben, 'link')
    expect(await codeOf(await send(admin, cleo, 'link'))).toBe('ERR_ACCOUNT_TAKEN')
    await send(admin, ben, 'unlink')
    expect((await send(admin, cleo, 'link')).status).toBe(200)
  })

  it('takes the role identity, also where it is one’s own: who could link would be whom they like', async () => {
    const his = await rig.cookieOf(ben)
    expect(await codeOf(await send(his, ben, 'link'))).toBe('ERR_NOT_ALLOWED')
    expect(await codeOf(await send(his, cleo, 'unlink'))).toBe('ERR_NOT_ALLOWED')
  })

  it('stays theirs when they sign in again, and signs nobody in', async () => {
    await send(admin, ben, 'link')
    rig.provider.says = { subject: 'ben', name: 'Ben' }
    const begun = await rig.call('/sign-in')
    const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state')
    const cookie = begun.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    expect((await rig.call(`/sign-in/callback?code=c&state=${state}`, { headers: { cookie } })).status).toBe(303)
    expect((await rig.store.people.byLinked(account.provider, account.id))?.id).toBe(ben.id)
    expect(await rig.store.people.byAccount(account.provider, account.id)).toBeUndefined()
  })

  it.each<[string, object]>([
    ['a provider without a name', { provider: '', id: 'U1' }],
    ['a provider with a blank', { provider: 'my chat', id: 'U1' }],
    ['no account', { provider: 'chat' }],
    ['an account with a line end', { provider: 'chat', id: 'U1\n' }],
    ['an account without end', { provider: 'chat', id: 'U'.repeat(201) }],
    ['what nobody asked for', { ...account, person: 'per_1' }],
  ])('%s is refused', async (_, which) => {
    expect(await codeOf(await send(admin, ben, 'link', which))).toBe('ERR_INPUT_INVALID')
  })

  it('more than twenty of one person are refused', async () => {
    for (let each = 0; each < 20; each += 1) await send(admin, ben, 'link', { provider: 'chat', id: `U${each}` })
    expect(await codeOf(await send(admin, ben, 'link'))).toBe('ERR_INPUT_INVALID')
    expect((await send(admin, ben, 'link', { provider: 'chat', id: 'U0' })).status).toBe(200)
  })
})
