/**
 * A house with its company, its people signed in, and everything that will be known of it.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts } from '@countersign/demo'
import { type Book, createBook } from './book.ts'
import type { Storm } from './checks.ts'
import { type Company, openCompany } from './company.ts'
import type { Ready } from './house.ts'
import { type People, signIn } from './people.ts'
import type { Random } from './random.ts'
import { createStanding, type Standing } from './standing.ts'

export interface Stage {
  readonly house: Standing
  readonly company: Company
  readonly book: Book
  readonly random: Random
  ready: Ready
  people: People
  /** The newest checkpoint seen: every later ledger has to continue it. */
  known: string | undefined
  /** From just before each strike until the house stood again: what was answered then may lack its outcome. */
  readonly storms: Storm[]
}

/** A folder of our own for a house to live in. As root, PostgreSQL runs as someone else, who has to pass. */
export async function makeFolder(root: boolean): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-chaos-'))
  await chmod(folder, root ? 0o711 : 0o700)
  return folder
}

/** The folder itself may be a mount. */
async function emptyFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true })
}

export interface StageParts {
  readonly dataDir: string
  readonly random: Random
  readonly env: NodeJS.ProcessEnv
  /** Told what to do to have nothing left, as soon as there is something. */
  onClose(close: () => Promise<void>): void
}

export async function openStage({ dataDir, random, env, onClose }: StageParts): Promise<Stage> {
  onClose(() => emptyFolder(dataDir))
  const companyToken = randomBytes(24).toString('base64url')
  const company = await openCompany(companyToken, random)
  onClose(() => company.close())
  const [port = 0, httpPort = 0] = await freePorts(2)
  const policies = fileURLToPath(new URL('./policies', import.meta.url))
  const house = createStanding({ dataDir, policies, port, httpPort, companyUrl: company.url, companyToken }, env)
  onClose(() => house.clear())

  const book = createBook()
  house.begin()
  const ready = await house.stands()
  if (!ready) throw new Error(`The house does not stand.\n${house.complaints.join('\n')}`)
  book.traces.starts.tried = book.traces.starts.done = 1
  const people = await signIn(house.publicUrl, book)
  return { house, company, book, random, ready, people, known: undefined, storms: [] }
}
