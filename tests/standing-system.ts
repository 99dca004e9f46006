/**
 * A whole Countersign in this process, on a store in memory: with a chat and a hook (`doubles.ts`), two approvers, an owner,
 * and an agent with a key.
 *
 * @module
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogLine, Store } from '@countersign/core'
import { issueKey, register } from '@countersign/identity'
import { byOperator, byPerson, type LinkedAccount, type Obligation, type Person, Registry } from '@countersign/schema'
import { asRead, loadKeys, openInstance, parseConfig, prepare, sections } from '@countersign/server'
import { createMemoryStore } from '@countersign/stores'
import { createManualClock } from '@countersign/stores/conformance'
import { onTestFinished } from 'vitest'
import { personOf } from './cast.ts'
import { createChat, createHook, provider, signatureOf, type Told, type Wanted } from './doubles.ts'

/** Shell commands ask in chat; files are written after a signature at the console; reading is free; a mask is asked for by none. */
const policies = `
@id("work") @owner("security") @doc("Agents may work.")
permit (principal, action in [Action::"shell.exec", Action::"file.write", Action::"file.read"], resource);

@id("masked") @owner("security") @doc("What leaves is masked.") @mask("customers.email")
permit (principal, action == Action::"data.read", resource);

@id("commands") @owner("security") @doc("Commands ask.") @approve("1 of controllers") @assurance("chat")
forbid (principal, action == Action::"shell.exec", resource);

@id("files") @owner("security") @doc("Files ask at the console.") @approve("1 of controllers") @assurance("session")
forbid (principal, action == Action::"file.write", resource);
`

/** How a press is sent, where not as the provider does. */
export interface Pressing {
  readonly signature?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface SystemOptions {
  readonly chat?: ReturnType<typeof createChat>
  readonly enforces?: (obligation: Obligation) => boolean
}

export type StandingSystem = Awaited<ReturnType<typeof standingSystem>>

/** Closed when the test is over. */
export async function standingSystem({ chat = createChat(), enforces = () => false }: SystemOptions = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'cs-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'all.cedar'), policies)
  const clock = createManualClock()
  const store = createMemoryStore({ clock, origin: 'test.example/default' })
  onTestFinished(() => store.close())
  const registry = Registry.parse({ groups: ['controllers', 'finance-team'] })
  const config = parseConfig('listen: { port: 0 }', { env: {}, readFile: () => '' }, sections)
  const { prepared } = await prepare(asRead({ ...config, policies: folder, registry }), folder)
  if (!prepared) throw new Error('the configuration has problems')

  const { key, secret } = issueKey(clock, { expiresInMs: 7 * 24 * 3_600_000 })
  const others = issueKey(clock, { expiresInMs: 7 * 24 * 3_600_000 })
  const agentOf = (id: string, held: typeof key) =>
    register(
      { id, name: id, owner: 'per_ana', team: 'finance-team', groups: [], environment: 'dev', key: held },
      'per_reg',
    )
  const people = ['per_ben', 'per_cleo', 'per_ana', 'per_reg'].map((id) => personOf(id, clock.now()))
  const dan = { ...personOf('per_dan', clock.now()), groups: [] }
  await store.commit({
    facts: [
      ...[...people, dan].map(
        (person) => ({ kind: 'person.changed', change: 'signed-in', by: byPerson(person.id), person }) as const,
      ),
      ...[agentOf('finance-bot', key), agentOf('other-bot', others.key)].map(
        (agent) => ({ kind: 'agent.changed', change: 'registered', by: byPerson('per_reg'), agent }) as const,
      ),
    ],
  })

  const lines: LogLine[] = []
  const instance = await openInstance({
    prepared: {
      ...prepared,
      gateways: new Map([['hook', createHook(enforces).prepare({})]]),
      channels: [{ name: 'chat', part: chat.part, section: {} }],
    },
    store,
    keys: await loadKeys(join(folder, 'keys')),
    consoleDir: folder,
    version: 'test',
    demo: false,
    log: (line) => void lines.push(line),
  })
  onTestFinished(() => instance.close())

  /** As the agent's hook. */
  async function hook<Answer = Told>(path: string, body: object, as = secret): Promise<Answer & { code?: string }> {
    const headers = { authorization: `Bearer ${as}`, 'content-type': 'application/json' }
    const response = await fetch(`${instance.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    return (await response.json()) as Answer & { code?: string }
  }
  let ids = 0
  const ask = (what: Partial<Wanted> = {}) =>
    hook('/hook', { id: `call ${++ids}`, verb: 'shell.exec', command: 'make deploy', ...what })

  /** Asks, and resolves to the notice of it that `#approvals` was shown. */
  async function question(what: Partial<Wanted> = {}) {
    const told = await ask(what)
    const approval = 'refused' in told && told.refused.kind === 'waiting' ? told.refused.approval : undefined
    if (approval === undefined) throw new Error(`it does not wait: ${JSON.stringify(told)}`)
    return noticed(approval)
  }
  async function noticed(approval: string) {
    for (;;) {
      const found = chat.shown.find(({ notice }) => notice.approval === approval)?.notice
      if (found) return found
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  /** As the provider, when somebody presses a button. */
  async function press(pressed: object, { signature, ...how }: Pressing = {}) {
    const body = JSON.stringify({ team: 'T1', user: 'U_BEN', verdict: 'approve', ...pressed })
    const headers = { 'x-chat-signature': signature ?? signatureOf(body), ...how.headers }
    const response = await fetch(`${instance.url}/channels/chat`, { method: 'POST', body, ...how, headers })
    const text = await response.text()
    const answer = text.startsWith('{') ? (JSON.parse(text) as { code?: string; detail?: string; title?: string }) : {}
    return { status: response.status, ...answer }
  }

  /** Linked, and confirmed by the person. */
  async function link(id: string, user: string, by: Partial<LinkedAccount> = {}) {
    await said(id, user, { confirmedAt: clock.now(), ...by })
  }

  /** Linked, as far as somebody else says. */
  async function said(id: string, user: string, by: Partial<LinkedAccount> = {}) {
    await changed(id, 'linked', ({ accounts = [] }) => ({
      accounts: [...accounts, { provider, id: user, linkedBy: 'operator', linkedAt: clock.now(), ...by }],
    }))
  }

  async function changed(id: string, change: 'linked' | 'unlinked', how: (person: Person) => Partial<Person>) {
    const person = await store.people.get(id)
    if (!person) throw new Error(`no person ${id}`)
    const next = { ...person, ...how(person), version: person.version + 1 }
    await store.commit({ facts: [{ kind: 'person.changed', change, by: byOperator, person: next }] })
  }

  return {
    instance,
    store: store as Store,
    clock,
    chat,
    lines,
    others: others.secret,
    ask,
    hook,
    question,
    press,
    link,
    said,
    confirm: (id: string, user: string) => instance.keeping.confirm(id, { provider, id: user }),
    unlink: (id: string) => changed(id, 'unlinked', () => ({ accounts: [] })),
    stateOf: async (approval: string) => (await store.approvals.get(approval))?.state,
  }
}
