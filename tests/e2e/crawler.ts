/**
 * Goes wherever a person can go by clicking, and says what is wrong there.
 *
 * It knows no page by name: links lead it on, and every button is pressed once for each page of a kind. A dialog that
 * opens is looked at and left again, so that nothing is decided on the way.
 *
 * @module
 */
import { type Page, violations } from '../chromium.ts'
import type { Window } from './window.ts'

export interface Crawl {
  /** Kinds of pages that were seen: paths, with ids left out. */
  readonly pages: readonly string[]
  /** Buttons that were pressed, by kind of page and name. */
  readonly pressed: readonly string[]
  readonly findings: readonly string[]
}

/** Their effect is the end of the crawl. */
const leaving = /^(sign out|switch person)$/i
/** What closes a dialog without doing what it asks for; a key that was shown is taken. */
const closing = ['Cancel', 'Close', 'I have it', 'Done']
/** Pages of one kind: two are looked at, the first is clicked through. */
const mostOfAKind = 2
const mostButtons = 60
const clickWithinMs = 3_000

export async function crawl({ page, complaints }: Window, instance: string): Promise<Crawl> {
  const seen = new Map<string, number>()
  const pressed = new Set<string>()
  const findings: string[] = []
  const queue = ['/']
  const known = new Set(queue)

  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    const kind = kindOf(path)
    const times = seen.get(kind) ?? 0
    if (times >= mostOfAKind) continue
    seen.set(kind, times + 1)
    await open(path)
    findings.push(...(await wrongWith(page)).map((what) => `${path}: ${what}`))
    await follow()
    if (times === 0) await pressAll(path, kind)
  }
  return { pages: [...seen.keys()], pressed: [...pressed], findings: [...findings, ...complaints] }

  async function open(path: string): Promise<void> {
    await page.goto(`${instance}${path}`)
    await settled(page)
  }

  async function follow(): Promise<void> {
    for (const path of await linksOf(page)) {
      if (known.has(path)) continue
      known.add(path)
      queue.push(path)
    }
  }

  async function pressAll(path: string, kind: string): Promise<void> {
    const done = new Set<string>()
    for (let left = mostButtons; left > 0; left--) {
      const next = (await buttonsOf(page)).find(({ name }) => !done.has(name) && !leaving.test(name))
      if (!next) return
      done.add(next.name)
      pressed.add(`${kind} ${next.name}`)
      await press(path, next)
      if (page.url() !== `${instance}${path}` || (await dialogs(page)) > 0) await open(path)
    }
  }

  async function press(path: string, { name }: Button): Promise<void> {
    const told = (what: string) => findings.push(`${path}, “${name}”: ${what}`)
    if (!(await takesClick(name))) {
      await open(path) // an open menu may lie over it; a fresh page has none
      if (!(await takesClick(name))) told('takes no click')
    }
    await settled(page)
    await follow()
    if ((await dialogs(page)) === 0) return page.keyboard.press('Escape') // whatever else has opened over the page
    for (const what of await wrongWith(page)) told(`its dialog: ${what}`)
    if (!(await leaveDialog(page))) told('its dialog has no way out')
  }

  /** True as well if it is gone: lists change by themselves. */
  async function takesClick(name: string): Promise<boolean> {
    const button = (await buttonsOf(page)).find((each) => each.name === name)
    if (!button) return true
    return page
      .locator(pressable)
      .nth(button.index)
      .click({ timeout: clickWithinMs })
      .then(() => true)
      .catch(() => false)
  }
}

/** `/actions/act_…?agent=x` and `/actions/act_…?agent=y` are one kind. */
export function kindOf(path: string): string {
  const { pathname, searchParams } = new URL(path, 'http://countersign.invalid')
  const keys = [...new Set(searchParams.keys())].toSorted().join('&')
  return pathname.replaceAll(/\b[a-z]{3}_[0-9A-Za-z-]+/g, '…') + (keys === '' ? '' : `?${keys}`)
}

interface Button {
  readonly name: string
  readonly index: number
}

const pressable = 'button:visible:not(:disabled), summary:visible'

/** Numbers are left out of names: they tick. */
async function buttonsOf(page: Page): Promise<Button[]> {
  const names = await page
    .locator(pressable)
    .evaluateAll((drawn) => drawn.map((each) => each.getAttribute('aria-label') ?? each.innerText))
  return names.map((name, index) => ({
    name: name
      .replaceAll(/\d[\d:,.]*/g, '#')
      .replaceAll(/\s+/g, ' ')
      .trim(),
    index,
  }))
}

const dialogs = (page: Page) => page.locator('dialog[open]').count()

async function leaveDialog(page: Page): Promise<boolean> {
  const dialog = page.locator('dialog[open]').last()
  for (const name of closing) {
    const button = dialog.getByRole('button', { name, exact: true })
    if ((await button.count()) === 0) continue
    await button.first().click({ timeout: clickWithinMs })
    await settled(page)
    return (await dialogs(page)) === 0
  }
  return false
}

/** Nothing is being fetched for the first time, and what was fetched is drawn. */
async function settled(page: Page): Promise<void> {
  const look = `new Promise((done) => {
    const drawn = () => document.querySelector('h1') && !document.querySelector('.loading')
    const look = (left) => drawn() || left === 0
      ? requestAnimationFrame(() => requestAnimationFrame(() => done(true)))
      : setTimeout(look, 20, left - 1)
    look(250)
  })`
  try {
    await page.evaluate(look)
  } catch {
    await page.evaluate(look) // it went elsewhere meanwhile
  }
}

async function linksOf(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`[...document.querySelectorAll('a[href]')]
    .filter((link) => link.checkVisibility() && !link.hasAttribute('download') && link.origin === location.origin)
    .map((link) => link.pathname + link.search)
    .filter((path) => !path.startsWith('/sign-in') && !path.startsWith('/ledger/'))`)
}

async function wrongWith(page: Page): Promise<string[]> {
  const dead = await page.evaluate<boolean>(
    `![...document.querySelectorAll('a[href="/"]')].some((link) => link.checkVisibility())`,
  )
  const nowhere = await page.evaluate<boolean>(`document.body.innerText.includes('There is nothing here')`)
  const trouble = await page.evaluate<string[]>(
    `[...document.querySelectorAll('.trouble')].map((each) => each.innerText.slice(0, 200))`,
  )
  return [
    ...(dead ? ['a dead end: no way back to the inbox'] : []),
    ...(nowhere ? ['a link to nothing'] : []),
    ...trouble.map((says) => `trouble: ${says}`),
    ...(await violations(page)).map((violation) => `axe: ${violation}`),
  ]
}
