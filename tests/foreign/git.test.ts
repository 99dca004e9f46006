import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestInstance, type TestInstance } from '../instance.ts'
import { answered, client } from './clients.ts'
import { serveGit } from './services/git.ts'
import type { Served } from './services/served.ts'

/** Against git's own server, `git http-backend`; the key is the password of a user, shown when it is asked for. */
describe('F3: git through the gateway', () => {
  let instance: TestInstance
  let server: Served
  let folder: string
  let url: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-git-'))
    await mkdir(join(folder, 'served'))
    server = await serveGit(join(folder, 'served'))
    const repository = [{ kind: 'route', name: 'git/app' }]
    const reading = { verb: 'file.read', effect: 'read', resources: repository, reads: [], writes: [] }
    instance = await openTestInstance({
      http: {
        upstreams: {
          git: {
            origin: server.origin,
            private: true,
            environment: 'prod',
            headers: ['accept', 'content-type', 'git-protocol'],
            maxBodyBytes: 33_554_432,
            routes: { 'GET /{path*}': reading, 'POST /{repository}/git-upload-pack': reading },
          },
        },
      },
    })
    url = `${instance.demo.gatewayUrl.replace('//', `//agent:${instance.demo.keys['ops-bot']}@`)}/git/app.git`
    await makeRepository()
  })
  afterAll(async () => {
    await instance.close()
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })

  const author = {
    GIT_AUTHOR_NAME: 'A',
    GIT_AUTHOR_EMAIL: 'a@acme.example',
    GIT_COMMITTER_NAME: 'A',
    GIT_COMMITTER_EMAIL: 'a@acme.example',
  }
  const git = (cwd: string, ...words: string[]) =>
    client('git', words, { cwd: join(folder, cwd), env: { ...author, GIT_TERMINAL_PROMPT: '0' } })

  /** 80 commits, and three megabytes that nothing makes smaller. */
  async function makeRepository(): Promise<void> {
    await mkdir(join(folder, 'first'))
    await git('first', 'init', '-q', '-b', 'main')
    await writeFile(join(folder, 'first', 'image.bin'), randomBytes(3_000_000))
    await git('first', 'add', '.')
    for (let count = 1; count <= 80; count++)
      await git('first', 'commit', '-q', '--allow-empty', '-m', `commit ${count}`)
    await git('.', 'clone', '-q', '--bare', 'first', 'served/app.git')
    await git('served/app.git', 'config', 'http.receivepack', 'true')
  }

  it('clones 80 commits and 3 MB', async () => {
    expect(await git('.', 'clone', '-q', url, 'clone')).toEqual({ code: 0, said: '' })
    expect((await git('clone', 'rev-list', '--count', 'HEAD')).said.trim()).toBe('80')
    expect((await git('clone', 'fsck', '--full')).code).toBe(0)
  })

  it('fetches what is new, with a compressed list of what it has', async () => {
    for (let count = 1; count <= 30; count++) await git('clone', 'commit', '-q', '--allow-empty', '-m', `own ${count}`)
    await git('first', 'commit', '-q', '--allow-empty', '-m', 'new')
    await git('first', 'push', '-q', '../served/app.git', 'main')
    const traced = await client('git', ['fetch', '-q'], {
      cwd: join(folder, 'clone'),
      env: { GIT_TERMINAL_PROMPT: '0', GIT_CURL_VERBOSE: '1' },
    })
    expect(traced.code).toBe(0)
    expect(traced.said.toLowerCase()).toContain('content-encoding: gzip')
    expect((await git('clone', 'log', '-1', '--format=%s', 'origin/main')).said.trim()).toBe('new')
  })

  it('a push of 3 MB is held, and is there once a person has approved it', async () => {
    await writeFile(join(folder, 'clone', 'other.bin'), randomBytes(3_000_000))
    await git('clone', 'add', '.')
    await git('clone', 'commit', '-q', '-m', 'a large one')
    const pushed = git('clone', '-c', 'http.postBuffer=33554432', 'push', '-q', 'origin', 'HEAD:large')
    const question = await answered(instance, 'approve')
    expect(JSON.stringify(question.card)).toContain('not shown: more than 1,048,576 bytes')
    expect(await pushed).toEqual({ code: 0, said: '' })
    const [here, there] = await Promise.all([
      git('clone', 'rev-parse', 'HEAD'),
      git('served/app.git', 'rev-parse', 'large'),
    ])
    expect(there.said).toBe(here.said)
  })

  it('a push that a person rejects fails in git’s own words, with the reason', async () => {
    const pushed = git('clone', '-c', 'http.postBuffer=33554432', 'push', 'origin', 'HEAD:rejected')
    await answered(instance, 'reject', 'Not into this repository.')
    const { code, said } = await pushed
    expect(code).not.toBe(0)
    expect(said).toContain(
      'A person rejected this. Nothing was run. Do not send it again unchanged. Not into this repository.',
    )
    expect((await git('served/app.git', 'branch', '--list', 'rejected')).said).toBe('')
  })

  it('a wrong key is asked for again, and told so', async () => {
    const { code, said } = await git('.', 'ls-remote', url.replace(/csk_.*@/, 'csk_wrong@'))
    expect([code, said]).toEqual([128, expect.stringContaining('Authentication failed')])
  })
})
