/**
 * An empty database cluster on disk: made by initdb, or copied from a template that initdb made once.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Account } from './account.ts'
import { type Binaries, give, isPrivate, unfit } from './binaries.ts'

const run = promisify(execFile)

/** The only role; the socket lies in a folder that only its account can enter. */
export const role = 'countersign'

export interface ClusterParts {
  readonly folder: string
  readonly binaries: Binaries
  readonly account: Account
  /** Where an empty cluster per version is kept. An image build fills it; where it is absent, initdb runs in place. */
  readonly templateDir: string | undefined
}

/** Does nothing where a cluster stands. A half-made one is never seen: it appears by a rename. */
export async function prepareCluster(parts: ClusterParts): Promise<void> {
  const { folder, binaries } = parts
  const standing = await majorOf(folder)
  if (standing === binaries.major) return
  if (standing !== undefined) {
    throw unfit(`${folder} was made by PostgreSQL ${standing}, but PostgreSQL ${binaries.version} is here.`)
  }
  const template = parts.templateDir === undefined ? undefined : await findTemplate(parts, parts.templateDir)
  await appear(folder, parts.account, async (draft) => {
    if (template === undefined) return initialise(draft, parts, ['--no-instructions'])
    // By its account, to which the copy belongs then; a program does in half a second what Node does in one.
    await run('cp', ['-R', template, draft], { cwd: '/', ...parts.account.runAs })
    await flush(draft)
  })
}

async function majorOf(folder: string): Promise<number | undefined> {
  const version = await readFile(join(folder, 'PG_VERSION'), 'utf8').catch(() => undefined)
  return version === undefined ? undefined : Number(version)
}

async function findTemplate(parts: ClusterParts, templateDir: string): Promise<string> {
  const { uid } = parts.account
  const template = join(templateDir, `cluster-${parts.binaries.version}-${uid}`)
  if ((await majorOf(template)) === undefined) {
    await mkdir(templateDir, { recursive: true, mode: 0o711 })
    await appear(template, parts.account, (draft) => initialise(draft, parts, ['--no-instructions', '--no-sync']))
  }
  if (!(await isPrivate(template, parts.account))) throw unfit(`${template} does not belong to uid ${uid} alone.`)
  return template
}

/** Several processes may come at once: the first rename wins, the others use what it made. */
async function appear(folder: string, account: Account, make: (draft: string) => Promise<void>): Promise<void> {
  const nest = await mkdtemp(join(dirname(folder), '.draft-'))
  try {
    await give(nest, account)
    const draft = join(nest, 'cluster')
    await make(draft)
    await rename(draft, folder).catch(async (error: unknown) => {
      if ((await majorOf(folder)) === undefined) throw error
    })
  } finally {
    await rm(nest, { recursive: true, force: true })
  }
}

/**
 * A uid without a passwd entry is a stranger to initdb ("could not look up effective user ID"), so initdb runs in a user
 * namespace where that uid is `nobody`. Where namespaces are forbidden too, a template made by an image build serves.
 */
async function initialise(
  draft: string,
  { binaries, account }: ClusterParts,
  options: readonly string[],
): Promise<void> {
  const initdb = [join(binaries.binDir, 'initdb'), '-D', draft, '-U', role, '-E', 'UTF8', '--locale=C', '--auth=trust']
  const [program = '', ...rest] = account.named ? initdb : ['unshare', '--user', '--map-user=65534', ...initdb]
  const environment = { env: { PATH: '/usr/local/bin:/usr/bin:/bin' }, cwd: dirname(draft) }
  await run(program, [...rest, ...options], { ...environment, ...account.runAs }).catch((cause: unknown) => {
    throw unfit(
      account.named
        ? `initdb could not make a cluster in ${dirname(draft)}. Is the folder within reach of uid ${account.uid}?`
        : `uid ${account.uid} has no entry in /etc/passwd, so initdb refuses. Give a template folder made under a named account.`,
      cause,
    )
  })
}

/** A copy is as durable as initdb's own work: acknowledged commits must not rest on unwritten catalogues. */
async function flush(folder: string): Promise<void> {
  const inside = await readdir(folder, { withFileTypes: true, recursive: true })
  await Promise.all(
    [folder, ...inside.map((one) => join(one.parentPath, one.name))].map(async (path) => {
      const file = await open(path)
      try {
        await file.sync()
      } finally {
        await file.close()
      }
    }),
  )
}
