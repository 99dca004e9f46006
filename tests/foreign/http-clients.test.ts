import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestInstance, type TestInstance } from '../instance.ts'
import { answered, client } from './clients.ts'
import { newerNode } from './needs.ts'
import { echoSockets } from './services/sockets.ts'
import { json, type Served, serve } from './services/served.ts'
import { serveState, type StateStore } from './services/state.ts'

let instance: TestInstance
let orders: Served
let state: StateStore
let folder: string
let key: string

const resources = [{ kind: 'route', name: 'service' }]
const reading = { verb: 'file.read', effect: 'read', resources, reads: [], writes: [] }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-clients-'))
  orders = await serve(({ method, url, headers }, response, body) =>
    json(response, 200, { method, url, body: body.toString(), authorization: headers.authorization ?? null }),
  )
  echoSockets(orders.server)
  state = await serveState()
  const upstream = { private: true, environment: 'prod' }
  instance = await openTestInstance({
    http: {
      upstreams: {
        orders: {
          ...upstream,
          origin: orders.origin,
          routes: {
            'GET /{path*}': reading,
            'GET /live/{name}': { verb: 'shell.exec', effect: 'write', resources, websocket: true },
          },
        },
        state: {
          ...upstream,
          origin: state.origin,
          methods: ['GET', 'POST', 'LOCK', 'UNLOCK'],
          routes: { 'GET /{path*}': reading, 'LOCK /app': reading, 'UNLOCK /{path*}': reading },
        },
      },
    },
  })
  key = instance.demo.keys['ops-bot']
})
afterAll(async () => {
  await instance.close()
  await Promise.all([orders.close(), state.close()])
  await rm(folder, { recursive: true, force: true })
})

const run = (program: string, ...words: string[]) => client(program, words, { cwd: folder })
const at = (path: string) => `${instance.demo.gatewayUrl}${path}`

describe('F1: curl through the gateway', () => {
  const post = (body: string, ...more: string[]) =>
    run('curl', '-sS', '-u', `agent:${key}`, '--data-raw', body, ...more, at('/orders/refunds'))

  it('a held call looks slow, and gets the upstream’s answer once a person has approved it', async () => {
    const called = post('one', '-f')
    await answered(instance, 'approve')
    const { code, said } = await called
    expect([code, JSON.parse(said)]).toEqual([0, { method: 'POST', url: '/refunds', body: 'one', authorization: null }])
  })

  it('C7: with -f it fails where a person rejected it, and where nobody answered; without, it says why', async () => {
    const called = post('two', '-f')
    await answered(instance, 'reject', 'Twice is enough.')
    expect(await called).toEqual({ code: 22, said: expect.stringMatching(/error: 403/) })
    const told = await post('two')
    expect(told).toEqual({
      code: 0,
      said: 'A person rejected this. Nothing was run. Do not send it again unchanged.\nTwice is enough.\n',
    })
    expect(await post('three', '-f', '-H', 'prefer: wait=0')).toEqual({
      code: 22,
      said: expect.stringMatching(/error: 428/),
    })
    await answered(instance, 'reject')
  })

  it('asks for HTTP/2, and is served in HTTP/1.1', async () => {
    const { code, said } = await run(
      'curl',
      '-sS',
      '-f',
      '--http2',
      '-u',
      `agent:${key}`,
      '-w',
      '%{http_version}',
      at('/orders/a'),
    )
    expect([code, said.endsWith('1.1')]).toEqual([0, true])
  })

  it('sends a large body only once it may', async () => {
    await writeFile(join(folder, 'large.bin'), Buffer.alloc(2_000_000))
    const { said } = await run(
      'curl',
      '-sS',
      '-v',
      '-u',
      `agent:${key}`,
      '-H',
      'expect: 100-continue',
      '-T',
      'large.bin',
      at('/orders/a'),
    )
    expect(said).toContain('413')
    expect(said).toContain('A body may have 1,048,576 bytes at most here.')
    expect(said).not.toContain('100 Continue')
  })
})

describe('F2: languages’ own clients through the gateway', () => {
  it('Python: urllib shows its password when it is asked for it, and an error where nothing ran', async () => {
    const program = `
import sys, urllib.request, urllib.error
url, key = sys.argv[1:]
passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
passwords.add_password(None, url, 'agent', key)
opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(passwords))
print(opener.open(url + '/a').status)
try:
    print(opener.open(urllib.request.Request(url + '/a', b'x', {'prefer': 'wait=0'})).status)
except urllib.error.HTTPError as error:
    print(error.code, error.reason)
`
    const { said } = await python('-c', program, at('/orders'), key)
    expect(said).toBe('200\n428 Waiting For People\n')
    await answered(instance, 'reject')
  })

  it('Java: HttpClient wishes for h2c, and waits for people', async () => {
    await writeFile(join(folder, 'Call.java'), java)
    const called = run('java', join(folder, 'Call.java'), at('/orders/jobs'), key)
    await answered(instance, 'approve')
    const { code, said } = await called
    expect([code, said]).toEqual([0, expect.stringMatching(/^HTTP_1_1 200 .*"body":"from Java"/)])
  })
})

/** Its start may need to know where its versions lie. */
const python = (...words: string[]) => client('python3', words, { cwd: folder, env: pyenv() })
const pyenv = (): Record<string, string> => ({
  PYENV_ROOT: process.env['PYENV_ROOT'] ?? join(process.env['HOME'] ?? '/', '.pyenv'),
})

const java = `
import java.net.*;
import java.net.http.*;

public class Call {
  public static void main(String[] words) throws Exception {
    var client = HttpClient.newBuilder().authenticator(new Authenticator() {
      @Override protected PasswordAuthentication getPasswordAuthentication() {
        return new PasswordAuthentication("agent", words[1].toCharArray());
      }
    }).build();
    var request = HttpRequest.newBuilder(URI.create(words[0])).POST(HttpRequest.BodyPublishers.ofString("from Java")).build();
    var answer = client.send(request, HttpResponse.BodyHandlers.ofString());
    System.out.println(answer.version() + " " + answer.statusCode() + " " + answer.body());
  }
}
`

describe('F11: Terraform’s http backend through the gateway', () => {
  const terraform = (name: string, ...words: string[]) => {
    const address = at(`/state/${name}`)
    const env = {
      TF_HTTP_ADDRESS: address,
      TF_HTTP_LOCK_ADDRESS: address,
      TF_HTTP_UNLOCK_ADDRESS: address,
      TF_HTTP_USERNAME: 'agent',
      TF_HTTP_PASSWORD: key,
      CHECKPOINT_DISABLE: '1',
      TF_IN_AUTOMATION: '1',
    }
    return client('terraform', [...words, '-no-color'], { cwd: join(folder, name), env })
  }
  const written = async (name: string) => {
    await mkdir(join(folder, name))
    await writeFile(
      join(folder, name, 'main.tf'),
      'terraform {\n  backend "http" {}\n}\nresource "terraform_data" "one" {\n  input = "1"\n}\n',
    )
  }

  it('its state is stored once a person has approved it', async () => {
    await written('app')
    expect((await terraform('app', 'init')).code).toBe(0)
    const applied = terraform('app', 'apply', '-auto-approve')
    await answered(instance, 'approve')
    const { code, said } = await applied
    expect([code, said]).toEqual([0, expect.stringContaining('Apply complete! Resources: 1 added')])
    expect(JSON.parse(String(state.state))).toMatchObject({ resources: [{ type: 'terraform_data' }] })
    expect(state.log.map((line) => line.split(' ')[0])).toEqual(expect.arrayContaining(['LOCK', 'POST', 'UNLOCK']))
    expect((await terraform('app', 'plan', '-detailed-exitcode')).code).toBe(0)
  })

  it('a lock that a person rejects is one it does not get, and it says why', async () => {
    await written('guarded')
    expect((await terraform('guarded', 'init')).code).toBe(0)
    const applied = terraform('guarded', 'apply', '-auto-approve')
    await answered(instance, 'reject', 'The freeze lasts until Monday.')
    const { code, said } = await applied
    expect(code).toBe(1)
    expect(said.replaceAll(/[│\s]+/g, ' ')).toContain(
      'already locked: ID=A person rejected this. Nothing was run. Do not send it again unchanged. The freeze lasts until Monday.',
    )
  })
})

it('F2: a WebSocket client through a route that allows it, once a person has approved it', async () => {
  const program = `
const [url, key] = process.argv.slice(1)
const socket = new WebSocket(url, { headers: { authorization: 'Bearer ' + key } })
socket.onopen = () => socket.send('how is it?')
socket.onmessage = ({ data }) => { console.log('heard', data); socket.close(1000) }
socket.onclose = ({ code }) => console.log('closed', code)
socket.onerror = ({ message }) => console.log('failed', message)
`
  const called = run(newerNode(), '-e', program, at('/orders/live/web-1').replace('http', 'ws'), key)
  await answered(instance, 'approve')
  expect(await called).toEqual({ code: 0, said: 'heard how is it?\nclosed 1000\n' })
  const refused = run(newerNode(), '-e', program, at('/orders/live/web-1').replace('http', 'ws'), key)
  await answered(instance, 'reject')
  expect((await refused).said).toMatch(/^failed .*\nclosed 1006\n$/s)
})
