/**
 * Makes the pictures in `docs/images` from a real instance with the same scene each time: `npm run screenshots`, or
 * `npm run screenshots -- <folder>` to look at them first.
 *
 * Needs a built console (`npm run build`) and what `.ci/packages` brings. Letters are Liberation Sans and Mono
 * (Debian's fonts-liberation): `system-ui` is another font on every machine.
 *
 * @module
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Step, steps } from '@countersign/demo'
import { desk, openChromium, type Page, phone, signIn } from '../tests/chromium.ts'
import { builtConsole } from '../tests/e2e/window.ts'
import { exportOf, openTestInstance, type TestInstance } from '../tests/instance.ts'

interface Shot {
  readonly name: string
  readonly as: 'ben' | 'cleo'
  readonly size: { readonly width: number; readonly height: number }
  readonly dark?: true
  /** Where to look, and what has to be there before the picture is taken. */
  readonly at: (page: Page, night: Night) => Promise<void>
}

interface Night {
  readonly url: string
  /** The question about the export that waits. */
  readonly question: string
}

/** As the policies stand for everyone; a test's instance hurries them. */
const unhurried = (text: string) =>
  text.replace('@timeout("8s") @escalate("cfo-office after 2s")', '@timeout("1h") @escalate("cfo-office after 30m")')
const letters = `(() => {
  const { style } = document.documentElement
  style.setProperty('--sans', "'Liberation Sans'")
  style.setProperty('--mono', "'Liberation Mono'")
})()`
const question: Shot['at'] = async (page, night) => {
  await page.goto(night.url + night.question)
  await page.getByRole('button', { name: 'Approve', exact: true }).waitFor()
  await page.getByText('finance-export-signoff').first().waitFor()
}
const pageAt =
  (path: string, there: RegExp): Shot['at'] =>
  async (page, { url }) => {
    await page.goto(url + path)
    await page.locator('main').getByText(there).first().waitFor()
  }

const lineage: Shot['at'] = async (page, { url }) => {
  await page.goto(`${url}/lineage?dataset=finance.orders`)
  await page.locator('main svg').first().waitFor()
}

const shots: readonly Shot[] = [
  { name: 'inbox', as: 'cleo', size: { width: 1180, height: 640 }, at: pageAt('/', /production-db-admin/) },
  { name: 'question', as: 'ben', size: { width: 1180, height: 760 }, at: question },
  { name: 'question-phone', as: 'ben', size: phone, dark: true, at: question },
  { name: 'agents', as: 'cleo', size: { width: 1180, height: 560 }, at: pageAt('/agents', /Finance bot/) },
  { name: 'people', as: 'cleo', size: { width: 1180, height: 560 }, at: pageAt('/people', /Eve Lindqvist/) },
  { name: 'system', as: 'cleo', size: { width: 1180, height: 900 }, at: pageAt('/system', /at the head/) },
  { name: 'lineage', as: 'cleo', size: desk, at: lineage },
]

const images = process.argv[2] ?? fileURLToPath(new URL('../docs/images', import.meta.url))
const instance = await openTestInstance({ consoleDir: builtConsole(), policies: unhurried })
const browser = await openChromium()
try {
  const night = await theNight(instance)
  for (const { name, as, size, dark, at } of shots) {
    const page = await browser.newPage({
      viewport: size,
      colorScheme: dark ? 'dark' : 'light',
      deviceScaleFactor: 1.5,
      reducedMotion: 'reduce',
    })
    await signIn(page, instance.url, as)
    await at(page, night)
    await page.evaluate(letters)
    await page.evaluate(`document.querySelector('.notice button')?.click()`)
    const path = join(images, `${name}.png`)
    await page.screenshot({ path, animations: 'disabled' })
    await page.close()
    process.stdout.write(`${path}\n`)
  }
} finally {
  await browser.close()
  await instance.close()
}

/** What has happened, and what waits, the oldest first. */
async function theNight({ act, sign, question: read, url }: TestInstance): Promise<Night> {
  const done = exportOf(12_400)
  await sign('ben', await read(await act(done)))
  await act(done)
  for (const step of [steps.read, steps['fine-tune'], steps['leave-the-boundary'], steps.promote] as Step[]) {
    await act(step)
  }
  await act(steps['grant-itself'])
  const asked = await act(steps.export)
  return { url, question: `/approvals/${asked.approval}` }
}
