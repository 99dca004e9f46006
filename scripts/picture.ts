/**
 * Makes `docs/images/inbox.png` and `docs/images/question.png` from a running demo, with a real browser:
 *
 *     node --import tsx --conditions=countersign-source scripts/picture.ts [folder of playwright-core]
 *
 * Needs a built console (`npm run build`) and Debian's chromium, or another that CHROMIUM names.
 *
 * @module
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Demo, freePorts, openDemo, send, steps } from '@countersign/demo'

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))

/** As much of playwright-core as pictures take; it is installed outside of the workspaces. */
interface Page {
  goto(url: string): Promise<unknown>
  click(selector: string): Promise<void>
  waitForSelector(selector: string): Promise<unknown>
  screenshot(options: { path: string; animations: 'disabled' }): Promise<unknown>
}
interface Chromium {
  launch(options: { executablePath: string; args: readonly string[] }): Promise<{
    newPage(options: { viewport: { width: number; height: number }; deviceScaleFactor: number }): Promise<Page>
    close(): Promise<void>
  }>
}

const dataDir = await mkdtemp(join(tmpdir(), 'countersign-picture-'))
await chmod(dataDir, 0o711) // as root the database runs as someone else, who has to get to its folder
const [port = 0, httpPort = 0] = await freePorts(2)
const demo = await openDemo({
  dataDir,
  port,
  httpPort,
  policies: at('policies'),
  consoleDir: at('packages/console/dist'),
  version: '0.1.0',
  log: ({ level, says }) => void (level === 'error' && process.stderr.write(`${says}\n`)),
})
try {
  await theNightBegins(demo)
  await takePictures(demo.house.url)
} finally {
  await demo.close()
  await rm(dataDir, { recursive: true, force: true })
}

/** What waits in the pictures, the oldest first. */
async function theNightBegins({ house, gatewayUrl, keys }: Demo): Promise<void> {
  const ask = async (step: (typeof steps)['promote' | 'grant-itself' | 'export']) => {
    await send(step, { publicUrl: house.url, gatewayUrl, key: keys[step.agent] })
  }
  await ask(steps.promote)
  await ask(steps['grant-itself'])
  await ask(steps.export)
}

async function takePictures(house: string): Promise<void> {
  const folder = resolve(process.argv[2] ?? at('.cache/foreign/node_modules/playwright-core'))
  const { chromium } = (await import(pathToFileURL(join(folder, 'index.mjs')).href)) as { chromium: Chromium }
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  try {
    const open = (height: number) => browser.newPage({ viewport: { width: 1180, height }, deviceScaleFactor: 1.4 }) // each with cookies of its own

    const cleo = await open(640)
    await signIn(cleo, house, 'cleo')
    await cleo.waitForSelector('a[href^="/approvals/"]')
    await cleo.screenshot({ path: at('docs/images/inbox.png'), animations: 'disabled' })

    const ben = await open(730)
    await signIn(ben, house, 'ben')
    await ben.click('a[href^="/approvals/"]')
    await ben.waitForSelector('text=finance-export-signoff')
    await ben.screenshot({ path: at('docs/images/question.png'), animations: 'disabled' })
  } finally {
    await browser.close()
  }
}

async function signIn(page: Page, house: string, person: string): Promise<void> {
  await page.goto(`${house}/sign-in?return=/`)
  await page.click(`button[value="${person}"]`)
}
