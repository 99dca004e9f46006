import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Embedded, type EmbeddedOptions, startEmbedded } from './supervisor.ts'
import { templateDir } from './testing.ts'

describe('the embedded PostgreSQL', { timeout: 60_000 }, () => {
  let dataDir: string
  const open: { close(): Promise<unknown> }[] = []

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'countersign-test-'))
  })
  afterEach(async () => {
    for (const one of open.splice(0).toReversed()) await one.close()
    await rm(dataDir, { recursive: true, force: true })
  })

  async function start(folder = dataDir, more: Partial<EmbeddedOptions> = {}): Promise<Embedded> {
    const server = await startEmbedded({ dataDir: folder, templateDir, ...more })
    open.push(server)
    return server
  }

  async function ask(server: Embedded, text: string): Promise<unknown[]> {
    const client = new pg.Client({ ...server.connection })
    await client.connect()
    try {
      return (await client.query({ text, rowMode: 'array' })).rows.flat()
    } finally {
      await client.end()
    }
  }

  it('starts on an empty folder, and again with what was in it', async () => {
    const first = await start()
    await ask(first, 'create table kept as select 7 as number')
    await first.close()
    expect(isAlive(first.pid)).toBe(false)
    expect(await ask(await start(), 'select number from kept')).toEqual([7])
  })

  it('is durable and private: no port, nobody else in its folders, never root', async () => {
    const server = await start()
    expect(await ask(server, 'show listen_addresses')).toEqual([''])
    for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes']) {
      expect(await ask(server, `show ${setting}`)).toEqual(['on'])
    }
    for (const folder of [dataDir, join(dataDir, 'cluster'), server.connection.host]) {
      expect((await stat(folder)).mode & 0o077).toBe(0)
    }
    expect((await stat(join(dataDir, 'cluster'))).uid).not.toBe(0)
    expect((await stat(join(dataDir, 'cluster'))).uid === userInfo().uid).toBe(userInfo().uid !== 0)
  })

  it('has its socket elsewhere when the folder lies too deep for one', async () => {
    const deep = join(dataDir, 'a-folder-with-a-long-name'.repeat(5))
    await mkdir(deep)
    await chmod(dataDir, 0o755)
    const server = await start(deep)
    expect(Buffer.byteLength(server.connection.host)).toBeLessThan(90)
    expect(await ask(server, 'select 1')).toEqual([1])
    await server.close()
    await expect(stat(server.connection.host)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('belongs to one instance at a time', async () => {
    const server = await start()
    await expect(start()).rejects.toMatchObject({ code: 'ERR_CONFIG_INVALID' })
    expect(await ask(server, 'select 1')).toEqual([1])
  })

  it('is gone when its instance is killed, and starts again with every acknowledged commit (P14)', async () => {
    const options = ['--conditions=countersign-source', '--import', 'tsx', '--input-type=module', '-e', instanceText()]
    const instance = spawn(process.execPath, options, {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    open.push({ close: async () => instance.kill('SIGKILL') })
    const [line] = (await once(instance.stdout, 'data')) as [Buffer]
    const pid = Number(line.toString())
    expect(isAlive(pid)).toBe(true)

    instance.kill('SIGKILL')
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 10_000)
    expect(await ask(await start(), 'select number from kept')).toEqual([7])
  })

  it('is started again when it is killed itself', async () => {
    const server = await start()
    const { pid } = server
    await ask(server, 'create table kept as select 7 as number')
    process.kill(pid, 'SIGKILL')
    await vi.waitFor(async () => expect(await ask(server, 'select number from kept')).toEqual([7]), 20_000)
    await vi.waitFor(() => expect(server.pid).not.toBe(pid), 20_000)
  })

  it('is killed and started again when it is stuck in its recovery (P14)', async () => {
    const says: string[] = []
    const server = await start(dataDir, { lookEveryMs: 100, log: (line) => void says.push(line.says) })
    const { pid } = server
    await ask(server, 'create table kept as select 7 as number')
    const [writer] = await ask(server, "select pid from pg_stat_activity where backend_type = 'background writer'")
    const neverFilled = join(dataDir, 'cluster', 'backup_label') // recovery reads it, if there is one
    await promisify(execFile)('mkfifo', ['-m', '666', neverFilled])
    process.kill(Number(writer), 'SIGKILL') // PostgreSQL itself starts to recover then

    await vi.waitFor(() => expect(says[0]).toMatch(/neither answers nor works/), 20_000)
    await rm(neverFilled)
    await vi.waitFor(async () => expect(await ask(server, 'select number from kept')).toEqual([7]), 20_000)
    await vi.waitFor(() => expect(server.pid).not.toBe(pid), 20_000)
    expect(isAlive(pid)).toBe(false)
  })

  it('is not kept from starting by the pid of somebody else in an old lock file', async () => {
    await (await start()).close()
    const file = join(dataDir, 'cluster', 'postmaster.pid')
    await writeFile(file, `${process.pid}\n${join(dataDir, 'cluster')}\n0\n5432\n${dataDir}\n\n  1 1\nready   \n`)
    const server = await start()
    expect(await readFile(file, 'utf8')).toMatch(new RegExp(`^${server.pid}\n`))
  })

  it('says in one line when there are no binaries', async () => {
    const nowhere = join(dataDir, 'nowhere')
    await mkdir(nowhere)
    const started = startEmbedded({ dataDir, binDir: nowhere })
    await expect(started).rejects.toMatchObject({
      code: 'ERR_CONFIG_INVALID',
      detail: expect.stringMatching(/^[^\n]*store\.url[^\n]*$/) as string,
    })
  })

  function instanceText(): string {
    const module = (name: string) => JSON.stringify(new URL(name, import.meta.url).href)
    return `
      import pg from 'pg'
      import { startEmbedded } from ${module('./supervisor.ts')}
      const server = await startEmbedded(${JSON.stringify({ dataDir, templateDir })})
      const client = new pg.Client({ ...server.connection })
      await client.connect()
      await client.query('create table kept as select 7 as number')
      process.stdout.write(String(server.pid))`
  }
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
