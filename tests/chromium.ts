/**
 * Debian's Chromium, driven by playwright-core. Both come by `.ci/packages`, outside of the workspaces.
 *
 * @module
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { needs } from './foreign/needs.ts'

/** As much of https://playwright.dev/docs/api/class-page as is used here. */
export interface Page {
  goto(url: string): Promise<unknown>
  goBack(): Promise<unknown>
  reload(): Promise<unknown>
  url(): string
  on(event: 'pageerror', heard: (error: Error) => void): void
  on(event: 'console', heard: (message: { type(): string; text(): string }) => void): void
  on(event: 'response', heard: (response: { status(): number; url(): string }) => void): void
  evaluate<T>(script: string): Promise<T>
  getByRole(role: string, how: { name: RegExp | string; exact?: boolean }): Locator
  getByText(text: RegExp | string): Locator
  getByLabel(text: RegExp | string): Locator
  locator(selector: string): Locator
  waitForURL(url: RegExp | string): Promise<void>
  screenshot(how: { path: string; animations?: 'disabled'; fullPage?: boolean }): Promise<unknown>
  context(): { setOffline(offline: boolean): Promise<void> }
  readonly keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> }
  close(): Promise<void>
}

/** As much of an HTMLElement as is asked about. */
export interface Drawn {
  readonly innerText: string
  getAttribute(name: string): string | null
}

export interface Locator {
  click(how?: { timeout: number }): Promise<void>
  fill(text: string): Promise<void>
  selectOption(how: { label: string } | { index: number }): Promise<unknown>
  first(): Locator
  last(): Locator
  nth(index: number): Locator
  filter(how: { hasText: RegExp | string }): Locator
  locator(selector: string): Locator
  getByRole(role: string, how: { name: RegExp | string; exact?: boolean }): Locator
  getByText(text: RegExp | string): Locator
  count(): Promise<number>
  evaluateAll<T>(look: (drawn: readonly Drawn[]) => T): Promise<T>
  isVisible(): Promise<boolean>
  isDisabled(): Promise<boolean>
  innerText(): Promise<string>
  waitFor(how?: { timeout?: number; state?: 'hidden' | 'visible' | 'detached' }): Promise<void>
  boundingBox(): Promise<{ y: number; height: number } | null>
}

export interface Look {
  readonly viewport: { readonly width: number; readonly height: number }
  readonly colorScheme?: 'light' | 'dark'
  readonly deviceScaleFactor?: number
}

export interface Chromium {
  /** A window with cookies of its own. */
  newPage(how: Look & { readonly reducedMotion?: 'reduce' }): Promise<Page>
  close(): Promise<void>
}

export const phone = { width: 390, height: 844 }
export const desk = { width: 1280, height: 800 }

/** Without these Chromium calls home, which a machine without a way out notices. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export async function openChromium(): Promise<Chromium> {
  const playwright = needs('.cache/foreign/node_modules/playwright-core/package.json')
  const { chromium } = createRequire(playwright)('playwright-core') as {
    chromium: { launch(how: object): Promise<Chromium> }
  }
  const executablePath = execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim()
  return chromium.launch({ executablePath, args: flags })
}

/** Signs in by choosing the person at the demo's identity provider. */
export async function signIn(page: Page, instance: string, person: string): Promise<void> {
  await page.goto(`${instance}/sign-in?return=/`)
  await page.locator(`button[value="${person}"]`).click()
  await page.waitForURL(`${instance}/`) // the provider's page has a heading as well
  await page.locator('h1').first().waitFor()
}

/**
 * Every rule that axe has for WCAG A and AA (https://github.com/dequelabs/axe-core). The page's own policy stays on.
 */
export async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate<boolean>(`'axe' in window`))) await page.evaluate(axe())
  return page.evaluate<string[]>(`axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'],
    resultTypes: ['violations'],
  }).then(
    ({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`)
}

let read: string | undefined
const axe = () => (read ??= readFileSync(needs('.cache/foreign/node_modules/axe-core/axe.min.js'), 'utf8'))
