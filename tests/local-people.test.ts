import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createAsk } from '@countersign/cli'
import { freePorts } from '@countersign/demo'
import { verifyIdTokenProof } from '@countersign/identity'
import { byOperator, byPerson, bySystem, localIssuer, type Me, type PersonList } from '@countersign/schema'
import { Config, type StartedInstance, startInstance } from '@countersign/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { questionFor, sampleSignOff } from '../packages/server/src/api/rig/approval.ts'

const policies = fileURLToPath(new URL('../policies', import.meta.url))
let dataDir: string
let port: number
let instance: StartedInstance
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'countersign-local-'))
  await chmod(dataDir, 0o711) // as root, PostgreSQL runs as someone else
  ;[port = 0] = await freePorts(1)
  instance = await start()
}, 60_000)
afterAll(async () => {
  await instance.close()
  await rm(dataDir, { recursive: true, force: true })
})

function start(): Promise<StartedInstance> {
  const agentGroups = ['ml-agents', 'finance-agents', 'platform-agents']
  const config = Config.parse({ listen: { port }, policies, registry: join(policies, 'registry.yaml'), agentGroups })
  return startInstance({
    config,
    dataDir,
    baseDir: dataDir,
    consoleDir: dataDir,
    version: 'test',
    log: () => undefined,
  })
}

/** A browser: cookies, redirects, forms. */
function openBrowser() {
  const cookies = new Map<string, string>()
  let browserBinding = ''
  let localKey = ''
  const cookie = () => [...cookies].map((pair) => pair.join('=')).join('; ')

  async function go(url: string, init: RequestInit = {}): Promise<Response & { at?: string }> {
    for (let at = new URL(url, instance.url).href, options = init, steps = 0; steps < 12; steps += 1) {
      const headers = { accept: 'text/html', cookie: cookie(), ...(options.headers as Record<string, string>) }
      const response = await fetch(at, { ...options, redirect: 'manual', headers })
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        if (value === '') cookies.delete(name)
        else cookies.set(name, value)
      }
      const location = response.headers.get('location')
      if (location === null) return response
      const next = new URL(location, at)
      browserBinding = /^#window=(.+)$/.exec(next.hash)?.[1] ?? browserBinding
      const seat = /^#local=(.+)$/.exec(next.hash)?.[1]
      if (seat !== undefined) {
        localKey = seat
        next.pathname = '/sign-in' // as the console does, once it has stored the key
      }
      next.hash = ''
      at = next.href
      options = {}
    }
    throw new Error('in circles')
  }

  return {
    go,
    /** As a thief of cookies is. */
    steal: (stolen: ReadonlyMap<string, string>) => stolen.forEach((value, name) => cookies.set(name, value)),
    send: (path: string, fields: Record<string, string> = {}, origin = instance.url) =>
      go(path, { method: 'POST', body: new URLSearchParams(fields), headers: { origin } }),
    async get<T>(path: string): Promise<T> {
      const response = await go(path)
      if (!response.ok) throw new Error(`${path}: ${response.status}`)
      return (await response.json()) as T
    },
    post: (path: string, body: object) =>
      go(path, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: {
          'content-type': 'application/json',
          origin: instance.url,
          'sec-fetch-site': 'same-origin',
          'countersign-browser': browserBinding,
          'countersign-local': localKey,
        },
      }),
    forgetSession: () => cookies.delete('countersign'),
    /** What a program at another port of this machine is handed, when it is visited. */
    cookies: () => new Map(cookies),
  }
}

const isPage = (response: Response) => response.headers.get('content-type')?.startsWith('text/html')
const ask = <T>(method: 'GET' | 'POST', path: string, body?: object) => createAsk(dataDir)<T>(method, path, body)
const add = (id: string, groups: readonly string[]) =>
  ask<{ link: string; person: { id: string } }>('POST', `/people/${encodeURIComponent(id)}`, {
    name: `Name of ${id}`,
    groups,
  })

const ana = openBrowser()
const ben = openBrowser()

describe('G1: local people, while no identity provider is connected', () => {
  it('begin with the welcome link: a page that asks the name, and signs the founder in as administrator', async () => {
    const link = instance.welcome ?? ''
    const page = await ana.go(link)
    expect([page.status, isPage(page)]).toEqual([200, true])
    const text = await page.text()
    expect(text).toContain('Your name')
    expect(text).toContain('No identity provider is connected')
    const path = new URL(link).pathname
    expect(await (await ana.send(path, { name: ' ' })).text()).toContain('A person needs a name.')
    expect((await ana.send(path, { name: 'Eve' }, 'http://evil.example')).status).toBe(403)
    expect((await ana.send(path, { name: 'Ana Alves' })).status).toBeLessThan(600)
    const me = await ana.get<Me>('/api/me')
    expect(me).toMatchObject({
      person: { name: 'Ana Alves', subject: 'ana-alves', issuer: localIssuer },
      roles: ['auditor', 'identity', 'operations', 'policy', 'privacy'],
      session: { assurance: 'session' },
      local: true,
    })
    const facts = (await instance.store.journal.read(0, 100)).map(({ fact }) => fact)
    expect(facts).toContainEqual({ kind: 'deployment.founded', by: byPerson(me.person.id), demo: false, local: true })
    const again = await openBrowser().go(link)
    expect([again.status, await again.text()]).toEqual([404, expect.stringMatching(/opens nothing/)])
  })

  it('are added by the command line, and come in by a link that works once, on this machine, in time', async () => {
    await expect(add('ben', ['no-such-group'])).rejects.toThrow(/no group no-such-group.*There are: /)
    await expect(add('Ben Okafor', [])).rejects.toThrow(/An id is/)
    const { link } = await add('ben', ['finance-controllers'])
    const { pathname } = new URL(link)
    for (const looked of [1, 2])
      expect(await (await ben.go(link)).text(), `${looked}`).toContain('Sign in as Name of ben')
    expect((await ben.send(pathname, {}, 'http://evil.example')).status).toBe(403)
    await ben.send(pathname)
    const me = await ben.get<Me>('/api/me')
    expect(me).toMatchObject({
      person: { name: 'Name of ben' },
      groups: ['finance-controllers'],
      roles: [],
      local: true,
    })
    expect(me.person.id).not.toBe((await ana.get<Me>('/api/me')).person.id)
    const used = await openBrowser().send(pathname)
    expect([used.status, isPage(used)]).toEqual([404, true])
    const facts = (await instance.store.journal.read(0, 200)).map(({ fact }) => fact)
    expect(facts).toContainEqual(expect.objectContaining({ kind: 'person.changed', change: 'added', by: byOperator }))
  })

  it('sign as another person than who asks, and the signature says that it is local, with a proof that verifies', async () => {
    const people = await ana.get<PersonList>('/api/people')
    const [owner, signer] = ['Ana Alves', 'Name of ben'].map((name) => people.items.find((each) => each.name === name))
    const { agent } = await ask<{ agent: { id: string } }>('POST', '/agents', {
      id: 'reporter',
      owner: 'ana-alves',
      team: 'finance-controllers',
    })
    const registered = await instance.store.agents.get(agent.id)
    if (!registered || !owner || !signer) throw new Error('not there')
    const { store } = instance
    const question = questionFor(registered, sampleSignOff, 'act_local', store.clock.now())
    await store.commit({
      facts: [
        { kind: 'action.decided', record: question.record },
        { kind: 'approval.changed', change: 'asked', by: bySystem, approval: question.approval },
      ],
    })
    const { id, shown } = question.approval
    const answer = { verdict: 'approve', reason: 'looked', shown }
    expect((await ana.post(`/api/approvals/${id}/signatures`, answer)).status).toBe(403)
    const signed = await ben.post(`/api/approvals/${id}/signatures`, answer)
    expect([signed.status, await signed.json()]).toMatchObject([200, { signatures: [{ local: true }] }])

    const signature = (await store.approvals.get(id))?.signatures[0]
    expect(signature).toMatchObject({ person: signer.id, assurance: 'session', local: true })
    const entry = (await store.journal.read(0, 500)).find(
      ({ fact }) => fact.kind === 'approval.changed' && fact.signature !== undefined,
    )
    const { fact } = entry ?? {}
    const proof = fact?.kind === 'approval.changed' ? fact.signature?.proof : undefined
    if (proof?.kind !== 'id-token') throw new Error('no proof')
    const expected = { issuer: localIssuer, clientId: 'countersign', subject: 'ben', at: signature?.at ?? 0 }
    expect(await verifyIdTokenProof(proof, expected)).toBe(true)
    expect(await verifyIdTokenProof(proof, { ...expected, acr: ['urn:countersign:local'] })).toBe(true)
  })

  it('P4: what holds all of a browser’s cookies signs in, and reads, and signs nothing', async () => {
    const thief = openBrowser()
    thief.steal(ben.cookies())
    thief.forgetSession()
    await thief.go('/sign-in')
    expect((await thief.get<Me>('/api/me')).person.subject).toBe('ben')
    const answer = await thief.post('/api/approvals/apr_1/signatures', { verdict: 'approve', shown: '0'.repeat(64) })
    expect([answer.status, await answer.json()]).toMatchObject([403, { code: 'ERR_WINDOW' }])
    expect(
      (await ben.post('/api/approvals/apr_1/signatures', { verdict: 'approve', shown: '0'.repeat(64) })).status,
    ).toBe(404)
  })

  it('cannot prove themselves anew, and are told so', async () => {
    const page = await ben.go('/sign-in?fresh=1&return=/approvals/apr_1')
    expect([page.status, await page.text()]).toEqual([403, expect.stringMatching(/cannot prove themselves anew/)])
  })

  it('stay signed in over a restart, are who they were, and the founding link is gone', async () => {
    const before = await ben.get<Me>('/api/me')
    await instance.close()
    instance = await start()
    expect(instance.welcome).toBeUndefined()
    ben.forgetSession()
    await ben.go('/sign-in')
    expect((await ben.get<Me>('/api/me')).person.id).toBe(before.person.id)
  }, 60_000)

  it('are nobody in a browser that opened no link', async () => {
    const page = await openBrowser().go('/sign-in')
    expect([page.status, isPage(page)]).toEqual([401, true])
    expect(await page.text()).toMatch(/You were not signed in/)
  })

  it('H9: are signed out by the command line, and come in again; once removed they do not', async () => {
    await ask('POST', '/people/ben/end-sessions', {})
    await expect(ben.get('/api/me')).rejects.toThrow(/401/)
    await ben.go('/sign-in')
    await ben.get('/api/me')
    await ask('POST', '/people/ben/remove', {})
    await expect(ben.get('/api/me')).rejects.toThrow(/401/)
    const left = await ben.go('/sign-in')
    expect([left.status, await left.text()]).toEqual([403, expect.stringMatching(/may not come in any more/)])
    await expect(ben.get('/api/me')).rejects.toThrow(/401/)
  })
})

it('G1: with an identity provider configured there are no local people, and an administrator has to come from there', async () => {
  const [other = 0] = await freePorts(1)
  await instance.close()
  const identity = { issuer: 'https://id.example', clientId: 'c' }
  const config = Config.parse({ listen: { port: other }, identity, policies, registry: {}, agentGroups: [] })
  const connected = await startInstance({
    config: {
      ...config,
      registry: join(policies, 'registry.yaml'),
      agentGroups: ['ml-agents', 'finance-agents', 'platform-agents'],
    },
    dataDir,
    baseDir: dataDir,
    consoleDir: dataDir,
    version: 'test',
    log: () => undefined,
  })
  try {
    expect(connected.localPeople).toBeUndefined()
    expect(connected.welcome).toMatch(/\/welcome\//)
    await expect(add('cleo', [])).rejects.toThrow(/People come from the identity provider/)
    const gone = await fetch(`${connected.url}/local-people/.well-known/openid-configuration`)
    expect(gone.headers.get('content-type')).not.toMatch(/json/)
  } finally {
    await connected.close()
  }
  instance = await start()
}, 60_000)
