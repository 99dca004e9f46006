import type { Refusal } from '@countersign/schema'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Instance, key, openInstance, waiting } from './fixture.ts'

let instance: Instance
beforeAll(async () => {
  instance = await openInstance({ upstream: { methods: ['GET', 'POST', 'LOCK', 'DELETE'] } })
})
afterAll(() => instance.close())

const rejected: Refusal = {
  kind: 'rejected',
  approval: 'apr_1',
  by: 'Ben',
  reason: 'Not now: <b>\u001B[31m & "so"\u202E',
}

async function refused(refusal: Refusal, path: string, headers: Record<string, string>, method = 'GET') {
  instance.say = () => refusal
  const answer = await instance.ask(path, { method, headers, ...(method === 'POST' && { body: '0000' }) })
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text(), answer }
}

const says = 'A person rejected this. Nothing was run. Do not send it again unchanged. Not now: <b> [31m & "so" '

describe('F11: a refusal comes in the client’s own form', () => {
  it.each<[string, Record<string, string>]>([
    ['kubectl', { 'user-agent': 'kubectl/v1.32.4 (linux/amd64) kubernetes/59526cd' }],
    ['another client of Kubernetes', { 'user-agent': 'manager/v0.0.0 (linux/amd64) kubernetes/$Format' }],
    ['whoever asks for its tables', { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' }],
  ])('a Status for %s', async (_, headers) => {
    const { status, type, text } = await refused(rejected, '/crm/api/v1/pods/a', headers, 'DELETE')
    expect([status, type, JSON.parse(text)]).toEqual([
      403,
      'application/json',
      {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: says,
        reason: 'Forbidden',
        code: 403,
      },
    ])
  })

  it('text for git while it looks for refs, with the status that it has', async () => {
    const path = '/crm/team/app.git/info/refs?service=git-upload-pack'
    const { status, type, text } = await refused(waiting, path, { 'user-agent': 'git/2.39.5', prefer: 'wait=0' })
    expect([status, type]).toEqual([428, 'text/plain; charset=utf-8'])
    expect(text.split('\n')).toEqual([
      'Not run yet: people are being asked. Send the same request again to collect the answer.',
      'Waiting for finance-controllers.',
      'http://countersign.test/approvals/apr_1',
      '',
    ])
  })

  it.each([
    ['upload', `ERR ${says}`],
    ['receive', `\u0003${says}`],
  ])('a pkt-line for git-%s-pack', async (service, line) => {
    const headers = { 'user-agent': 'git/2.39.5', 'content-type': `application/x-git-${service}-pack-request` }
    const { status, type, text } = await refused(rejected, `/crm/app.git/git-${service}-pack`, headers, 'POST')
    expect([status, type]).toEqual([200, `application/x-git-${service}-pack-result`])
    expect(text).toBe((line.length + 4).toString(16).padStart(4, '0') + line)
  })

  it('a lock that is held for Terraform, whose id says why', async () => {
    const headers = { 'content-type': 'application/json', 'user-agent': 'Go-http-client/1.1' }
    const { status, text } = await refused(rejected, '/crm/state', headers, 'LOCK')
    expect([status, JSON.parse(text)]).toMatchObject([423, { ID: says, Who: 'countersign', Operation: 'apr_1' }])
  })

  it.each(['git', 'lock'])('who shows no key is asked for one, whatever it speaks: %s', async (what) => {
    const type = what === 'git' ? 'application/x-git-upload-pack-request' : 'application/json'
    const answer = await fetch(`${instance.url}/crm/a`, {
      method: what === 'git' ? 'POST' : 'LOCK',
      headers: { 'content-type': type },
    })
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining('Basic realm='),
    ])
  })

  it('a member `error` for npm', async () => {
    const { status, text } = await refused(rejected, '/crm/a', { 'user-agent': 'npm/11.19.1 node/v20' })
    expect([status, JSON.parse(text)]).toMatchObject([403, { error: says, type: 'urn:countersign:refusal:rejected' }])
  })

  it('text for curl, unless it asks for JSON', async () => {
    const plain = await refused(rejected, '/crm/a', { 'user-agent': 'curl/7.88.1' })
    expect([plain.status, plain.type, plain.text]).toEqual([
      403,
      'text/plain; charset=utf-8',
      'A person rejected this. Nothing was run. Do not send it again unchanged.\nNot now: <b> [31m & "so" \n',
    ])
    expect(plain.answer.statusText).toBe('Rejected By A Person')
    const json = await refused(rejected, '/crm/a', { 'user-agent': 'curl/7.88.1', accept: 'application/json' })
    expect(json.type).toBe('application/problem+json')
  })

  it('a page for a browser, in which nothing runs and nothing is anything but text', async () => {
    const { status, type, text, answer } = await refused(rejected, '/crm/a', {
      accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
    })
    expect([status, type]).toEqual([403, 'text/html; charset=utf-8'])
    expect(text).toContain('<p>Not now: &#60;b&#62; [31m &#38; &#34;so&#34; </p>')
    for (const none of ['<b>', '\u001B', '\u202E']) expect(text).not.toContain(none)
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect((await refused(waiting, '/crm/a', { accept: 'text/html' })).text).toContain(
      '<a href="http://countersign.test/approvals/apr_1">',
    )
  })

  it('a problem for everyone else', async () => {
    const { status, type, text } = await refused(rejected, '/crm/a', { 'user-agent': 'python-requests/2.32' })
    expect([status, type, JSON.parse(text)]).toMatchObject([
      403,
      'application/problem+json',
      { type: 'urn:countersign:refusal:rejected', status: 403, approval: 'apr_1' },
    ])
  })

  it('of errors too', async () => {
    const answer = await fetch(`${instance.url}/crm/a`, {
      headers: { authorization: `Bearer ${key}x`, 'user-agent': 'curl/8' },
    })
    expect([answer.status, await answer.text()]).toEqual([401, 'No agent is known by this credential.\n'])
  })
})
