import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Chromium, desk, openChromium, type Page } from '../chromium.ts'
import { exportOf, openTestInstance, type PersonName, type TestInstance } from '../instance.ts'
import { builtConsole, openWindow } from './window.ts'

/** What the crawler only looks at, really done: in this order, for each step finds what the one before it left. */
describe('running Countersign from the console', () => {
  const complaints: string[][] = []
  let instance: TestInstance
  let browser: Chromium
  let cleo: Page
  let first = ''

  beforeAll(async () => {
    instance = await openTestInstance({ consoleDir: builtConsole() })
    browser = await openChromium()
    cleo = await open('cleo')
  })
  afterAll(async () => {
    await browser?.close()
    await instance?.close()
  })

  async function open(person: PersonName): Promise<Page> {
    const window = await openWindow(browser, instance.url, person, { viewport: desk })
    complaints.push(window.complaints)
    return window.page
  }
  const press = (name: RegExp | string, page = cleo) => page.getByRole('button', { name, exact: true }).first().click()
  const confirm = (page = cleo) => page.locator('dialog[open] button:not(.quiet)').last().click()
  const reads = (text: RegExp, page = cleo) => page.getByText(text).first().waitFor({ timeout: 15_000 })
  const card = (page = cleo) => page.locator('.agent-card').filter({ hasText: 'night-reporter' })
  const knock = async (key: string) => (await instance.act({ ...exportOf(10), agent: 'finance-bot' }, { key })).status

  it('an agent is registered, and its key is shown this once', async () => {
    await cleo.goto(`${instance.url}/agents`)
    await press('Register an agent')
    await cleo.getByLabel(/^Id/).fill('night-reporter')
    await cleo.getByLabel(/^Name/).fill('Night reporter')
    await cleo.getByLabel(/^Owner/).selectOption({ label: 'Ana Alves, ana@acme.example' })
    await cleo.getByLabel(/^Team/).selectOption({ label: 'finance-controllers' })
    await cleo.getByLabel('finance-agents').click()
    await press('Register it')
    first = await cleo.getByLabel(/^The key$/).innerText()
    expect(first).toMatch(/^csk_/)
    await cleo.getByLabel('How it comes in').selectOption({ label: 'Claude Code' })
    expect(await cleo.getByLabel('For Claude Code').innerText()).toContain(`${instance.url}/mcp/files`)
    expect(await knock(first)).not.toBe(401)
    await press('I have it')
    await card().waitFor()
    expect(await cleo.evaluate<string>('document.body.innerText')).not.toContain(first)
  })

  it('its key is replaced with an overlap, and the old one revoked', async () => {
    await card().locator('summary').click()
    await card().getByRole('button', { name: 'New key', exact: true }).click()
    await press('Issue it')
    const second = await cleo.getByLabel(/^The key$/).innerText()
    await press('I have it')
    expect([await knock(first), await knock(second)]).not.toContain(401)
    await card()
      .getByRole('button', { name: /^Revoke/ })
      .last()
      .click()
    await confirm()
    await reads(/A key of Night reporter is revoked/)
    expect(await knock(first)).toBe(401)
    expect(await knock(second)).not.toBe(401)
  })

  it('G4: what is said of it is changed, its id stays', async () => {
    await card().getByRole('button', { name: 'Change', exact: true }).click()
    await cleo.getByLabel(/^Environment/).fill('staging')
    await press('Change it')
    await reads(/Night reporter is changed/)
    await card().getByText('staging').first().waitFor()
  })

  it('it is stopped with a reason, and whoever stopped it is told that another person starts it (P15)', async () => {
    await card().getByRole('button', { name: 'Stop', exact: true }).click()
    await cleo.locator('dialog[open] textarea').fill('It reports at noon.')
    await confirm()
    await reads(/Night reporter is stopped/)
    await card()
      .getByText(/another person than who stopped/)
      .waitFor()
    expect(await card().getByRole('button', { name: 'Start', exact: true }).count()).toBe(0)
  })

  it('a second person gets the role that it takes, and starts the agent at once', async () => {
    const ben = await open('ben')
    await ben.goto(`${instance.url}/agents`)
    await cleo.goto(`${instance.url}/people`)
    await press(/^Roles.*Ben Okafor/)
    await press(/^Give.*operations/)
    await reads(/Ben Okafor has the role operations/)
    await press('Close')
    await ben.locator('nav').getByText('System').waitFor()
    await card(ben).getByRole('button', { name: 'Start', exact: true }).click()
    await confirm(ben)
    await reads(/Night reporter is started again/, ben)

    await press(/^Roles.*Ben Okafor/)
    await press(/^Take.*operations/)
    await reads(/no longer has/)
    await press('Close')
    await ben.locator('nav').getByText('System').waitFor({ state: 'hidden' })
    await ben.close()
  })

  it('nobody is offered to change their own roles (P3)', async () => {
    await cleo.goto(`${instance.url}/people`)
    await cleo.getByRole('button', { name: /^Roles.*Ana Alves/ }).waitFor()
    expect(await cleo.getByRole('button', { name: /^Roles.*Cleo Marchetti/ }).count()).toBe(0)
  })

  it('the page System says who is alive, and that nothing needs anybody', async () => {
    await cleo.goto(`${instance.url}/system`)
    await reads(/1 instance alive/)
    await reads(/at the head/)
    await reads(/Nothing here needs you/)
    await reads(new RegExp(`${new URL(instance.demo.gatewayUrl).host}/company`))
  })

  it('signing out ends the session everywhere in this browser', async () => {
    await press('Sign out')
    // The way in shows as soon as a question is refused, and the window goes to the start only then.
    await cleo.waitForURL(`${instance.url}/`)
    await cleo.getByText('Sign in').first().waitFor()
    await cleo.goto(`${instance.url}/agents`)
    await cleo.getByText('Sign in').first().waitFor()
  })

  it('no window complained', () => {
    // Whoever is signed out is answered 401, which the browser notes as well.
    const expected = /is answered 401|Failed to load resource.* 401/
    expect(complaints.flat().filter((each) => !expected.test(each))).toEqual([])
  })
})
