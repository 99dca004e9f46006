/**
 * A real browser in front of a test's house.
 *
 * @module
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { openTestHouse, type TestHouse } from '../house.ts'
import { needs } from './needs.ts'

/** As much of https://playwright.dev/docs/api/class-page as is used here. */
export interface Page {
  goto(url: string): Promise<unknown>
  reload(): Promise<unknown>
  on(event: 'pageerror', heard: (error: Error) => void): void
  evaluate<T>(script: string): Promise<T>
  getByRole(role: string, how: { name: RegExp | string; exact?: boolean }): Locator
  getByText(text: RegExp | string): Locator
  locator(selector: string): Locator
  context(): { setOffline(offline: boolean): Promise<void> }
  readonly keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> }
  screenshot(how: { path: string; fullPage?: boolean }): Promise<unknown>
  close(): Promise<void>
}
export interface Locator {
  click(): Promise<void>
  count(): Promise<number>
  first(): Locator
  last(): Locator
  filter(how: { hasText: RegExp }): Locator
  waitFor(how?: { timeout?: number; state?: 'visible' | 'detached' }): Promise<void>
  boundingBox(): Promise<{ y: number; height: number } | null>
  isDisabled(): Promise<boolean>
}

export interface Window {
  readonly house: TestHouse
  /** A window of its own, signed in by choosing the person at the identity provider. */
  openAs(person: RegExp, viewport?: Size, scheme?: 'light' | 'dark'): Promise<Page>
  /** https://github.com/dequelabs/axe-core, every rule it has for WCAG A and AA. The page's own policy stays on. */
  accessible(page: Page): Promise<string[]>
  /** What pages threw. */
  readonly broken: readonly string[]
  close(): Promise<void>
}
export type Size = typeof phone

interface Chromium {
  newPage(how: object): Promise<Page>
  close(): Promise<void>
}

export const phone = { width: 390, height: 844 }
export const desk = { width: 1280, height: 800 }

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export async function openChromium(): Promise<Window> {
  const playwright = needs('.cache/foreign/node_modules/playwright-core/package.json')
  const axe = readFileSync(needs('.cache/foreign/node_modules/axe-core/axe.min.js'), 'utf8')
  const consoleDir = dirname(needs('packages/console/dist/index.html', 'npm run build'))
  const { chromium } = createRequire(playwright)('playwright-core') as {
    chromium: { launch(how: object): Promise<Chromium> }
  }
  const executablePath = execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim()
  const house = await openTestHouse({ consoleDir })
  const browser = await chromium.launch({ executablePath, args: flags })
  const broken: string[] = []

  return {
    house,
    broken,
    async openAs(person, viewport = desk, colorScheme = 'light') {
      const page = await browser.newPage({ viewport, colorScheme, reducedMotion: 'reduce' })
      page.on('pageerror', (error) => broken.push(error.message))
      await page.goto(`${house.url}/sign-in?return=/`)
      await page.getByRole('button', { name: person }).click()
      await page.getByRole('heading', { name: 'Inbox' }).waitFor()
      return page
    },
    async accessible(page) {
      await page.evaluate(axe)
      const script = `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }).then(({ violations }) =>
        violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`
      return page.evaluate<string[]>(script)
    },
    async close() {
      await browser.close()
      await house.close()
    },
  }
}
