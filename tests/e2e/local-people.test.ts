import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createAsk } from '@countersign/cli'
import { freePorts } from '@countersign/demo'
import { Config, type StartedInstance, startInstance } from '@countersign/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Chromium, desk, openChromium, type Page, phone, violations } from '../chromium.ts'
import { builtConsole } from './window.ts'

const policies = fileURLToPath(new URL('../../policies', import.meta.url))

/** What their browsers make of forms, redirects and what is stored, no scripted one can tell. */
describe('G1: local people in real browsers', () => {
  let dataDir: string
  let instance: StartedInstance
  let browser: Chromium
  let ana: Page
  let ben: Page

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'countersign-local-'))
    await chmod(dataDir, 0o711) // as root, PostgreSQL runs as someone else
    const [port = 0] = await freePorts(1)
    const agentGroups = ['ml-agents', 'finance-agents', 'platform-agents']
    const config = Config.parse({ listen: { port }, policies, registry: join(policies, 'registry.yaml'), agentGroups })
    const consoleDir = builtConsole()
    instance = await startInstance({
      config,
      dataDir,
      baseDir: dataDir,
      consoleDir,
      version: 'test',
      log: () => undefined,
    })
    browser = await openChromium()
    ana = await browser.newPage({ viewport: desk })
    ben = await browser.newPage({ viewport: phone })
  })
  afterAll(async () => {
    await browser?.close()
    await instance?.close()
    await rm(dataDir, { recursive: true, force: true })
  })

  it('the founder says a name, and is in', async () => {
    await ana.goto(instance.welcome ?? '')
    expect(await violations(ana)).toEqual([])
    await ana.getByLabel('Your name').fill('Ana Alves')
    await ana.getByRole('button', { name: 'Begin as administrator' }).click()
    await ana.getByText('Ana Alves').first().waitFor()
    expect(ana.url()).toBe(`${instance.url}/`)
    await ana.getByText('Local people:').first().waitFor()
  })

  it('changes something: what her link left in the browser goes with it', async () => {
    await ana.goto(`${instance.url}/agents`)
    await ana.getByRole('button', { name: 'Register an agent' }).first().click()
    await ana.getByLabel(/^Id/).fill('night-reporter')
    await ana.getByLabel(/^Name/).fill('Night reporter')
    await ana.getByLabel(/^Owner/).selectOption({ label: 'Ana Alves' })
    await ana.getByLabel(/^Team/).selectOption({ label: 'finance-controllers' })
    await ana.getByRole('button', { name: 'Register it' }).click()
    expect(await ana.getByLabel(/^The key$/).innerText()).toMatch(/^csk_/)
  })

  it('whom she adds opens a link on a phone, and is in; the link leaves nothing in the address', async () => {
    const what = { name: 'Ben Okafor', groups: ['finance-controllers'] }
    const { link } = await createAsk(dataDir)<{ link: string }>('POST', '/people/ben', what)
    await ben.goto(link)
    expect(await violations(ben)).toEqual([])
    await ben.getByRole('button', { name: 'Sign in as Ben Okafor' }).click()
    await ben.waitForURL(`${instance.url}/`)
    await ben.getByRole('heading', { name: /.+/ }).first().waitFor()
    expect(
      await ben.evaluate<string>('fetch("/api/me").then((answer) => answer.json()).then(({ person }) => person.name)'),
    ).toBe('Ben Okafor')
  })

  it('a link that was used is a page that says so', async () => {
    const { link } = await createAsk(dataDir)<{ link: string }>('POST', '/people/cleo', { name: 'Cleo', groups: [] })
    await ben.goto(`${link.slice(0, -5)}AAAAA`)
    await ben.getByText('This link opens nothing').waitFor()
    expect(await violations(ben)).toEqual([])
  })
})
