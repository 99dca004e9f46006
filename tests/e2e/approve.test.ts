import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Chromium, desk, type Look, openChromium, type Page, phone } from '../chromium.ts'
import { exportOf, openTestInstance, type PersonName, type TestInstance } from '../instance.ts'
import { builtConsole, openWindow } from './window.ts'

let instance: TestInstance
let browser: Chromium
/** Every number of rows is another action. */
let rows = 3_000
const complaints: string[][] = []

beforeAll(async () => {
  instance = await openTestInstance({ consoleDir: builtConsole() })
  browser = await openChromium()
})
afterAll(async () => {
  await browser?.close()
  await instance?.close()
})

describe.each<[string, Look]>([
  ['on a desk, light', { viewport: desk, colorScheme: 'light' }],
  ['on a desk, dark', { viewport: desk, colorScheme: 'dark' }],
  ['on a phone, light', { viewport: phone, colorScheme: 'light' }],
  ['on a phone, dark', { viewport: phone, colorScheme: 'dark' }],
])('a question answered %s', (_, look) => {
  let ben: Page
  beforeAll(async () => {
    ben = await open('ben')
  })
  afterAll(() => ben.close())

  async function open(person: PersonName): Promise<Page> {
    const window = await openWindow(browser, instance.url, person, look)
    complaints.push(window.complaints)
    return window.page
  }

  /** An agent asks, and waits; this page shows the question. */
  async function asked(page = ben): Promise<string> {
    rows += 1
    const told = await instance.act(exportOf(rows))
    void instance.demo.act(exportOf(rows))
    const path = `/approvals/${told.approval}`
    await page.goto(instance.url + path)
    return path
  }
  const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()
  const confirm = (page: Page) => page.locator('dialog[open] button:not(.quiet)').last().click()
  const reads = (page: Page, text: RegExp) => page.locator('main').getByText(text).first().waitFor({ timeout: 15_000 })
  const ran = () => new RegExp(`ran, ${rows.toLocaleString('en-US')} rows`)

  it('approved: it runs, and the outcome comes back to the card', async () => {
    await asked()
    await press(ben, 'Approve')
    await confirm(ben)
    await reads(ben, ran())
    await reads(ben, /Ben Okafor/)
  })

  it('rejected with a reason: the agent is told it, and nothing runs', async () => {
    await asked()
    await press(ben, 'Reject')
    await ben.locator('dialog[open] textarea').fill('Not before the quarter is closed.')
    await confirm(ben)
    await reads(ben, /It did not run/)
    await reads(ben, /Not before the quarter is closed/)
    expect((await instance.act(exportOf(rows))).text).toContain('Not before the quarter is closed')
  })

  it('escalated: further people see it and may sign', async () => {
    const path = await asked()
    await press(ben, 'Escalate')
    await confirm(ben)
    await reads(ben, /cfo-office/)
    const cleo = await open('cleo')
    await cleo.goto(instance.url + path)
    await press(cleo, 'Approve')
    await confirm(cleo)
    await reads(cleo, ran())
    await reads(ben, /Cleo Marchetti/)
    await cleo.close()
  })

  it('too late: whoever taps after another is told who decided, and what came of it', async () => {
    const path = await asked()
    const other = await open('ben')
    await other.goto(instance.url + path)
    await press(other, 'Reject')
    await press(ben, 'Approve')
    await confirm(ben)
    await reads(ben, ran())
    await reads(other, /Ben Okafor/)
    await reads(other, ran())
    expect(await other.getByRole('button', { name: 'Reject', exact: true }).count()).toBe(0)
    await other.close()
  })

  it('rejected and the agent stopped: another person starts it again (P15)', async () => {
    await asked()
    await press(ben, 'Reject and stop this agent')
    await confirm(ben)
    await reads(ben, /It did not run/)
    expect((await instance.act(exportOf(9_999))).status).toBe(403)
    const cleo = await open('cleo')
    await cleo.goto(`${instance.url}/agents`)
    await press(cleo, 'Start')
    await confirm(cleo)
    await cleo
      .getByText(/started again/)
      .first()
      .waitFor()
    await cleo.close()
    expect((await instance.act(exportOf(9_999))).status).toBe(428)
  })
})

it('no window complained', () => {
  // A click that comes late is answered with a no, which the browser notes as well.
  const expected = /is answered 409|Failed to load resource.* 409/
  expect(complaints.flat().filter((each) => !expected.test(each))).toEqual([])
})
