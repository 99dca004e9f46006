/**
 * Draws the icons of the installed console from `favicon.svg`, with a real browser:
 *
 *     node --import tsx scripts/icons.ts [folder of playwright-core]
 *
 * Needs Debian's chromium, or another that CHROMIUM names.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const drawn = at('packages/console/public')

/** A system that cuts its own shape out of an icon gets the whole square, and the mark well inside of it. */
const icons = [
  { name: 'icon-192.png', size: 192, square: false },
  { name: 'icon-512.png', size: 512, square: false },
  { name: 'icon-maskable.png', size: 512, square: true },
  { name: 'apple-touch-icon.png', size: 180, square: true },
] as const

interface Page {
  setContent(html: string): Promise<void>
  screenshot(options: { path: string; omitBackground: boolean }): Promise<unknown>
}
interface Chromium {
  launch(options: { executablePath: string; args: readonly string[] }): Promise<{
    newPage(options: { viewport: { width: number; height: number } }): Promise<Page>
    close(): Promise<void>
  }>
}

const folder = resolve(process.argv[2] ?? at('.cache/foreign/node_modules/playwright-core'))
const { chromium } = (await import(pathToFileURL(join(folder, 'index.mjs')).href)) as { chromium: Chromium }
const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
try {
  const svg = await readFile(join(drawn, 'favicon.svg'), 'utf8')
  for (const { name, size, square } of icons) {
    const page = await browser.newPage({ viewport: { width: size, height: size } })
    const whole = square ? svg.replace('viewBox="0 0 32 32"', 'viewBox="2 1 28 28"').replace('rx="8"', '') : svg
    await page.setContent(`<style>body{margin:0}svg{display:block;width:100vw;height:100vh}</style>${whole}`)
    await page.screenshot({ path: join(drawn, name), omitBackground: true })
  }
} finally {
  await browser.close()
}
