/**
 * Puts what was measured into docs/performance.md, between the marks of each bench, and draws its pictures.
 *
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Bench, Report } from './measure.ts'
import { draw } from './picture.ts'
import { run } from './processes.ts'
import { asMarkdown } from './report.ts'

const docs = fileURLToPath(new URL('../docs/', import.meta.url))

export async function writePage(
  machine: string,
  measured: readonly { readonly bench: Bench; readonly report: Report }[],
): Promise<void> {
  const path = `${docs}performance.md`
  let page = await readFile(path, 'utf8')
  for (const { bench, report } of measured) {
    const [begin, end] = [`<!-- ${bench.name}: -->`, `<!-- :${bench.name} -->`]
    const [before, after] = [page.indexOf(begin), page.indexOf(end)]
    if (before < 0 || after < 0) throw new Error(`${path} has no place for ${bench.name}`)
    const pictures = await drawAll(bench, report)
    const day = new Date().toISOString().slice(0, 10)
    const text = [`Measured on ${day}: ${machine}.`, asMarkdown(report), ...pictures].join('\n\n')
    page = `${page.slice(0, before + begin.length)}\n\n${text}\n\n${page.slice(after)}`
  }
  await writeFile(path, page)
  await run(['npx', 'oxfmt', path])
}

async function drawAll({ name, pictures = [] }: Bench, { rows }: Report): Promise<string[]> {
  const links: string[] = []
  for (const [index, picture] of pictures.entries()) {
    const svg = draw(picture, rows)
    if (svg === undefined) continue
    const file = `images/bench-${name}${index === 0 ? '' : `-${index + 1}`}.svg`
    await writeFile(`${docs}${file}`, svg)
    links.push(`![${picture.title}](${file})`)
  }
  return links
}
