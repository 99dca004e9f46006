import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Chromium, openChromium, type Page } from '../chromium.ts'
import { exportOf, openTestInstance, type TestInstance } from '../instance.ts'
import { builtConsole, openWindow } from './window.ts'

/** What a page looks like, as far as a number can say it. */
let instance: TestInstance
let browser: Chromium
let question = ''

beforeAll(async () => {
  instance = await openTestInstance({ consoleDir: builtConsole() })
  browser = await openChromium()
  question = `/approvals/${(await instance.act(exportOf(48_211))).approval}`
})
afterAll(async () => {
  await browser?.close()
  await instance?.close()
})

const open = async (person: string, width: number): Promise<Page> =>
  (await openWindow(browser, instance.url, person, { viewport: { width, height: width < 500 ? 844 : 900 } })).page

/** Words of at most twenty letters that the page breaks in two; what an agent said breaks where it has to. */
const broken = `[...function* () {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement.closest('bdi, code, pre, svg, script, style, .visually-hidden')) continue
    for (const { 0: word, index } of node.data.matchAll(/(?<![\\w+/=-])[A-Za-z]{2,20}(?![\\w+/=-])/g)) {
      const range = document.createRange()
      range.setStart(node, index)
      range.setEnd(node, index + word.length)
      const lines = new Set([...range.getClientRects()].filter(({ width }) => width > 0).map(({ top }) => Math.round(top)))
      if (lines.size > 1) yield word
    }
  }
}()]`

/** Whether what stands at the middle of it is the button; on a phone it is behind the menu. */
const isReached = `(async () => {
  const menu = document.querySelector('button.menu')
  if (menu.offsetParent && menu.ariaExpanded === 'false') menu.click()
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))
  const button = [...document.querySelectorAll('button')].find(({ innerText }) => innerText.trim() === 'Sign out')
  button.scrollIntoView({ block: 'nearest' })
  const { left, top, width, height } = button.getBoundingClientRect()
  return button.contains(document.elementFromPoint(left + width / 2, top + height / 2))
})()`

const paths = ['/', '/agents', '/people', '/actions', '/policies', '/ledger', '/system']

it.each([390, 820, 1440])(
  'G22, G23: at %i px no word is broken in the middle, and nothing covers Sign out',
  async (width) => {
    const page = await open('cleo', width)
    for (const path of [...paths, question]) {
      await page.goto(instance.url + path)
      await page.locator('main h1, main h2').first().waitFor()
      expect(await page.evaluate<string[]>(broken), path).toEqual([])
      expect(await page.evaluate<boolean>(isReached), path).toBe(true)
    }
    await page.close()
  },
)

it('G17: "Try it" says what came of it, a denial too, and where the others are', async () => {
  const page = await open('ana', 1440)
  const send = (title: RegExp) => page.getByRole('button', { name: title }).click()
  await send(/^Send: Read ten orders/)
  await page
    .getByText(/Ran at once/)
    .first()
    .waitFor()
  await send(/^Send: Send customer records as training data/)
  await page
    .getByText(/Refused: .+/)
    .first()
    .waitFor()
  await send(/^Send: Promote the invoice reader/)
  await page
    .getByText(/Waits for people/)
    .first()
    .waitFor()
  await page.close()
})
