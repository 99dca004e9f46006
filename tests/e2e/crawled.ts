/**
 * What the crawl holds to: a house after a night with something of every kind in it, and what is found there.
 *
 * @module
 */
import { steps } from '@countersign/demo'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Chromium, type Look, openChromium } from '../chromium.ts'
import { exportOf, openTestHouse, type PersonName, type TestHouse } from '../house.ts'
import { crawl } from './crawler.ts'
import { builtConsole, openWindow } from './window.ts'

/** Two files share the people among them, and run side by side. */
export function everyPage(people: readonly (readonly [person: PersonName, how: string, look: Look])[]): void {
  describe('every page, by every click', () => {
    let house: TestHouse
    let browser: Chromium

    beforeAll(async () => {
      house = await openTestHouse({ consoleDir: builtConsole() })
      browser = await openChromium()
      await theNight(house)
    })
    afterAll(async () => {
      await browser?.close()
      await house?.close()
    })

    it.each(people)('holds for %s, %s', async (person, _, look) => {
      const window = await openWindow(browser, house.url, person, look)
      const { pages, pressed, findings } = await crawl(window, house.url)
      await window.page.close()
      expect(findings).toEqual([])
      expect(pages).toEqual(expect.arrayContaining(['/', '/actions', '/lineage', '/ledger', '/agents', '/policies']))
      expect(pages).toEqual(expect.arrayContaining(['/approvals/…', '/actions/…']))
      expect(pages.includes('/system')).toBe(person === 'cleo' || person === 'eve')
      expect(pressed.length).toBeGreaterThan(10)
    })
  })
}

/** Something of every kind: open, approved and run, rejected, denied, allowed, over HTTP and over MCP. */
async function theNight(house: TestHouse): Promise<void> {
  const asked = await house.act(exportOf(2_001))
  await house.sign('ben', await house.question(asked))
  await house.act(exportOf(2_001))
  await house.sign('ben', await house.question(await house.act(exportOf(2_002))), 'reject')
  await house.act(steps['leave-the-boundary'])
  await house.act(steps['train-outside'])
  await house.act(steps['fine-tune'])
  await house.act(steps.read)
  for (const step of [steps.promote, steps['grant-itself'], exportOf(2_003), exportOf(2_004)]) await house.act(step)
}
