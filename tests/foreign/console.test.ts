import { createRequire } from 'node:module'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportOf, openTestHouse, type TestHouse } from '../house.ts'
import { needs } from './needs.ts'

/** As much of https://playwright.dev/docs/api/class-page as is used here. */
interface Page {
  goto(url: string): Promise<unknown>
  on(event: 'pageerror', heard: (error: Error) => void): void
  evaluate<T>(script: string): Promise<T>
  getByRole(role: string, how: { name: RegExp | string; exact?: boolean }): Locator
  getByText(text: RegExp | string): Locator
  locator(selector: string): Locator
  close(): Promise<void>
}
interface Locator {
  click(): Promise<void>
  first(): Locator
  last(): Locator
  filter(how: { hasText: RegExp }): Locator
  waitFor(how?: { timeout: number }): Promise<void>
  boundingBox(): Promise<{ y: number; height: number } | null>
}
interface Chromium {
  newPage(how: object): Promise<Page>
  close(): Promise<void>
}

const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']
const phone = { width: 390, height: 844 }
const desk = { width: 1280, height: 800 }

describe('the console in Chromium, in front of a real house', () => {
  const playwright = needs('.cache/foreign/node_modules/playwright-core/package.json')
  const axe = readFileSync(needs('.cache/foreign/node_modules/axe-core/axe.min.js'), 'utf8')
  const broken: string[] = []
  let house: TestHouse
  let browser: Chromium

  beforeAll(async () => {
    const consoleDir = dirname(needs('packages/console/dist/index.html', 'npm run build'))
    const { chromium } = createRequire(playwright)('playwright-core') as {
      chromium: { launch(how: object): Promise<Chromium> }
    }
    const executablePath = execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim()
    house = await openTestHouse({ consoleDir })
    browser = await chromium.launch({
      executablePath,
      args: [...flags, '--disable-component-update', '--disable-sync'],
    })
  })
  afterAll(async () => {
    await browser.close()
    await house.close()
  })

  /** A window of its own, signed in by choosing the person at the identity provider. */
  async function openAs(person: RegExp, viewport = desk, scheme: 'light' | 'dark' = 'light'): Promise<Page> {
    const page = await browser.newPage({ viewport, colorScheme: scheme, reducedMotion: 'reduce' })
    page.on('pageerror', (error) => broken.push(error.message))
    await page.goto(`${house.url}/sign-in?return=/`)
    await page.getByRole('button', { name: person }).click()
    await page.getByRole('heading', { name: 'Inbox' }).waitFor()
    return page
  }

  /** https://github.com/dequelabs/axe-core, every rule it has for WCAG A and AA. The page's own policy stays on. */
  async function accessible(page: Page): Promise<string[]> {
    await page.evaluate(axe)
    const script = `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }).then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`
    return page.evaluate<string[]>(script)
  }

  it('P9: Ben sees a question arrive, opens it, signs, and sees what came of it', async () => {
    const page = await openAs(/Ben/)
    house.demo.act(exportOf(2_345))
    await page
      .getByText(/Export 2345 rows/)
      .first()
      .click()
    await page.getByText('warehouse.acme.example').first().waitFor()
    await page.getByRole('button', { name: 'Approve', exact: true }).click()
    await page
      .locator('dialog[open] button')
      .filter({ hasText: /sign|approve/i })
      .last()
      .click()
    await page
      .getByText(/ran, 2,345 rows/)
      .first()
      .waitFor({ timeout: 15_000 })
    await page.close()
  })

  it('P3: Ana reads why she cannot sign for her own agent', async () => {
    const told = await house.act(exportOf(2_346))
    const page = await openAs(/Ana/)
    await page.goto(`${house.url}/approvals/${told.approval}`)
    await page
      .getByText(/someone else has to sign/)
      .first()
      .waitFor()
    await page.close()
  })

  it('on a phone the sentence, the risk and every button are there without scrolling', async () => {
    const told = await house.act(exportOf(2_347))
    const page = await openAs(/Ben/, phone)
    await page.goto(`${house.url}/approvals/${told.approval}`)
    for (const name of ['Approve', 'Reject', 'Reject and stop this agent', 'Escalate']) {
      const button = page.getByRole('button', { name, exact: true })
      await button.waitFor()
      const box = await button.boundingBox()
      expect([name, (box?.y ?? 0) + (box?.height ?? 9_999) <= phone.height]).toEqual([name, true])
    }
    await page.close()
  })

  it('the ledger verifies in the browser', async () => {
    const page = await openAs(/Eve/)
    await page.goto(`${house.url}/ledger`)
    await page
      .getByRole('button', { name: /Verify/ })
      .first()
      .click()
    await page
      .getByText(/entries add up/)
      .first()
      .waitFor({ timeout: 15_000 })
    await page.close()
  })

  it.each([
    ['on a desk, light', desk, 'light'],
    ['on a phone, dark', phone, 'dark'],
  ] as const)('every page is accessible %s', async (_, viewport, scheme) => {
    const told = await house.act(exportOf(2_348))
    const page = await openAs(/Ben/, viewport, scheme)
    const pages = ['/', `/approvals/${told.approval}`, '/actions', '/lineage', '/ledger', '/agents', '/policies']
    for (const path of pages) {
      await page.goto(`${house.url}${path}`)
      await page.locator('h1').first().waitFor()
      expect([path, await accessible(page)]).toEqual([path, []])
    }
    await page.close()
  })

  it('no page threw', () => {
    expect(broken).toEqual([])
  })
})
