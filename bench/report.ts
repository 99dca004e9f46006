/**
 * Figures as a plain table, for a terminal and for a page.
 *
 * @module
 */
import { type Aim, ratioOf, type Report, type Row, spreadOf } from './measure.ts'

/** The whole report as Markdown. Cells hold the median and, where it was not always the same, how far it went. */
export function asMarkdown({ rows, aims }: Report): string {
  const tables = groupsOf(rows).map(tableOf)
  return [...tables, ...(aims.length > 0 ? [aims.map(lineOf).join('\n')] : [])].join('\n\n')
}

const lineOf = ({ says, met, got }: Aim): string => `- ${met ? 'met' : '**not met**'}: ${says}: ${got}`

/** What has the same figures stands in one table; the first side of it says which. */
function groupsOf(rows: readonly Row[]): Row[][] {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const key = figuresOf([firstOf(rows, row) ?? row]).join(' ')
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return [...groups.values()]
}

function tableOf(rows: readonly Row[]): string {
  const figures = figuresOf(rows)
  const compared = rows.some((row) => firstOf(rows, row) !== row)
  const head = ['', ...(compared ? ['side'] : []), ...figures.map(titleOf), ...(compared ? ['ratio'] : [])]
  const body = rows.map((row) => [
    row.what,
    ...(compared ? [row.side] : []),
    ...figures.map((figure) => cellOf(row, figure)),
    ...(compared ? [ratioCell(rows, row, figures[0] ?? '')] : []),
  ])
  return alignedMarkdown([head, ...body], compared ? 2 : 1)
}

const figuresOf = (rows: readonly Row[]): string[] => [
  ...new Set(rows.flatMap(({ rounds }) => rounds.flatMap((figures) => Object.keys(figures)))),
]

/** The first side of the same `what` is ours: the ratio is ours over this one. */
const firstOf = (rows: readonly Row[], { what }: Row): Row | undefined => rows.find((row) => row.what === what)

function ratioCell(rows: readonly Row[], row: Row, figure: string): string {
  const ours = firstOf(rows, row)
  const ratio = ours && ours !== row ? ratioOf(ours, row, figure) : undefined
  return ratio === undefined ? '' : `${digits(ratio)}×`
}

const units: readonly (readonly [RegExp, string])[] = [
  [/PerSecond$/, '/s'],
  [/Micros$/, ' µs'],
  [/Ms$/, ' ms'],
  [/Seconds$/, ' s'],
  [/Megabytes$/, ' MB'],
  [/Percent$/, ' %'],
]

/** `nodeCpuMicros` → `node cpu µs`. */
function titleOf(figure: string): string {
  const unit = units.find(([end]) => end.test(figure))
  const name = unit ? figure.replace(unit[0], '') : figure
  return `${name.replaceAll(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`)}${unit?.[1] ?? ''}`.trim()
}

function cellOf(row: Row, figure: string): string {
  const spread = spreadOf(row, figure)
  if (!spread) return ''
  const { median, min, max } = spread
  return digits(min) === digits(max) ? digits(median) : `${digits(median)} (${digits(min)}…${digits(max)})`
}

/** Three digits that mean something. */
export function digits(value: number): string {
  if (Math.abs(value) < 1) return value.toLocaleString('en-US', { maximumSignificantDigits: 2 })
  return value.toLocaleString('en-US', { maximumFractionDigits: value >= 100 ? 0 : value >= 10 ? 1 : 2 })
}

function alignedMarkdown(lines: readonly (readonly string[])[], textColumns: number): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(3, ...lines.map((line) => line[column]?.length ?? 0)))
  const pad = (text: string, column: number) =>
    column < textColumns ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0)
  const [head = [], ...body] = lines.map((line) => `| ${line.map(pad).join(' | ')} |`)
  const rule = `| ${widths.map((width, column) => (column < textColumns ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`
  return [head, rule, ...body].join('\n')
}
