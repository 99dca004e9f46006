/**
 * Machines as they are: the packed tarball, installed as a stranger would, stands or says the one line that helps.
 *
 * @module
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { freePorts } from '@countersign/demo'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { needs, olderNode } from './needs.ts'

const checkout = dirname(needs('package.json'))
const root = process.getuid?.() === 0

/** What Docker gives a container unless told otherwise. */
const smallShm = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs -o size=64m tmpfs /dev/shm && exec "$@"', 'sh']
const readOnly = (folder: string) => [
  'unshare',
  '--mount',
  'sh',
  '-c',
  'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && cd "$0" && exec "$@"',
  folder,
]

describe('a machine', { timeout: 180_000 }, () => {
  let base: string
  let installed: string
  let command: readonly string[]
  let data: string
  beforeAll(() => {
    base = mkdtempSync('/var/tmp/countersign machine ') // one of these machines has a shared memory of its own
    chmodSync(base, 0o755)
    installed = install(join(base, 'an empty folder'))
    command = [process.execPath, join(installed, 'node_modules/.bin/countersign'), 'up', '--demo']
  }, 180_000)
  afterAll(() => rmSync(base, { recursive: true, force: true, maxRetries: 5 }))
  afterEach(() => rmSync(data, { recursive: true, force: true, maxRetries: 5 }))

  function install(folder: string): string {
    execFileSync(process.execPath, ['--import', 'tsx', 'scripts/pack.ts'], { cwd: checkout, stdio: 'pipe' })
    const [tarball = ''] = readdirSync(join(checkout, 'build')).filter((name) => name.endsWith('.tgz'))
    mkdirSync(folder)
    // Without scripts: what a careful company allows.
    const words = ['install', '--ignore-scripts', '--no-audit', '--no-fund', join(checkout, 'build', tarball)]
    execFileSync('npm', words, { cwd: folder, stdio: 'pipe' })
    return folder
  }

  /** Starts it, asks whether it is ready, stops it as Ctrl-C would. Resolves to its exit code and all that it said. */
  async function stand(words: readonly string[], options: Surroundings = {}): Promise<Stood> {
    data = mkdtempSync(join(base, 'data '))
    const { uid, at = data } = options
    if (uid !== undefined) chownSync(data, uid, uid)
    const [port] = await freePorts(1)
    const [program, ...rest] = [...words, '--port', String(port), '--data', at]
    const env = { PATH: process.env['PATH'], HOME: data }
    const child = spawn(program, rest, {
      cwd: installed,
      env,
      detached: true,
      stdio: 'pipe',
      ...(uid !== undefined && { uid, gid: uid }),
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text) => (said += text))
    const ended = once(child, 'exit') as Promise<[number | null]>
    const over = ended.then(() => undefined)
    const standing = new Promise<void>((resolve) =>
      child.stdout?.on('data', () => said.includes('stands') && resolve()),
    )
    await Promise.race([standing, over])
    const ready = child.exitCode === null && (await fetch(`http://localhost:${port}/readyz`)).ok
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGINT')
    const [code] = await ended
    return { ready, code, said, left: processesAt(data) }
  }

  it('with an empty folder that has spaces in its name: npx starts the instance', async () => {
    expect(await stand(['npx', '--no-install', 'countersign', 'up', '--demo'])).toMatchObject({ ready: true, left: [] })
  })

  it('whose Node.js is too old is told which one is needed', async () => {
    const { ready, code, said } = await stand([olderNode(), ...command.slice(1)])
    expect({ ready, code }).toEqual({ ready: false, code: 1 })
    expect(said.trim()).toMatch(/^Countersign needs Node\.js 20\.19 or newer; this is 18\.\d+\.\d+\.[^\n]*$/)
  })

  it('that gives no room for the data says so in one line, with what to do', async () => {
    const { said, code } = await stand(command, { at: '/dev/null/data' })
    expect(code).toBe(1)
    expect(said.trim()).toBe(
      'Data cannot lie at /dev/null/data (ENOTDIR). Name another folder with --data or COUNTERSIGN_DATA.',
    )
  })

  describe.runIf(root)('as root can make it', () => {
    it.each<[string, readonly string[], number?]>([
      ['with 64 MB of shared memory', smallShm],
      ['where the installation is read-only', readOnly('.')],
    ])('%s: it stands', async (_, around) => {
      const words = around.map((word) => (word === '.' ? installed : word))
      expect(await stand([...words, ...command])).toMatchObject({ ready: true, code: 0, left: [] })
    })

    it.each([
      ['nobody', 65_534],
      ['a uid that /etc/passwd does not know', 54_321],
    ])('as %s: it stands', async (_, uid) => {
      expect(await stand(command, { uid })).toMatchObject({ ready: true, code: 0, left: [] })
    })

    it('whose root keeps node_modules to itself: PostgreSQL, which is not root, gets a copy', async () => {
      chmodSync(installed, 0o700)
      try {
        expect(await stand(command)).toMatchObject({ ready: true, code: 0, left: [] })
      } finally {
        chmodSync(installed, 0o755)
      }
    })

    it('with a checkout that is built and read-only: npm start stands', async () => {
      const words = [...readOnly(checkout), 'npm', 'start', '--silent', '--']
      expect(await stand(words)).toMatchObject({ ready: true, left: [] })
    })
  })
})

interface Surroundings {
  /** Who starts it, and owns its data. */
  readonly uid?: number
  /** Where its data shall lie, if not in a folder made for it. */
  readonly at?: string
}

interface Stood {
  readonly ready: boolean
  readonly code: number | null
  readonly said: string
  /** Command lines that still name the data directory. */
  readonly left: readonly string[]
}

function processesAt(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      } catch {
        return '' // it ended meanwhile
      }
    })
    .filter((line) => line.includes(folder))
}
