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
