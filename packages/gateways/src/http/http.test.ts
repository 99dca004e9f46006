import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Instance, type Init, upstreamCredential, key, openInstance } from './fixture.ts'

let instance: Instance
beforeEach(async () => {
  instance = await openInstance({
    upstream: { headers: ['accept', 'content-type', 'x-tenant'], secrets: ['x-vault-token', '/password'] },
  })
})
afterEach(() => instance.close())

const json = (body: unknown, headers: Record<string, string> = {}): Init => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json', ...headers },
})

describe('what is sent', () => {
  it('is what was sealed, and nothing else (P1)', async () => {
    instance.upstream.answer = (_, response) =>
      response.writeHead(201, { 'content-type': 'text/plain', 'x-own': 'yes' }).end('made')
    const answer = await instance.ask('/crm/%6frders?b=2&a=1', {
      method: 'POST',
      body: '{ "n": 1.0 }',
      headers: {
        'content-type': 'application/json',
        'x-tenant': 'a',
        'x-http-method-override': 'DELETE',
        cookie: 'a=b',
      },
    })

    expect([answer.status, answer.headers.get('x-own'), await answer.text()]).toEqual([201, 'yes', 'made'])
    expect(instance.attempts[0]?.action).toEqual({
      gateway: 'http',
      mode: 'enforcing',
      verb: 'http.call',
      operation: 'POST crm',
      resources: [{ kind: 'unknown', name: 'POST crm/orders' }],
      environment: 'prod',
      parameters: {
        upstream: 'crm',
        origin: instance.upstream.origin,
        method: 'POST',
        target: '/orders?b=2&a=1',
        headers: { accept: '*/*', 'content-type': 'application/json', 'x-tenant': 'a' },
        body: {
          text: '{ "n": 1.0 }',
          bytes: 12,
          sha256: '6e98c505d08282974954058ce755eae0969b57df0254099bd1870d41dbc4707f',
        },
      },
    })
    const [{ rawHeaders, ...received }] = instance.upstream.received as [Instance['upstream']['received'][number]]
    expect(received).toMatchObject({ method: 'POST', url: '/orders?b=2&a=1', body: '{ "n": 1.0 }' })
    expect(
      rawHeaders
        .map((text, index) => (index % 2 === 0 ? text.toLowerCase() : text))
        .filter((_, index) => index % 2 === 0),
    ).toEqual(
      'host user-agent accept-encoding accept content-type x-tenant authorization content-length connection'.split(' '),
    )
  })

  it('stays the same when the described action is edited after it was judged (P1)', async () => {
    instance.say = async (attempt) => {
      setImmediate(() => Object.assign(attempt.action.parameters, { target: '/evil', method: 'DELETE' }))
      await new Promise(setImmediate)
      return 'run' as const
    }
    await instance.ask('/crm/good')
    expect(instance.upstream.received).toMatchObject([{ method: 'GET', url: '/good' }])
  })

  it('are bytes exactly, also where they are no text', async () => {
    const body = Buffer.from([0, 255, 254, 128, 13, 10])
    await instance
      .ask('/crm/blob', { method: 'PUT', body, headers: { 'x-vault-token': 't' } })
      .then((answer) => answer.text())
    expect(instance.upstream.received).toEqual([])

    const plain = await openInstance()
    await plain.ask('/crm/blob', { method: 'PUT', body })
    expect(Buffer.from(plain.upstream.received[0]?.body ?? '', 'latin1')).toEqual(body)
    expect(plain.attempts[0]?.action.parameters['body']).toMatchObject({ base64: body.toString('base64') })
    await plain.close()
  })

  it('goes nowhere else: a redirect is an answer', async () => {
    instance.upstream.answer = (_, response) =>
      response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end()
    const answer = await instance.ask('/crm/a')
    expect([answer.status, answer.headers.get('location')]).toEqual([302, 'http://169.254.169.254/latest'])
    expect(instance.upstream.received).toHaveLength(1)
  })

  it('a redirect within the upstream leads back through the gateway', async () => {
    instance.upstream.answer = (_, response) =>
      response.writeHead(302, { location: `${instance.upstream.origin}/b?c` }).end()
    expect((await instance.ask('/crm/a')).headers.get('location')).toBe('/crm/b?c')
  })

  it('does not go to a private address that is not named', async () => {
    const other = await openInstance({ upstream: { private: false } })
    const answer = await other.ask('/crm/a')
    expect([answer.status, await answer.json()]).toMatchObject([
      502,
      { type: 'urn:countersign:error:ERR_EGRESS_REFUSED' },
    ])
    expect(other.ran).toMatchObject([{ outcome: { kind: 'failed' }, delivered: true }])
    expect(other.upstream.received).toEqual([])
    await other.close()
  })
})

describe('secrets', () => {
  it('are references in what is sealed, and themselves in what is sent (P12)', async () => {
    await instance.ask('/crm/users', json({ name: 'a', password: 'hunter2' }, { 'x-vault-token': 's.token' }))
    expect(JSON.stringify(instance.attempts[0]?.action)).not.toMatch(/hunter2|s\.token/)
    expect(instance.attempts[0]?.action.parameters).toMatchObject({
      headers: { 'x-vault-token': 'secret:1' },
      body: { json: { name: 'a', password: 'secret:2' } },
      secrets: ['x-vault-token', '/password'],
    })
    expect(instance.upstream.received[0]).toMatchObject({
      headers: { 'x-vault-token': 's.token' },
      body: '{"name":"a","password":"hunter2"}',
    })
  })

  it('of others cannot be had by writing their references', async () => {
    instance.kept.set('secret:0', 'someone else’s')
    await instance.ask('/crm/users', json({ name: 'secret:0', password: 'secret:0' }, { 'x-tenant': 'secret:0' }))
    expect(instance.upstream.received[0]).toMatchObject({
      headers: { 'x-tenant': 'secret:0' },
      body: '{"name":"secret:0","password":"secret:0"}',
    })
  })

  it('are resolved after the permit began, and not at all if it came too late', async () => {
    instance.beforeBegin = () => {
      throw new Error('late')
    }
    instance.kept.clear()
    const answer = await instance.ask('/crm/users', json({ password: 'x' }))
    expect([answer.status, instance.upstream.received]).toEqual([500, []])
  })

  it('the agent’s key stays in the instance, and the instance’s credential too', async () => {
    instance.upstream.answer = ({ headers }, response) => {
      response
        .writeHead(200, {
          'x-echo': String(headers.authorization),
          'x-token': upstreamCredential,
          'set-cookie': 'countersign=1',
          'proxy-authenticate': 'x',
        })
        .end('ok')
    }
    const answer = await instance.ask('/crm/a', { headers: { 'x-tenant': 'a' } })
    expect(JSON.stringify(instance.upstream.received)).not.toContain(key)
    expect(instance.upstream.received[0]?.headers.authorization).toBe(`Bearer ${upstreamCredential}`)
    expect(JSON.stringify([...answer.headers])).not.toMatch(/credential-for|set-cookie|proxy-auth/)
    expect(JSON.stringify([instance.attempts[0]?.action, instance.attempts[0]?.context, instance.logs])).not.toMatch(
      /credential-for|csk_/,
    )
  })
})

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

describe('who asks', () => {
  it.each<[string, Record<string, string>, number]>([
    ['no credential', { authorization: '' }, 401],
    ['an unknown key', { authorization: 'Bearer csk_other' }, 401],
    ['another scheme', { authorization: `Digest ${key}` }, 401],
    ['F1: Authorization: Basic x:KEY, the key as the password', { authorization: basic(`x:${key}`) }, 200],
    ['F1: a small basic, and no user', { authorization: basic(`:${key}`).replace('Basic', 'basic') }, 200],
    ['F1: the key as the user, and no password', { authorization: basic(`${key}:`) }, 200],
    ['F1: another password', { authorization: basic(`${key}:other`) }, 401],
    ['F1: no colon', { authorization: basic(key) }, 401],
    ['F1: nothing in it', { authorization: basic(':') }, 401],
    ['F1: no base64', { authorization: `Basic x:${key}` }, 401],
    [
      'F1: Basic from a page of another site',
      { authorization: basic(`x:${key}`), origin: 'https://evil.example' },
      401,
    ],
    ['F1: Basic that a browser kept', { authorization: basic(`x:${key}`), 'sec-fetch-site': 'cross-site' }, 401],
    ['F1: Basic and a key', { authorization: basic(`x:${key}`), 'x-countersign-key': key }, 400],
    ['the key in a header of its own', { authorization: '', 'x-countersign-key': key }, 200],
    ['a small bearer', { authorization: `bearer ${key}` }, 200],
    ['two credentials', { authorization: `Bearer ${key}`, 'x-countersign-key': key }, 400],
  ])('%s', async (_, { authorization, ...headers }, status) => {
    const answer = await fetch(`${instance.url}/crm/a`, {
      headers: { ...headers, ...(authorization && { authorization }) },
    })
    expect(answer.status).toBe(status)
    if (status === 401) {
      expect(answer.headers.get('www-authenticate')).toBe(
        'Bearer realm="countersign", Basic realm="countersign", charset="UTF-8"',
      )
      expect(answer.headers.get('content-type')).toBe('application/problem+json')
      expect(await answer.json()).toMatchObject({ type: 'urn:countersign:error:ERR_AGENT_UNKNOWN', status: 401 })
    }
    expect(instance.upstream.received).toHaveLength(status === 200 ? 1 : 0)
  })

  it('a token that is bound to a key is told that it proves nobody here', async () => {
    const answer = await fetch(`${instance.url}/crm/a`, { headers: { authorization: `DPoP ${key}`, dpop: 'proof' } })
    expect(answer.status).toBe(401)
    expect(await answer.json()).toMatchObject({ type: 'urn:countersign:error:ERR_CREDENTIAL_KIND' })
    expect(instance.upstream.received).toHaveLength(0)
  })

  it('an upstream nobody configured is not found', async () => {
    expect((await instance.ask('/other/a')).status).toBe(404)
  })
})

describe('the context of an attempt', () => {
  it('has purpose, attempt, trace, session and client', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    await instance.ask('/crm/a', {
      headers: {
        'countersign-purpose': 'Monatsabschluss f%C3%BCr M%C3%A4rz',
        'countersign-work-item': 'FIN-7',
        'idempotency-key': 'one',
        'user-agent': 'agent/1',
        traceparent,
      },
    })
    expect(instance.attempts[0]?.context).toMatchObject({
      purpose: { text: 'Monatsabschluss für März', workItem: 'FIN-7' },
      attemptId: 'one',
      trace: traceparent,
      session: 'key_1',
      client: 'agent/1',
      sentence: 'Send GET /a to crm',
      effect: 'read',
      lineage: {},
      measures: {},
    })
  })

  it.each<[string | undefined, number, string | null]>([
    [undefined, 240_000, null],
    ['wait=20', 20_000, 'wait=20'],
    ['wait=0', 0, 'wait=0'],
    ['respond-async', 0, null],
    ['respond-async, wait=5', 5_000, 'wait=5'],
    ['wait=99999', 300_000, 'wait=300'],
    ['wait=-1', 240_000, null],
    ['handling=lenient', 240_000, null],
    ['handling=lenient; wait=5', 240_000, null],
  ])('C7: Prefer %s waits %d ms', async (prefer, patienceMs, applied) => {
    const answer = await instance.ask('/crm/a', prefer === undefined ? {} : { headers: { prefer } })
    expect(instance.attempts[0]?.patienceMs).toBe(patienceMs)
    expect(answer.headers.get('preference-applied')).toBe(applied)
  })
})

it('C7: what an upstream says of waiting goes for clients that say nothing, and never beyond the longest wait', async () => {
  const other = await openInstance({ upstream: { waitSeconds: 0 } })
  await other.ask('/crm/a')
  await other.ask('/crm/a', { headers: { prefer: 'wait=7' } })
  const longest = await openInstance({ config: { maxWaitSeconds: 10 } })
  await longest.ask('/crm/a')
  expect([...other.attempts, ...longest.attempts].map(({ patienceMs }) => patienceMs)).toEqual([0, 7_000, 10_000])
  await Promise.all([other.close(), longest.close()])
})

describe('what goes back', () => {
  it.each([
    ['text/html; charset=utf-8', 'sandbox'],
    ['image/svg+xml', 'sandbox'],
    ['', 'sandbox'],
    ['application/json', null],
  ])('%j has the policy %s', async (type, policy) => {
    instance.upstream.answer = (_, response) =>
      response.writeHead(200, { ...(type && { 'content-type': type }), 'content-security-policy': 'x' }).end('x')
    const answer = await instance.ask('/crm/a')
    expect(answer.headers.get('content-security-policy')).toBe(policy ?? 'x')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  })

  it.each(['HEAD', 'DELETE', 'OPTIONS'])('%s works', async (method) => {
    instance.upstream.answer = (_, response) => response.writeHead(204).end()
    expect((await instance.ask('/crm/a', { method })).status).toBe(204)
  })
})
