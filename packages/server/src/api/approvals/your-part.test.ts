import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ApprovalView, type Agent, type Person } from '@countersign/schema'
import { createRig, type Rig } from '../rig/rig.ts'

let rig: Rig
beforeEach(async () => {
  rig = await createRig()
})
afterEach(() => rig.close())

describe('G12: "You cannot approve" names the one cause that applies', () => {
  const groups = ['finance-controllers']
  const key = (issuedBy: string) => ({ id: 'key_1', hash: 'a'.repeat(64), createdAt: 0, expiresAt: 9e15, issuedBy })

  it.each<[string, (me: Person) => Partial<Agent>, RegExp]>([
    ['its owner', (me) => ({ owner: me.id }), /^You own The reporter, and nobody approves their own/],
    ['who registered it', (me) => ({ registeredBy: me.id }), /^You registered The reporter/],
    ['who changed it', (me) => ({ changedBy: me.id }), /^You were the last to change The reporter/],
    [
      'who set what stands',
      (me) => ({ setBy: { team: me.id } }),
      /^You set what still stands of The reporter \(team\)/,
    ],
    ['who issued its key', (me) => ({ keys: [key(me.id)] }), /^You issued a key of The reporter that still works/],
  ])('%s', async (_, made, says) => {
    const me = await rig.person('me', { groups })
    const asked = await rig.ask(await rig.agent(await rig.person('owner'), made(me)))
    const { you } = ApprovalView.parse(
      await (await rig.get(`/api/approvals/${asked.id}`, await rig.cookieOf(me))).json(),
    )
    expect(you).toMatchObject({ can: 'look', code: 'ERR_SELF_APPROVAL', says: expect.stringMatching(says) })
    for (const other of ['own', 'registered', 'last to change', 'issued', 'acts for']) {
      const mine = says.source.includes(other) || other === 'own'
      if (!mine && you.can === 'look') expect(you.says).not.toContain(other)
    }
  })

  it('someone whom nobody asks is told which group is', async () => {
    const reader = await rig.person('reader', { roles: ['auditor'] })
    const asked = await rig.ask(await rig.agent(await rig.person('owner')))
    const { you } = ApprovalView.parse(
      await (await rig.get(`/api/approvals/${asked.id}`, await rig.cookieOf(reader))).json(),
    )
    expect(you).toMatchObject({ says: 'You are not in the group finance-controllers, which is asked.' })
  })
})
