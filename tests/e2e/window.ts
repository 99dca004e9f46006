/**
 * A person's window that notices what goes wrong in it.
 *
 * @module
 */
import { dirname } from 'node:path'
import { needs } from '../foreign/needs.ts'
import { type Chromium, type Look, type Page, signIn } from '../chromium.ts'

export interface Window {
  readonly page: Page
  /** What the browser complained of: thrown errors, unhandled rejections, console errors, answers that say no. */
  readonly complaints: string[]
}

/** `person` signs in; reduced motion, so that nothing is looked at or clicked while it moves. */
export async function openWindow(browser: Chromium, instance: string, person: string, look: Look): Promise<Window> {
  const page = await browser.newPage({ ...look, reducedMotion: 'reduce' })
  await signIn(page, instance, person)
  return { page, complaints: listenTo(page, instance) }
}

/** From now on. */
export function listenTo(page: Page, instance: string): string[] {
  const complaints: string[] = []
  const where = () => page.url().replace(instance, '')
  page.on('pageerror', (error) => complaints.push(`${where()}: threw ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${where()}: console: ${message.text()}`)
  })
  page.on('response', (response) => {
    if (response.status() >= 400)
      complaints.push(`${response.url().replace(instance, '')} is answered ${response.status()}`)
  })
  return complaints
}

export const builtConsole = () => dirname(needs('packages/console/dist/index.html', 'npm run build'))
