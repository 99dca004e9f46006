/**
 * Which links lead to which local person, and which browsers and keys are whose: hashes in one file of the data directory (0600),
 * so that a restart keeps everyone signed in and a link alive.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { type Clock, sha256Hex } from '@countersign/core'
import { z } from 'zod'

const Held = z.object({ hash: z.string(), subject: z.string(), expiresAt: z.number() })
type Held = z.infer<typeof Held>
const Kept = z.object({ links: z.array(Held), browsers: z.array(Held), keys: z.array(Held) })
type Kept = z.infer<typeof Kept>
type Kind = keyof Kept

const thirtyDaysMs = 30 * 24 * 3_600_000
/** How long a link waits for its person, and a browser and its key stay theirs. */
const lastsMs = { links: 24 * 3_600_000, browsers: thirtyDaysMs, keys: thirtyDaysMs } as const satisfies Record<
  Kind,
  number
>
/** Links, browsers and browser keys of one person; beyond, the oldest gives way. */
const mostEach = { links: 3, browsers: 10, keys: 10 } as const satisfies Record<Kind, number>

export interface KeptBindings {
  /** A new secret for this person: of a link, of a browser, or of what a browser stores for this port alone. Only its hash is kept. */
  issue(kind: Kind, subject: string): Promise<string>
  /** Whose it is, if it still holds. */
  subjectOf(kind: Kind, secret: string): string | undefined
  /** The same, and it holds no longer. Of two at once one gets the answer. */
  take(kind: Kind, secret: string): Promise<string | undefined>
  /** Everything that leads to this person. */
  forget(subject: string): Promise<void>
}

/** @throws what reading the file throws, but for a file that is not there */
export async function keepBindings(file: string, clock: Clock): Promise<KeptBindings> {
  let kept = (await readBindings(file)) ?? { links: [], browsers: [], keys: [] }
  let writing: Promise<unknown> = Promise.resolve()

  return {
    async issue(kind, subject) {
      const secret = randomBytes(32).toString('base64url')
      const held = { hash: sha256Hex(secret), subject, expiresAt: clock.now() + lastsMs[kind] }
      const theirs = alive(kept[kind]).filter((each) => each.subject === subject)
      const others = alive(kept[kind]).filter((each) => each.subject !== subject)
      await write({ ...kept, [kind]: [...others, ...theirs.slice(-(mostEach[kind] - 1)), held] })
      return secret
    },
    subjectOf: (kind, secret) => find(kind, secret)?.subject,
    async take(kind, secret) {
      const held = find(kind, secret)
      if (!held) return undefined
      await write({ ...kept, [kind]: kept[kind].filter((each) => each !== held) })
      return held.subject
    },
    async forget(subject) {
      const without = (list: readonly Held[]) => list.filter((each) => each.subject !== subject)
      await write({ links: without(kept.links), browsers: without(kept.browsers), keys: without(kept.keys) })
    },
  }

  /** By the hash of 32 random bytes, so that how long it takes tells nothing of use. */
  function find(kind: Kind, secret: string): Held | undefined {
    if (!/^[\w-]{43}$/.test(secret)) return undefined
    const hash = sha256Hex(secret)
    return alive(kept[kind]).find((each) => each.hash === hash)
  }

  function alive(list: readonly Held[]): Held[] {
    return list.filter(({ expiresAt }) => clock.now() < expiresAt)
  }

  /** What holds in here changes at once, so that of two at once one wins; the file follows, one write at a time. */
  async function write(next: Kept): Promise<void> {
    kept = next
    const mine = writing.then(async () => {
      const draft = `${file}.draft`
      await writeFile(draft, JSON.stringify(kept), { mode: 0o600 })
      await rename(draft, file)
    })
    writing = mine.catch(() => undefined)
    await mine
  }
}

/** Undefined if it is not there. @throws what reading and parsing it throw */
export async function readBindings(file: string): Promise<Kept | undefined> {
  try {
    return Kept.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
