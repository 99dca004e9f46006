/**
 * A real browser in front of a test's instance.
 *
 * @module
 */
import { type Chromium, desk, openChromium as launch, type Page, type phone, violations } from '../chromium.ts'
import { builtConsole } from '../e2e/window.ts'
import { openTestInstance, type TestInstance } from '../instance.ts'

export { desk, phone } from '../chromium.ts'

export interface Window {
  readonly instance: TestInstance
  /** A window of its own, signed in by choosing the person at the identity provider. */
  openAs(person: RegExp, viewport?: Size, scheme?: 'light' | 'dark'): Promise<Page>
  accessible(page: Page): Promise<string[]>
  /** What pages threw. */
  readonly broken: readonly string[]
  close(): Promise<void>
}
export type Size = typeof phone

export async function openChromium(): Promise<Window> {
  const consoleDir = builtConsole()
  const browser: Chromium = await launch()
  const instance = await openTestInstance({ consoleDir })
  const broken: string[] = []

  return {
    instance,
    broken,
    async openAs(person, viewport = desk, colorScheme = 'light') {
      const page = await browser.newPage({ viewport, colorScheme, reducedMotion: 'reduce' })
      page.on('pageerror', (error) => broken.push(error.message))
      await page.goto(`${instance.url}/sign-in?return=/`)
      await page.getByRole('button', { name: person }).click()
      await page.getByRole('heading', { name: 'Inbox' }).waitFor()
      return page
    },
    accessible: violations,
    async close() {
      await browser.close()
      await instance.close()
    },
  }
}
