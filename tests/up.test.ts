import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { platform, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createAsk, type Terminal, product, run } from '@countersign/cli'
import { freePorts } from '@countersign/demo'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { putCluster } from '../packages/stores/src/postgres/testing.ts'
import { builtProgram } from './program.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Node itself names the folder in its arguments as well. */
const isMain = (command: string) => command.includes('packages/cli/dist/main.js')

interface Started {
  readonly child: ChildProcess
  /** Standard output until the first line has come, or the end. */
  readonly said: Promise<string>
  readonly ended: Promise<{ code: number | null; said: string; muttered: string }>
}

/** `countersign up` as a process of its own, on a terminal's group of its own. */
describe.runIf(platform() === 'linux')('countersign up', () => {
  let program: string
  let folder: string
  /** Whoever ran already has nothing to do with this. */
  let before: ReadonlySet<string>
  const running: ChildProcess[] = []
  beforeAll(async () => {
    program = await builtProgram()
  }, 300_000)
  beforeEach(async () => {
    before = new Set(await processes())
    folder = await mkdtemp(join(tmpdir(), 'countersign-up-'))
    await chmod(folder, process.getuid?.() === 0 ? 0o711 : 0o700)
    await writeFile(join(folder, 'all.cedar'), '@id("all") @owner("o") @doc("d") permit (principal, action, resource);')
  })
  afterEach(async () => {
    for (const child of running.splice(0)) if (child.exitCode === null) child.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })

  async function configure(port: number): Promise<string> {
    const files = createRequire(join(root, 'packages/demo/package.json')).resolve(
      '@modelcontextprotocol/server-filesystem/dist/index.js',
    )
    const file = join(folder, `${port}.yaml`)
    const servers = { files: { command: [process.execPath, files, folder], preset: 'filesystem' } }
    await writeFile(
      file,
      JSON.stringify({ listen: { port }, policies: folder, registry: {}, gateways: { mcp: { servers } } }),
    )
    return file
  }

  function start(...words: string[]): Started {
    const child = spawn(process.execPath, [program, ...words], { cwd: root, detached: true, stdio: 'pipe' })
    running.push(child)
    let said = ''
    let muttered = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (muttered += text))
    const firstLine = new Promise<string>((resolve) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text
        if (said.includes('\n')) resolve(said)
      })
      child.once('close', () => resolve(said))
    })
    const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, said, muttered }))
    return { child, said: firstLine, ended }
  }

  /** The same in this process, where nobody stops it. */
  async function command(...words: string[]) {
    let said = ''
    let muttered = ''
    const at: Terminal = {
      env: {},
      cwd: folder,
      root: process.getuid?.() === 0,
      watched: false,
      product,
      say: (text) => void (said += `${text}\n`),
      mutter: (text) => void (muttered += text),
      ask: createAsk,
      stopped: () => new Promise(() => undefined),
    }
    return { code: await run(at, words), said, muttered }
  }

  /** Everything that names this test's folder: PostgreSQL, MCP servers. */
  async function leftBehind(): Promise<string[]> {
    const pids = (await processes()).filter((pid) => !before.has(pid))
    const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
    return commands
      .filter((command) => command.includes(folder) && !isMain(command))
      .map((command) => command.replaceAll('\0', ' '))
  }

  const processes = async () => (await readdir('/proc')).filter((name) => /^\d+$/.test(name))

  /** As a terminal does it: everyone in the foreground gets it. */
  const pressControlC = ({ child }: Started) => process.kill(-(child.pid ?? 0), 'SIGINT')

  it('stands, is stopped by Ctrl-C without leaving anything behind, and finds its data again', async () => {
    const [port = 0] = await freePorts(1)
    const config = await configure(port)
    const data = join(folder, 'data')
    const words = ['up', '--config', config, '--data', data]

    const first = start(...words)
    expect(await first.said).toMatch(new RegExp(`^Countersign stands at http://localhost:${port}\n`))
    expect(await first.said, 'G1').toMatch(/people are local[^]*countersign people add .* --data /)
    const vkey = await (await fetch(`http://localhost:${port}/ledger/vkey`)).text()
    await expect.poll(async () => (await leftBehind()).length).toBeGreaterThan(1)

    await putCluster(join(folder, 'other/pg'))
    const taken = await command('up', '--config', config, '--data', join(folder, 'other'))
    expect([taken.code, taken.said]).toEqual([1, ''])
    const lines = taken.muttered.split('\n').filter((line) => line.includes('ERR_PORT_TAKEN'))
    expect(lines).toEqual([expect.stringContaining(`"port":${port}`)])
    expect(lines[0]).toContain('--port')

    pressControlC(first)
    const ended = await first.ended
    expect([ended.code, await leftBehind()]).toEqual([0, []])
    expect(ended.said + ended.muttered, 'no terminal, no colours').not.toContain('\u001b')

    const second = start(...words, '--json')
    expect(JSON.parse(await second.said)).toMatchObject({ url: `http://localhost:${port}`, people: 'local' })
    expect(await (await fetch(`http://localhost:${port}/ledger/vkey`)).text()).toBe(vkey)
    const starts = async () => {
      const { code, said } = await command('ledger', 'verify', '-', '--data', data, '--json')
      return code === 0 ? JSON.parse(said).counts['policy.activated'] : said
    }
    await expect.poll(starts).toBe(2)
    second.child.kill('SIGTERM')
    expect([(await second.ended).code, await leftBehind()]).toEqual([0, []])
  }, 300_000)

  it('D7: SIGHUP reads policies again, also while it starts, and ends it neither then nor while it closes', async () => {
    const [port = 0] = await freePorts(1)
    const words = ['up', '--config', await configure(port), '--data', join(folder, 'data')]
    await putCluster(join(folder, 'data/pg'))
    const started = start(...words)
    let muttered = ''
    started.child.stderr?.on('data', (text: string) => (muttered += text))
    const told = (says: string) =>
      muttered
        .split('\n')
        .filter((line) => line.includes('"signal"') && line.includes(says))
        .map((line) => JSON.parse(line) as { version: string; policies: number })
    const hangUp = () => process.kill(started.child.pid ?? 0, 'SIGHUP')

    await expect
      .poll(async () => (await leftBehind()).some((command) => command.includes('postgres')), { timeout: 30_000 })
      .toBe(true)
    hangUp()
    expect(await started.said).toContain('Countersign stands')
    await expect.poll(() => told('Policies are loaded.'), { timeout: 10_000 }).toMatchObject([{ policies: 1 }])

    hangUp()
    await expect.poll(() => told('Policies are loaded.').length, { timeout: 10_000 }).toBe(2)
    await writeFile(join(folder, 'all.cedar'), 'permit (principal, action, resource)')
    hangUp()
    await expect.poll(() => told('do not pass').length, { timeout: 10_000 }).toBeGreaterThan(0)
    expect((await fetch(`http://localhost:${port}/healthz`)).status).toBe(200)

    const more = '@id("more") @owner("o") @doc("d") permit (principal, action, resource);'
    await writeFile(join(folder, 'all.cedar'), more)
    await writeFile(join(folder, 'more.cedar'), more.replace('"more"', '"even-more"'))
    hangUp()
    await expect.poll(() => told('Policies are loaded.').at(-1)?.policies, { timeout: 10_000 }).toBe(2)

    started.child.kill('SIGTERM')
    hangUp()
    expect([(await started.ended).code, await leftBehind()]).toEqual([0, []])
  }, 300_000)

  it('is stopped while it still starts, without leaving anything behind', async () => {
    const [port = 0] = await freePorts(1)
    const words = ['up', '--config', await configure(port), '--data', join(folder, 'data')]
    const starting = start(...words)
    const beginsPostgres = async () => (await leftBehind()).some((command) => command.includes('postgres'))
    await expect.poll(beginsPostgres, { timeout: 30_000, interval: 5 }).toBe(true)
    pressControlC(starting)
    expect([(await starting.ended).code, await leftBehind()]).toEqual([0, []])

    const again = start(...words)
    expect(await again.said).toContain('Countersign stands')
    pressControlC(again)
    expect((await again.ended).code).toBe(0)
  }, 60_000)
})
