/**
 * What the crawl holds to: an instance after a night with something of every kind in it, and what is found there.
 *
 * @module
 */
import { steps } from '@countersign/demo'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Chromium, type Look, openChromium } from '../chromium.ts'
import { exportOf, openTestInstance, type PersonName, type TestInstance } from '../instance.ts'
import { crawl } from './crawler.ts'
import { builtConsole, openWindow } from './window.ts'

/** Two files share the people among them, and run side by side. */
export function everyPage(people: readonly (readonly [person: PersonName, how: string, look: Look])[]): void {
  describe('every page, by every click', () => {
    let instance: TestInstance
    let browser: Chromium

    beforeAll(async () => {
      instance = await openTestInstance({ consoleDir: builtConsole() })
      browser = await openChromium()
      await theNight(instance)
    })
    afterAll(async () => {
      await browser?.close()
      await instance?.close()
    })

    it.each(people)('holds for %s, %s', async (person, _, look) => {
      const window = await openWindow(browser, instance.url, person, look)
      const { pages, pressed, findings } = await crawl(window, instance.url)
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
async function theNight(instance: TestInstance): Promise<void> {
  const asked = await instance.act(exportOf(2_001))
  await instance.sign('ben', await instance.question(asked))
  await instance.act(exportOf(2_001))
  await instance.sign('ben', await instance.question(await instance.act(exportOf(2_002))), 'reject')
  await instance.act(steps['leave-the-boundary'])
  await instance.act(steps['train-outside'])
  await instance.act(steps['fine-tune'])
  await instance.act(steps.read)
  for (const step of [steps.promote, steps['grant-itself'], exportOf(2_003), exportOf(2_004)]) await instance.act(step)
}
