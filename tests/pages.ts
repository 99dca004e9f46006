/**
 * The pages that people read, as tests look at them.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface Page {
  /** From the root of the repository. */
  readonly path: string
  readonly text: string
}

export interface Fence {
  readonly page: string
  /** Of the fence's first line of text. */
  readonly line: number
  readonly language: string
  readonly text: string
}

const markdownIn = (folder: string, recursive: boolean): string[] =>
  readdirSync(folder, { recursive, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name))

/** Of the parts: each says what it guarantees. */
const ofParts = markdownIn('packages', true).filter((path) => !/node_modules|dist/.test(path))

export const pages: readonly Page[] = [...markdownIn('.', false), ...markdownIn('docs', true), ...ofParts]
  .toSorted()
  .map((path) => ({ path, text: readFileSync(path, 'utf8') }))

export const fences: readonly Fence[] = pages.flatMap(({ path, text }) =>
  [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(({ 1: language = '', 2: body = '', index }) => ({
    page: path,
    line: text.slice(0, index).split('\n').length + 1,
    language,
    text: body,
  })),
)

export interface Link {
  readonly page: string
  readonly to: string
}

/** Links and pictures that lead to another place in this repository. */
export const links: readonly Link[] = pages.flatMap(({ path, text }) =>
  [...withoutFences(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, to = '']) => ({ page: path, to }))
    .filter(({ to }) => !/^[a-z]+:/.test(to)),
)

/** What is wrong with a link, if anything. */
export function brokenness({ page, to }: Link): string | undefined {
  const [file = '', anchor] = to.split('#')
  const path = file === '' ? page : join(dirname(page), file)
  if (!existsSync(path)) return `${page}: there is no ${path}`
  if (anchor === undefined) return undefined
  const there = path.endsWith('.md') && anchorsIn(readFileSync(path, 'utf8')).has(anchor)
  return there ? undefined : `${page}: ${path} has no heading #${anchor}`
}

/** Headings as GitHub names them: letters, digits, dashes and underscores stay. */
const anchorsIn = (text: string): ReadonlySet<string> =>
  new Set(
    [...withoutFences(text).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )

export function withoutFences(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, '')
}

/** What stands in `inline code`. */
export const inlineCode = ({ text }: Page): string[] =>
  [...withoutFences(text).matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replaceAll(/\s+/g, ' '))
