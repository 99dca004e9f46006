/**
 * People at browsers: they sign in through the identity provider and click.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { type Browser, openBrowser } from '@countersign/demo'
import { type Book, type Click, type Errand, settledAs } from './book.ts'
import type { Random } from './random.ts'

export type PersonId = 'ben' | 'cleo' | 'eve'

export interface People {
  readonly browsers: Readonly<Record<PersonId, Browser>>
  /** Whoever is signed in at several instances uses them in turn. */
  window(person: PersonId): Browser
  /** At the last instance. */
  elsewhere(person: PersonId): Browser
}

/** Everyone who matters, at every instance. */
export async function signInAt(instances: readonly { readonly publicUrl: string }[], book: Book): Promise<People> {
  const everywhere = await Promise.all(instances.map(({ publicUrl }) => signIn(publicUrl, book)))
  const [browsers, last] = [everywhere[0], everywhere.at(-1)]
  if (!browsers || !last) throw new Error('Nobody is signed in.')
  let turn = 0
  return {
    browsers,
    window: (person) => (everywhere[turn++ % everywhere.length] ?? browsers)[person],
    elsewhere: (person) => last[person],
  }
}

/** The sessions of before ended with the process that knew them. */
async function signIn(publicUrl: string, { traces }: Book): Promise<Browsers> {
  const browsers = { ben: openBrowser(publicUrl), cleo: openBrowser(publicUrl), eve: openBrowser(publicUrl) }
  for (const [person, browser] of Object.entries(browsers)) {
    traces.signIns.tried += 1
    await browser.signIn(person)
    traces.signIns.done += 1
  }
  return Object.fromEntries(Object.entries(browsers).map(([id, each]) => [id, counted(each)])) as Browsers

  function counted(browser: Browser): Browser {
    return {
      ...browser,
      get: (path) => {
        traces.gets += 1
        return browser.get(path)
      },
    }
  }
}

type Browsers = People['browsers']

/** One click on an answer. Looks at the question first, unless it was looked at before: then it may come late. */
export async function click(
  errand: Errand,
  person: 'ben' | 'cleo',
  verdict: Click['verdict'],
  people: People,
): Promise<Click> {
  const path = `/api/approvals/${errand.approval}`
  const window = people.window(person)
  errand.shown ??= (await window.get<{ shown: string }>(path)).shown
  const made: Click = { person, verdict, approval: errand.approval, status: undefined, state: undefined }
  errand.clicks.push(made)
  const { status, body } = await window.post(`${path}/signatures`, { verdict, shown: errand.shown })
  made.status = status
  made.state = typeof body['state'] === 'string' ? body['state'] : undefined
  return made
}

/** Who may answer it: files are for security alone, where only Cleo is. */
export const mayAnswer = ({ work }: Errand, person: 'ben' | 'cleo'): boolean => person === 'cleo' || work !== 'write'

/** Ben and Cleo answer what they find, sometimes both the same, sometimes with two clicks at once. */
export async function peopleAtWork(people: People, book: Book, random: Random, signal: AbortSignal): Promise<void> {
  await Promise.all((['ben', 'cleo'] as const).map(answer))

  async function answer(person: 'ben' | 'cleo'): Promise<void> {
    while (!signal.aborted) {
      const open = [...book.errands.values()].filter(
        (errand) => errand.approval !== undefined && !errand.ignored && !settledAs(errand) && mayAnswer(errand, person),
      )
      const errand = random.pick(open)
      const verdict = random.chance(0.85) ? 'approve' : 'reject'
      const clicks = errand ? Array.from({ length: random.chance(0.15) ? 2 : 1 }, () => errand) : []
      // A click that nobody answers stands in the book as that.
      await Promise.all(clicks.map((each) => click(each, person, verdict, people).catch(() => undefined)))
      await pause(random.between(10, 60))
    }
  }
}
