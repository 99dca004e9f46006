import { describe, expect, it, vi } from 'vitest'
import { answer, candidateOf, loading, sourceOf } from './fixture.ts'
import { type CedarPolicySet, loadPolicySet } from './set.ts'

vi.setConfig({ testTimeout: 60_000 })

const permit = (scope: string) => `@id("may") @owner("d") @doc("…") permit (principal, ${scope}, resource);`
const signOff = (scope: string) =>
  `@id("sign") @owner("d") @doc("…") @approve("1 of security-admins") forbid (principal, ${scope}, resource);`
const prohibition = (scope: string) => `@id("never") @owner("d") @doc("…") forbid (principal, ${scope}, resource);`

const deletes = {
  action: { verb: 'http.call', operation: 'DELETE crm' },
  resource: { kind: 'unknown', name: 'DELETE crm/1' },
}
const call = (verb: string, changes: boolean) => ({
  ...deletes,
  action: { verb, operation: 'x' },
  context: { changes },
})
const calls = 'action in Action::"calls"'
const changes = 'action in Action::"changes"'

const sets = new Map<string, Promise<CedarPolicySet>>()
const load = async (text: string) => loadPolicySet(await candidateOf(sourceOf(text).files), loading)

/** Each set of policies is loaded once: that is what takes long. */
async function decided(question: object, ...policies: string[]) {
  const text = policies.join('\n')
  const set = sets.get(text) ?? load(text)
  sets.set(text, set)
  return answer(await set, question)
}

describe('A6: a call that changes something, and of which nobody said what, is held to what holds for changes', () => {
  it.each(['http.call', 'tool.call', 'shell.exec', 'model.invoke'])(
    '%s reaches the sign-offs of changes',
    async (verb) => {
      expect(await decided(call(verb, true), permit(calls), signOff(changes))).toBe('ask')
      expect(await decided(call(verb, false), permit(calls), signOff(changes))).toBe('allow')
    },
  )

  it('and their prohibitions', async () => {
    expect(await decided(call('http.call', true), permit(calls), prohibition(changes))).toBe('prohibited')
  })

  it('what permits changes permits no call by that', async () => {
    expect(await decided(call('http.call', true), permit(changes))).toBe('no_grant')
  })

  it('a policy of the very verb holds all the same, and may name it', async () => {
    const one = 'action == Action::"http.call"'
    expect(await decided(call('http.call', true), permit(one), signOff(changes))).toBe('ask')
    expect(await decided(call('http.call', true), permit(calls), signOff(one))).toBe('ask')
    expect(await decided(call('http.call', false), permit(one))).toBe('allow')
  })

  it('a verb that says what it changes is judged as before', async () => {
    expect(await decided(call('data.write', true), permit(changes))).toBe('allow')
    expect(await decided(call('data.export', true), permit('action == Action::"data.export"'), signOff(changes))).toBe(
      'allow',
    )
  })
})

describe('A6: what touches something that nobody can name is held to what holds for any of it', () => {
  const all = permit('action')
  const about = (scope: string, more = '') =>
    `@id("sign") @owner("d") @doc("…") @approve("1 of security-admins") forbid (principal, action, ${scope}) ${more};`
  const never = about('resource is Dataset').replace('@approve("1 of security-admins") ', '')
  const unknown = call('http.call', false)
  const known = { ...unknown, resource: { kind: 'tool', name: 's/t' } }

  it.each<[string, string]>([
    ['a kind', about('resource is Dataset')],
    ['one', about('resource == Dataset::"finance.orders"')],
    ['all of a domain', about('resource in Domain::"finance"')],
    ['a condition', about('resource', 'when { resource is Dataset }')],
    ['a condition beside others', about('resource', 'when { context.env == "prod" && resource is Role }')],
  ])('a sign-off of %s', async (_, text) => {
    expect(await decided(unknown, all, text)).toBe('ask')
    expect(await decided(known, all, text)).toBe('allow')
  })

  it('a prohibition', async () => {
    expect(await decided(unknown, all, never)).toBe('prohibited')
    expect(await decided(known, all, never)).toBe('allow')
  })

  it('what else has to be true has to be true all the same, and what excuses others excuses it', async () => {
    const rare = about('resource is Dataset', 'when { context.env == "nowhere" && resource is Dataset }')
    expect(await decided(unknown, all, rare)).toBe('allow')
    const excused = about('resource is Dataset', 'unless { context.risk < 101 }')
    expect(await decided(unknown, all, excused)).toBe('allow')
  })

  it('what permits some permits none that is unknown', async () => {
    const some = permit('action').replace(', resource)', ', resource is Tool)')
    expect(await decided(unknown, some)).toBe('no_grant')
    expect(await decided(known, some)).toBe('allow')
  })

  it('also where some policies are left out, to explain', async () => {
    const set = await load([all, about('resource is Dataset')].join('\n'))
    expect(answer(set.without(['nothing']), unknown)).toBe('ask')
  })
})
